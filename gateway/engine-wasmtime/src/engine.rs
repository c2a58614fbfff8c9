use std::{io, path::PathBuf, sync::Arc};

use parking_lot::Mutex;
use weir_engine::{Enforces, Engine, EngineKind, Equipment, GuestCode, Limits, LoadError, Module};

use crate::{
    background::Background,
    cache::{Cache, CacheDir},
    capacity::Capacity,
    child::Compiler,
    config::Setup,
    live::Live,
    maker::{Load, Maker},
    module::{WasmtimeModule, check_start},
    policy::{Compile, IN_BACKGROUND_BYTES_MIN},
    profiling::Profiling,
    shipped::Shipped,
    sizes::too_large,
    ticker::Ticker,
};

/// The Wasmtime compiler.
pub struct WasmtimeEngine {
    maker: Arc<Maker>,
    background: Arc<Background>,
    compile: Compile,
}

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The thread that ends calls at their deadline.
    #[error("failed to start the thread that ends calls at their deadline")]
    Ticker(#[source] io::Error),
}

impl WasmtimeEngine {
    /// The engine; compiled code is kept in `cache`.
    ///
    /// # Errors
    /// Fails where the system gives no thread.
    pub fn new(cache: CacheDir) -> Result<Self, StartError> {
        let maker = Maker {
            cache: Cache::open(cache),
            capacity: Capacity::default(),
            compiler: Compiler::default(),
            profiling: Profiling::default(),
            shipped: Shipped::default(),
            ticker: Arc::new(Ticker::start().map_err(StartError::Ticker)?),
            live: Mutex::new(Live::default()),
            loading: Mutex::new(()),
        };
        Ok(Self {
            maker: Arc::new(maker),
            background: Arc::default(),
            compile: Compile::default(),
        })
    }

    /// The same, with room for so many instances.
    #[must_use]
    pub fn with_capacity(self, capacity: Capacity) -> Self {
        self.with(|maker| maker.capacity = capacity)
    }

    /// The same, with guests compiled there.
    #[must_use]
    pub fn compiling(self, compiler: Compiler) -> Self {
        self.with(|maker| maker.compiler = compiler)
    }

    /// The same, with its guests profiled. Code for every processor is not what is looked at then.
    #[must_use]
    pub fn profiled(self, profiling: Profiling) -> Self {
        let compile = match profiling {
            Profiling::Off => self.compile,
            Profiling::Perf | Profiling::Guests(_) => Compile::First,
        };
        let profiled = self.with(|maker| maker.profiling = profiling);
        Self {
            compile,
            ..profiled
        }
    }

    /// The same, with the code of packages looked for in these folders, and compiling at that time.
    #[must_use]
    pub fn shipped_with(self, folders: Vec<PathBuf>, compile: Compile) -> Self {
        let shipped = self.with(|maker| maker.shipped = Shipped::of(folders));
        Self { compile, ..shipped }
    }

    fn with(mut self, change: impl FnOnce(&mut Maker)) -> Self {
        let maker = Arc::get_mut(&mut self.maker);
        change(maker.expect("nothing was loaded yet that would share it"));
        self
    }

    fn module(&self, load: Load) -> Result<WasmtimeModule, String> {
        check_start(&load.code.wasm)?;
        let maker = &self.maker;
        if self.compile == Compile::First {
            return maker.best(&load, true);
        }
        if let Some(ready) = maker.best_ready(&load)? {
            return Ok(ready);
        }
        let is_worth_it = load.code.wasm.len() >= IN_BACKGROUND_BYTES_MIN;
        match self.compile {
            Compile::Never => {
                let precompiled = maker.precompiled(&load)?;
                precompiled.ok_or_else(|| self.compile.why_not().to_owned())
            }
            Compile::Background if is_worth_it => match maker.precompiled(&load)? {
                Some(module) => Ok(self.background.improving(module, maker, load)),
                None => maker.best(&load, true),
            },
            Compile::Background | Compile::First => maker.best(&load, true),
        }
    }
}

impl Engine for WasmtimeEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Wasmtime
    }

    fn enforces(&self) -> Enforces {
        Enforces {
            memory: true,
            deadline: true,
            fuel: true,
            stack: true,
            simd: true,
            nn: true,
        }
    }

    fn load(
        &self,
        code: &GuestCode,
        equipment: &Equipment,
        limits: &Limits,
    ) -> Result<Arc<dyn Module>, LoadError> {
        let rejected = |reason: String| LoadError::Rejected {
            engine: EngineKind::Wasmtime,
            guest: code.name.clone(),
            reason,
        };
        if let Some(module) = too_large(&code.wasm, limits) {
            return Ok(module);
        }
        let module = self.module(Load {
            code: code.clone(),
            equipment: equipment.clone(),
            limits: limits.clone(),
            setup: Setup::of(limits, self.maker.capacity, &self.maker.profiling),
        });
        Ok(Arc::new(module.map_err(rejected)?))
    }
}
