use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One device profile, `<name>.toml`: what a class of target may spend and which engine runs for it. A key that is
/// left out comes from the profile that `inherit` names.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileFile {
    /// What the target is, in a few words.
    pub description: Option<String>,
    /// The profile that states what this one leaves out.
    pub inherit: Option<String>,
    /// The class of target: decides which WebAssembly features a guest may use and, with `engine = "auto"`, the engine.
    pub class: Option<ClassName>,
    /// The engine that runs the guests.
    pub engine: Option<EngineName>,
    /// The tensor runtime of the host that guests may reach.
    pub nn_backend: Option<NnBackendName>,
    /// What a guest and a pipeline may spend. Every key must be stated by the profile or by one that it inherits from,
    /// but `fuel_max` and `loaded_models_kib_max`.
    pub limits: ProfileLimits,
}

/// The class of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClassName {
    /// At most 256 KiB of guest memory and the limits of a chip, an interpreter, WebAssembly 1.0 with sign extension and
    /// saturating conversions: no SIMD, no bulk memory.
    Microcontroller,
    /// A single-board computer.
    Sbc,
    /// A server at the edge.
    EdgeServer,
}

/// The engine that runs the guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EngineName {
    /// By class and host: `microcontroller` → wasmi; `sbc` and `edge-server` → wasmtime where it can compile for the
    /// host, else wasmi.
    Auto,
    /// The interpreter in Rust.
    Wasmi,
    /// The interpreter in C that also runs on microcontrollers.
    Wasm3,
    /// The compiler.
    Wasmtime,
}

/// The tensor runtime of the host that guests may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NnBackendName {
    /// None: guests compute by themselves.
    None,
    /// tract, built in.
    Tract,
    /// ONNX Runtime, where it is installed.
    Onnxruntime,
}

/// What a guest and a pipeline may spend.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileLimits {
    /// KiB of a guest's linear memory, all pages, stack included; counted in pages of 64 KiB.
    #[schemars(range(min = 64, max = 4_194_304))]
    pub guest_memory_kib_max: Option<u64>,
    /// Elements of a guest's table.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub table_elements_max: Option<u32>,
    /// KiB of the native or interpreter stack of a call.
    #[schemars(range(min = 4, max = 65536))]
    pub stack_kib_max: Option<u64>,
    /// KiB of a guest's module.
    #[schemars(range(min = 1, max = 262_144))]
    pub module_kib_max: Option<u64>,
    /// Milliseconds of one inference.
    #[schemars(range(min = 1, max = 600_000))]
    pub call_deadline_ms_max: Option<u64>,
    /// Milliseconds of loading the model and of everything else that runs before the first message.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub load_deadline_ms_max: Option<u64>,
    /// Fuel (about one per WebAssembly instruction) of one inference; 0 = not metered. Default: 0.
    #[schemars(range(min = 0, max = 9_000_000_000_000_000_000_u64))]
    pub fuel_max: Option<u64>,
    /// Bytes of a payload.
    #[schemars(range(min = 1, max = 268_435_455))]
    pub payload_bytes_max: Option<u64>,
    /// Bytes of all inputs of one inference.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub input_bytes_max: Option<u64>,
    /// Bytes of all outputs of one inference.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub output_bytes_max: Option<u64>,
    /// KiB of a model.
    #[schemars(range(min = 1, max = 4_194_304))]
    pub model_kib_max: Option<u64>,
    /// Messages that wait for one pipeline.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub queue_messages_max: Option<u64>,
    /// Instances of a guest, and messages at work at once, for one pipeline; never more than the machine has cores.
    #[schemars(range(min = 1, max = 1024))]
    pub instances_max: Option<u64>,
    /// KiB of guest memory of all open instances of one pipeline, over all its `models`: beyond it the instance of the
    /// model that was used least recently is closed, and opened again when a message names it. The model in use is
    /// always open. Default: `guest_memory_kib_max` × `instances_max`.
    #[schemars(range(min = 64, max = 4_294_967_296_u64))]
    pub loaded_models_kib_max: Option<u64>,
    /// Devices whose state is kept; the least recently used one is forgotten.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub state_devices_max: Option<u64>,
}
