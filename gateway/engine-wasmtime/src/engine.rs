use std::{
    io::{self, Write},
    process::Command,
    sync::Arc,
};

use parking_lot::Mutex;
use weir_engine::{Enforces, Engine, EngineKind, Equipment, GuestCode, Limits, LoadError, Module};

use crate::{
    cache::{Cache, CacheDir, Form, Key, Unfinished, map, whole},
    capacity::Capacity,
    child::{self, Compiler},
    config::Setup,
    live::{Live, Wanted},
    make::{Fault, Order, Task, make},
    module::{Compiled, WasmtimeModule, check_start},
    profiling::Profiling,
    progress::Progress,
    sizes::too_large,
    ticker::Ticker,
};

/// The Wasmtime compiler.
pub struct WasmtimeEngine {
    cache: Cache,
    capacity: Capacity,
    compiler: Compiler,
    profiling: Profiling,
    ticker: Arc<Ticker>,
    live: Mutex<Live>,
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
        Ok(Self {
            cache: Cache::open(cache),
            capacity: Capacity::default(),
            compiler: Compiler::default(),
            profiling: Profiling::default(),
            ticker: Arc::new(Ticker::start().map_err(StartError::Ticker)?),
            live: Mutex::default(),
        })
    }

    /// The same, with room for so many instances.
    #[must_use]
    pub fn with_capacity(self, capacity: Capacity) -> Self {
        Self { capacity, ..self }
    }

    /// The same, with guests compiled there.
    #[must_use]
    pub fn compiling(self, compiler: Compiler) -> Self {
        Self { compiler, ..self }
    }

    /// The same, with its guests profiled.
    #[must_use]
    pub fn profiled(self, profiling: Profiling) -> Self {
        Self { profiling, ..self }
    }

    /// Code in use, from the cache, or compiled now. Loads wait for each other: a second one of the same guest
    /// finds what the first one made, and compilation uses every core anyway.
    fn compiled(&self, wanted: Wanted<'_>) -> Result<Compiled, Fault> {
        let mut live = self.live.lock();
        live.forget_unused();
        if let Some(compiled) = live.compiled(&wanted) {
            return Ok(compiled);
        }
        let words = |error: wasmtime::Error| Fault::Compile(format!("{error:#}"));
        let engine = live
            .engine(wanted.setup, self.capacity, &self.profiling, &self.ticker)
            .map_err(words)?;
        let module = match self.cache.get(&engine, wanted.key()) {
            Some(module) => module,
            None => self.compile_once(&engine, wanted)?,
        };
        let module = Arc::new(module);
        live.add(&wanted, &module);
        Ok(module)
    }

    /// Compiles, unless an earlier run found that no snapshot of the guest can be taken.
    fn compile_once(
        &self,
        engine: &wasmtime::Engine,
        wanted: Wanted<'_>,
    ) -> Result<wasmtime::Module, Fault> {
        let key = wanted.key();
        let known = wanted.model.and(self.cache.why_cold(engine, key));
        if let Some(reason) = known {
            return Err(Fault::Unsuited(reason));
        }
        let mut progress = Progress::of(&wanted.code.name);
        let compiled = self.compile(engine, wanted, &mut progress);
        if compiled.is_ok() {
            progress.end();
        }
        if let Err(Fault::Unsuited(reason)) = &compiled {
            self.cache.keep_why_cold(engine, key, reason);
        }
        compiled
    }

    fn compile(
        &self,
        engine: &wasmtime::Engine,
        wanted: Wanted<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<wasmtime::Module, Fault> {
        let loader;
        let task = match wanted.model {
            None => Task::Cold,
            Some(model) => {
                loader = self.loader(engine, wanted, progress)?;
                Task::Snapshot {
                    model: &model.bytes,
                    loader: &loader,
                }
            }
        };
        let made = self.carry_out(wanted, task, progress)?;
        let file = made.file.try_clone().map_err(no_room)?;
        let module = map(engine, file).map_err(|error| Fault::Compile(format!("{error:#}")))?;
        self.cache.keep(engine, wanted.key(), &made);
        Ok(module)
    }

    /// What loads the models of a guest, from the cache or compiled now.
    fn loader(
        &self,
        engine: &wasmtime::Engine,
        wanted: Wanted<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<Vec<u8>, Fault> {
        let key = Key {
            form: Form::Loader,
            ..wanted.key()
        };
        if let Some(loader) = self.cache.read(engine, key) {
            return Ok(loader);
        }
        let made = self.carry_out(wanted, Task::Loader, progress)?;
        self.cache.keep(engine, key, &made);
        whole(&made.file).map_err(no_room)
    }

    fn carry_out(
        &self,
        wanted: Wanted<'_>,
        task: Task<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<Unfinished, Fault> {
        let unfinished = self.cache.unfinished().map_err(no_room)?;
        let order = Order {
            setup: wanted.setup,
            limits: wanted.limits,
            wasm: &wanted.code.wasm,
            task,
            nn: wanted.nn,
        };
        let mut report = |phase| progress.tell(phase);
        match &self.compiler {
            Compiler::InProcess => {
                let code = make(&order, &self.ticker, &mut report)?;
                (&unfinished.file).write_all(&code).map_err(no_room)?;
            }
            Compiler::Process {
                program,
                arguments,
                costs,
            } => {
                let mut command = Command::new(program);
                command.args(arguments);
                child::order(command, *costs, &order, &unfinished.file, &mut report)?;
            }
        }
        Ok(unfinished)
    }

    /// Instances that begin with their model loaded, where there is one and the guest allows it; else cold ones.
    fn module(
        &self,
        code: &GuestCode,
        equipment: &Equipment,
        limits: &Limits,
    ) -> Result<WasmtimeModule, String> {
        check_start(&code.wasm)?;
        let cold = Wanted {
            code,
            model: None,
            nn: equipment.nn.is_some(),
            limits,
            setup: Setup::of(limits, self.capacity),
        };
        let linked = |compiled: Compiled| {
            let nn = equipment.nn.clone();
            let sampler = self.profiling.sampler(&code.name, &compiled);
            let module = WasmtimeModule::new(compiled, limits, nn, Arc::clone(&self.ticker));
            module.map(|module| module.sampled_by(sampler))
        };
        let snapshot = equipment.model.as_ref().map(|model| {
            self.compiled(Wanted {
                model: Some(model),
                ..cold
            })
        });
        let why_cold = match snapshot {
            None => None,
            Some(Ok(compiled)) => return Ok(linked(compiled)?.of_snapshot()),
            Some(Err(fault)) => {
                tracing::info!(guest = code.name, "instances begin cold: {fault}");
                Some(fault.to_string())
            }
        };
        let compiled = self.compiled(cold).map_err(|fault| fault.to_string())?;
        Ok(linked(compiled)?.cold_because(why_cold))
    }
}

fn no_room(error: io::Error) -> Fault {
    Fault::Compile(format!("no room for its code: {error}"))
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
        let module = self.module(code, equipment, limits);
        Ok(Arc::new(module.map_err(rejected)?))
    }
}
