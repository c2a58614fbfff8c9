use std::{
    io,
    sync::{Arc, Weak},
    time::Instant,
};

use parking_lot::Mutex;
use weir_engine::{Enforces, Engine, EngineKind, Equipment, GuestCode, Limits, LoadError, Module};

use crate::{
    cache::{Cache, CacheDir},
    config::Setup,
    module::{Compiled, WasmtimeModule, check_start},
    ticker::Ticker,
};

/// Bytes of code that Cranelift compiles in a second on two desktop cores (17 MB took about 10 s).
const COMPILED_BYTES_PER_SECOND: usize = 1_700_000;

/// The Wasmtime compiler.
pub struct WasmtimeEngine {
    cache: Cache,
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

/// What guests use now. Nothing is kept here that no guest uses.
#[derive(Default)]
struct Live {
    engines: Vec<(Setup, wasmtime::EngineWeak)>,
    compiled: Vec<(Setup, [u8; 32], Weak<wasmtime::Module>)>,
}

impl WasmtimeEngine {
    /// The engine; compiled code is kept in `cache`.
    ///
    /// # Errors
    /// Fails where the system gives no thread.
    pub fn new(cache: CacheDir) -> Result<Self, StartError> {
        Ok(Self {
            cache: Cache::open(cache),
            ticker: Arc::new(Ticker::start().map_err(StartError::Ticker)?),
            live: Mutex::default(),
        })
    }

    /// Code in use, from the cache, or compiled now. Loads wait for each other: a second one of the same guest
    /// finds what the first one made, and compilation uses every core anyway.
    fn compiled(&self, code: &GuestCode, setup: Setup) -> Result<Compiled, String> {
        let mut live = self.live.lock();
        live.forget_unused();
        if let Some(compiled) = live.compiled(setup, &code.sha256) {
            return Ok(compiled);
        }
        let words = |error: wasmtime::Error| format!("{error:#}");
        let engine = live.engine(setup, &self.ticker).map_err(words)?;
        let module = match self.cache.get(&engine, &code.sha256) {
            Some(module) => module,
            None => self.compile(&engine, code).map_err(words)?,
        };
        let module = Arc::new(module);
        let entry = (setup, code.sha256, Arc::downgrade(&module));
        live.compiled.push(entry);
        Ok(module)
    }

    fn compile(
        &self,
        engine: &wasmtime::Engine,
        code: &GuestCode,
    ) -> wasmtime::Result<wasmtime::Module> {
        let (guest, seconds) = (&code.name, code.wasm.len() / COMPILED_BYTES_PER_SECOND);
        if seconds > 0 {
            tracing::info!(
                %guest,
                "compiling guest {guest} for wasmtime (once per version; takes about {seconds} s)"
            );
        }
        let started = Instant::now();
        let module = wasmtime::Module::new(engine, &code.wasm)?;
        let took = started.elapsed();
        if seconds > 0 {
            tracing::info!(%guest, ?took, "compiled guest {guest}");
        } else {
            tracing::debug!(%guest, ?took, "compiled guest {guest}");
        }
        let mapped = self
            .cache
            .put(engine, &code.sha256, || module.serialize())
            .and_then(|()| self.cache.get(engine, &code.sha256));
        Ok(mapped.unwrap_or(module))
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
        check_start(&code.wasm).map_err(rejected)?;
        let compiled = self.compiled(code, Setup::of(limits)).map_err(rejected)?;
        let nn = equipment.nn.clone();
        let module = WasmtimeModule::new(compiled, limits, nn, Arc::clone(&self.ticker));
        Ok(Arc::new(module.map_err(rejected)?))
    }
}

impl Live {
    fn forget_unused(&mut self) {
        self.engines
            .retain(|(_, engine)| engine.upgrade().is_some());
        self.compiled
            .retain(|(_, _, module)| module.strong_count() > 0);
    }

    fn compiled(&self, setup: Setup, sha256: &[u8; 32]) -> Option<Compiled> {
        let mut compiled = self.compiled.iter();
        let (_, _, module) = compiled.find(|(of, digest, _)| *of == setup && digest == sha256)?;
        module.upgrade()
    }

    fn engine(&mut self, setup: Setup, ticker: &Ticker) -> wasmtime::Result<wasmtime::Engine> {
        let mut engines = self.engines.iter();
        let live = engines.find(|(of, _)| *of == setup);
        if let Some(engine) = live.and_then(|(_, engine)| engine.upgrade()) {
            return Ok(engine);
        }
        let engine = setup.engine()?;
        ticker.add(engine.weak());
        self.engines.push((setup, engine.weak()));
        Ok(engine)
    }
}
