use std::{fmt, sync::Arc};

use weir_engine::{Guest, Limits, NnProvider, NoGraphs};

use crate::{
    config::Setup,
    module::{Compiled, WasmtimeModule},
    profiling::Profiling,
    snapshot::Instrumented,
    ticker::Ticker,
};

/// What is to be compiled.
pub(crate) struct Order<'a> {
    pub(crate) setup: Setup,
    pub(crate) limits: &'a Limits,
    pub(crate) wasm: &'a [u8],
    /// What to make of it.
    pub(crate) task: Task<'a>,
    /// Whether it may import `wasi_ephemeral_nn`. While it loads, no graph can be reached.
    pub(crate) nn: bool,
    /// Whether somebody waits for it.
    pub(crate) waits: bool,
}

/// What is made of a guest's code.
#[derive(Clone, Copy)]
pub(crate) enum Task<'a> {
    /// Code whose instances begin cold.
    Cold,
    /// Code that loads a model once and can be looked into, the same for every model.
    Loader,
    /// Code whose instances begin with a model loaded.
    Snapshot {
        /// The model.
        model: &'a [u8],
        /// What [`Task::Loader`] made of the guest.
        loader: &'a [u8],
    },
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Compiling as quickly as possible, to run the guest once.
    CompilingToLoad,
    /// The guest loads its model.
    LoadingModel,
    /// Compiling what is kept.
    Compiling,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CompilingToLoad => "compiling it to load the model",
            Self::LoadingModel => "loading the model",
            Self::Compiling => "compiling",
        })
    }
}

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No snapshot can be taken of this guest, whatever its model.
    Unsuited(String),
    /// The guest did not load the model.
    Load(String),
    /// The code is refused.
    Compile(String),
    /// Compiling costs more than it may.
    Spent(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsuited(words) => write!(f, "no snapshot can be taken of this guest: {words}"),
            Self::Load(words) | Self::Compile(words) | Self::Spent(words) => f.write_str(words),
        }
    }
}

/// Carries an order out: the serialised module.
pub(crate) fn make(
    order: &Order<'_>,
    ticker: &Arc<Ticker>,
    report: &mut dyn FnMut(Phase),
) -> Result<Vec<u8>, Fault> {
    match order.task {
        Task::Cold => compile(order.setup, order.wasm, report),
        Task::Loader => {
            report(Phase::CompilingToLoad);
            let instrumented = Instrumented::new(order.wasm).map_err(Fault::Unsuited)?;
            let engine = order.setup.loader().map_err(compiling)?;
            engine
                .precompile_module(&instrumented.wasm)
                .map_err(compiling)
        }
        Task::Snapshot { model, loader } => {
            let snapshot = snapshot(order, model, loader, ticker, report)?;
            compile(order.setup, &snapshot, report)
        }
    }
}

fn compile(setup: Setup, wasm: &[u8], report: &mut dyn FnMut(Phase)) -> Result<Vec<u8>, Fault> {
    report(Phase::Compiling);
    let engine = setup.unpooled(&Profiling::Off).map_err(compiling)?;
    engine.precompile_module(wasm).map_err(compiling)
}

/// The guest's code with the model loaded.
fn snapshot(
    order: &Order<'_>,
    model: &[u8],
    loader: &[u8],
    ticker: &Arc<Ticker>,
    report: &mut dyn FnMut(Phase),
) -> Result<Vec<u8>, Fault> {
    report(Phase::LoadingModel);
    let instrumented = Instrumented::new(order.wasm).map_err(Fault::Unsuited)?;
    let engine = order.setup.loader().map_err(compiling)?;
    ticker.add(engine.weak());
    #[expect(
        unsafe_code,
        reason = "running compiled code cannot be checked by the compiler"
    )]
    // SAFETY: the gateway had these bytes made by an order of its own, and keeps them as it keeps the code that it maps
    // itself: in memory, or in a folder that only this user can enter, under the digest of what was written.
    let compiled = unsafe { wasmtime::Module::deserialize(&engine, loader) };
    let compiled = Compiled::new(compiled.map_err(compiling)?);
    let nn = order
        .nn
        .then(|| -> Arc<dyn NnProvider> { Arc::new(NoGraphs) });
    let limits = Limits {
        fuel_max: None,
        ..order.limits.clone()
    };
    let module = WasmtimeModule::new(compiled, &limits, nn, Arc::clone(ticker));
    let module = module.map_err(Fault::Compile)?;
    let failed = |error: &dyn std::error::Error| Fault::Load(chain(error));
    let mut instance = module.new_instance().map_err(|trap| failed(&trap))?;
    Guest::prepare(&mut instance, Some(model), &limits).map_err(|error| failed(&error))?;
    instrumented
        .taken_of(&mut instance)
        .map_err(Fault::Unsuited)
}

fn compiling(error: wasmtime::Error) -> Fault {
    Fault::Compile(format!("{error:#}"))
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |words, cause| {
        format!("{words}: {cause}")
    })
}
