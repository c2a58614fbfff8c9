/// A node whose memory is looked at.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    pub(crate) profile: &'static str,
    pub(crate) engine: &'static str,
    pub(crate) guest: &'static str,
    pub(crate) model: Option<&'static str>,
    /// What each pipeline infers once: a payload of f32, all zero.
    pub(crate) payload_bytes: usize,
}

/// The nodes, the leanest first.
pub(crate) const CASES: [Case; 5] = [
    Case {
        key: "wasmi",
        title: "wasmi, guest anomaly",
        profile: "cortex-m4-256k",
        engine: "wasmi",
        guest: "anomaly",
        model: None,
        payload_bytes: 12,
    },
    Case {
        key: "wasmi-tinynn",
        title: "wasmi, tinynn + digits-int8",
        profile: "cortex-m4-256k",
        engine: "wasmi",
        guest: "tinynn",
        model: Some("digits-int8"),
        payload_bytes: 256,
    },
    Case {
        key: "wasm3-tinynn",
        title: "wasm3 in its worker process, tinynn + digits-int8",
        profile: "esp32",
        engine: "wasm3",
        guest: "tinynn",
        model: Some("digits-int8"),
        payload_bytes: 256,
    },
    Case {
        key: "wasmtime",
        title: "Wasmtime, tinynn + digits-int8",
        profile: "pi-4",
        engine: "wasmtime",
        guest: "tinynn",
        model: Some("digits-int8"),
        payload_bytes: 256,
    },
    Case {
        key: "wasmtime-onnx",
        title: "Wasmtime, onnx + vibration-bands",
        profile: "pi-4",
        engine: "wasmtime",
        guest: "onnx",
        model: Some("vibration-bands"),
        payload_bytes: 128,
    },
];
