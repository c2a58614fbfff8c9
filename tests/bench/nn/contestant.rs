use std::{path::Path, sync::Arc};

use anyhow::{Result, anyhow};
use guest_abi::DType;
use nn_graph::Graph;
use weir_engine::{Engine, NnProvider};
use weir_engine_wasmi::WasmiEngine;
use weir_engine_wasmtime::{CacheDir, WasmtimeEngine};
use weir_nn::{Backend, Bounds, Graphs, OnnxRuntime, Tract};

use crate::{
    clock::Timed,
    image,
    network::Network,
    options::Options,
    own_thread::OwnThread,
    runner::{Runner, guest, onnxruntime, python::Python, tract},
};

/// Who computes a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    TractNative,
    OnnxRuntimePython,
    OnnxRuntimeNative,
    NnTract,
    NnOnnxRuntime,
    NnScalarWasmi,
    OnnxSandbox,
    ImageTract,
    ImageOnnxRuntime,
}

/// Bytes of tensors that an instance may have open: plenty.
const TENSOR_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Those who compute a network, and are asked for.
pub(crate) fn of(network: &Network, options: &Options) -> Vec<Who> {
    let images = [Who::ImageTract, Who::ImageOnnxRuntime];
    let small = network.key == "mobilenet-v2-96";
    let all = [
        Who::TractNative,
        Who::OnnxRuntimePython,
        Who::OnnxRuntimeNative,
        Who::NnTract,
        Who::NnOnnxRuntime,
        Who::NnScalarWasmi,
        Who::OnnxSandbox,
    ];
    let all = all.into_iter().chain(images.into_iter().filter(|_| !small));
    all.filter(|who| options.asks_for(who.key())).collect()
}

impl Who {
    /// Its name in a row.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::TractNative => "tract-native",
            Self::OnnxRuntimePython => "onnxruntime-python",
            Self::OnnxRuntimeNative => "onnxruntime-native",
            Self::NnTract | Self::ImageTract => "nn-tract",
            Self::NnOnnxRuntime | Self::ImageOnnxRuntime => "nn-onnxruntime",
            Self::NnScalarWasmi => "nn-scalar-wasmi",
            Self::OnnxSandbox => "onnx-sandbox",
        }
    }

    /// In words.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::TractNative => "tract natively",
            Self::OnnxRuntimePython => "ONNX Runtime from Python",
            Self::OnnxRuntimeNative => "ONNX Runtime natively",
            Self::NnTract => "guest nn on Wasmtime, backend tract",
            Self::NnOnnxRuntime => "guest nn on Wasmtime, backend ONNX Runtime",
            Self::NnScalarWasmi => "guest nn-scalar on wasmi, backend tract",
            Self::OnnxSandbox => "guest onnx on Wasmtime",
            Self::ImageTract => "guest nn on images, backend tract",
            Self::ImageOnnxRuntime => "guest nn on images, backend ONNX Runtime",
        }
    }

    /// Whether it is given images, and gives probabilities or boxes; the others are given the graph's input.
    pub(crate) const fn takes_images(self) -> bool {
        matches!(self, Self::ImageTract | Self::ImageOnnxRuntime)
    }

    /// Who does the same job without what it adds.
    pub(crate) const fn reference(self) -> Option<Self> {
        match self {
            Self::NnTract | Self::NnScalarWasmi | Self::OnnxSandbox => Some(Self::TractNative),
            Self::NnOnnxRuntime | Self::OnnxRuntimeNative => Some(Self::OnnxRuntimePython),
            Self::TractNative
            | Self::OnnxRuntimePython
            | Self::ImageTract
            | Self::ImageOnnxRuntime => None,
        }
    }

    /// Ready to take turns.
    pub(crate) fn start(self, network: &Network, python: &Path) -> Result<Box<dyn Runner>> {
        let own = match self {
            Self::OnnxRuntimePython => return Ok(Box::new(Python::start(python, network)?)),
            Self::TractNative => {
                let plan = tract::Plan::of(network)?;
                OwnThread::start(self.key(), move || plan.open())?
            }
            Self::OnnxRuntimeNative => {
                let plan = onnxruntime::Plan::of(network, find_onnxruntime()?);
                OwnThread::start(self.key(), move || plan.open())?
            }
            Self::NnTract
            | Self::NnOnnxRuntime
            | Self::NnScalarWasmi
            | Self::ImageTract
            | Self::ImageOnnxRuntime => self.start_nn(network)?,
            Self::OnnxSandbox => {
                let mut plan = plan("onnx", wasmtime()?, &network.plain(), network)?;
                plan.model = network.onnx.to_vec();
                OwnThread::start(self.key(), move || plan.open())?
            }
        };
        Ok(Box::new(own))
    }

    fn start_nn(self, network: &Network) -> Result<OwnThread> {
        let on_wasmi = self == Self::NnScalarWasmi;
        let engine: Box<dyn Engine> = if on_wasmi {
            Box::new(WasmiEngine::new())
        } else {
            wasmtime()?
        };
        let guest = if on_wasmi { "nn-scalar" } else { "nn" };
        let graph = if self.takes_images() {
            network.of_images()
        } else {
            network.plain()
        };
        let provider = provider(self, &graph, network)?;
        let mut plan = plan(guest, engine, &graph, network)?;
        if self.takes_images() {
            let (timed, marks) = Timed::new(provider);
            plan.nn = Some(timed);
            plan.marks = Some(marks);
            plan.input = image::frame().into();
            plan.dims = vec![1, image::HEIGHT, image::WIDTH, 3];
            plan.dtype = DType::U8;
        } else {
            plan.nn = Some(provider);
        }
        OwnThread::start(self.key(), move || plan.open())
    }
}

fn plan(
    guest: &'static str,
    engine: Box<dyn Engine>,
    graph: &Graph,
    network: &Network,
) -> Result<guest::Plan> {
    Ok(guest::Plan {
        engine,
        guest,
        model: graph.encode().map_err(|error| anyhow!("{error}"))?,
        nn: None,
        inputs: graph.guest_inputs(),
        outputs: graph.guest_outputs(),
        dims: network.input.dims.clone(),
        dtype: if network.input.is(DType::F32) {
            DType::F32
        } else {
            DType::U8
        },
        input: Arc::clone(&network.values),
        marks: None,
    })
}

fn provider(who: Who, graph: &Graph, network: &Network) -> Result<Arc<dyn NnProvider>> {
    let backend: Box<dyn Backend> = match who {
        Who::NnOnnxRuntime | Who::ImageOnnxRuntime => Box::new(find_onnxruntime()?),
        Who::TractNative
        | Who::OnnxRuntimePython
        | Who::OnnxRuntimeNative
        | Who::NnTract
        | Who::NnScalarWasmi
        | Who::OnnxSandbox
        | Who::ImageTract => Box::new(Tract),
    };
    let prepared = backend.prepare(graph, &network.onnx)?;
    let bounds = Bounds {
        contexts_max: 1,
        tensor_bytes_max: TENSOR_BYTES_MAX,
    };
    Ok(Graphs::new(vec![(graph.name.clone(), prepared)], bounds).provider())
}

fn find_onnxruntime() -> Result<OnnxRuntime> {
    OnnxRuntime::find().map_err(|absent| anyhow!("{absent}"))
}

fn wasmtime() -> Result<Box<dyn Engine>> {
    let cache = weir_tests::target_folder()?.join("bench/compiled-guests");
    Ok(Box::new(WasmtimeEngine::new(CacheDir::at(cache))?))
}
