use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use weir_engine::{Engine, EngineKind, Equipment, Guest, Module};
use weir_engine_wasm3::Wasm3Engine;
use weir_engine_wasmi::WasmiEngine;
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};

use crate::workload::Workload;

/// Who computes, in the order of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// The same arithmetic, compiled for this machine: no sandbox.
    Native,
    /// An engine.
    Engine(EngineKind),
    /// ONNX Runtime with the model quantised by its own tool.
    OnnxRuntimeInt8,
    /// ONNX Runtime with the float model.
    OnnxRuntimeFloat,
}

impl Who {
    pub(crate) const ALL: [Self; 6] = [
        Self::Native,
        Self::Engine(EngineKind::Wasmtime),
        Self::Engine(EngineKind::Wasmi),
        Self::Engine(EngineKind::Wasm3),
        Self::OnnxRuntimeInt8,
        Self::OnnxRuntimeFloat,
    ];

    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Engine(kind) => kind.name(),
            Self::OnnxRuntimeInt8 => "onnxruntime-int8",
            Self::OnnxRuntimeFloat => "onnxruntime-float",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Engine(EngineKind::Wasmtime) => "Wasmtime",
            Self::Engine(EngineKind::Wasmi) => "wasmi",
            Self::Engine(EngineKind::Wasm3) => "wasm3",
            Self::OnnxRuntimeInt8 => "ONNX Runtime int8",
            Self::OnnxRuntimeFloat => "ONNX Runtime float",
        }
    }
}

/// The engines, and where the compiled code of one of them lies.
pub(crate) struct Engines {
    wasmtime: WasmtimeEngine,
    wasm3: Wasm3Engine,
    cache: PathBuf,
}

impl Engines {
    pub(crate) const KINDS: [EngineKind; 3] =
        [EngineKind::Wasmtime, EngineKind::Wasmi, EngineKind::Wasm3];

    pub(crate) fn start() -> Result<Self> {
        let cache = weir_tests::target_folder()?.join("bench/compiled-guests");
        Ok(Self {
            wasmtime: WasmtimeEngine::new(CacheDir::at(&cache))?,
            wasm3: Wasm3Engine::new(weir_tests::wasm3_worker()?)?,
            cache,
        })
    }

    pub(crate) fn get(&self, kind: EngineKind) -> &dyn Engine {
        match kind {
            EngineKind::Wasmi => &WasmiEngine,
            EngineKind::Wasm3 => &self.wasm3,
            EngineKind::Wasmtime => &self.wasmtime,
        }
    }

    /// As [`Engines::get`], of a node that has just been started: nothing is loaded yet, only what lies on disk.
    pub(crate) fn fresh(&self, kind: EngineKind) -> Result<Box<dyn Engine>> {
        Ok(match kind {
            EngineKind::Wasmi => Box::new(WasmiEngine),
            EngineKind::Wasm3 => Box::new(self.wasm3.clone()),
            EngineKind::Wasmtime => Box::new(WasmtimeEngine::new(CacheDir::at(&self.cache))?),
        })
    }
}

/// Loads a workload's guest.
pub(crate) fn load(engine: &dyn Engine, workload: &Workload) -> Result<Arc<dyn Module>> {
    Ok(engine.load(&workload.code, &Equipment::default(), &workload.limits)?)
}

/// Opens it, with its model.
pub(crate) fn open(module: &dyn Module, workload: &Workload) -> Result<Guest> {
    let signature = Arc::clone(&workload.signature);
    let model = workload.model.as_ref().map(|model| model.bytes.as_ref());
    Guest::open(module, signature, model, &workload.limits)
        .with_context(|| format!("{} does not open", workload.key))
}
