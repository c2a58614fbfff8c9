use std::{
    io,
    sync::{Arc, Weak},
    time::Instant,
};

use parking_lot::Mutex;
use weir_engine::{
    Enforces, Engine, EngineKind, Equipment, GuestCode, GuestModel, Limits, LoadError, Module,
};

use crate::{
    cache::{Cache, CacheDir, Key},
    capacity::Capacity,
    config::Setup,
    make::{Fault, Order, make},
    module::{Compiled, WasmtimeModule, check_start},
    ticker::Ticker,
};

/// Bytes of code that Cranelift compiles in a second on two desktop cores (17 MB took about 10 s).
const COMPILED_BYTES_PER_SECOND: usize = 1_700_000;

/// The Wasmtime compiler.
pub struct WasmtimeEngine {
    cache: Cache,
    capacity: Capacity,
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
    compiled: Vec<InUse>,
}

struct InUse {
    setup: Setup,
    guest: [u8; 32],
    model: Option<[u8; 32]>,
    module: Weak<wasmtime::Module>,
}

/// A guest that is to be loaded.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    code: &'a GuestCode,
    model: Option<&'a GuestModel>,
    nn: bool,
    limits: &'a Limits,
    setup: Setup,
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
            ticker: Arc::new(Ticker::start().map_err(StartError::Ticker)?),
            live: Mutex::default(),
        })
    }

    /// The same, with room for so many instances.
    #[must_use]
    pub fn with_capacity(self, capacity: Capacity) -> Self {
        Self { capacity, ..self }
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
            .engine(wanted.setup, self.capacity, &self.ticker)
            .map_err(words)?;
        let module = match self.cache.get(&engine, wanted.key()) {
            Some(module) => module,
            None => self.compile(&engine, wanted)?,
        };
        let module = Arc::new(module);
        live.compiled.push(InUse {
            setup: wanted.setup,
            guest: wanted.code.sha256,
            model: wanted.model.map(|model| model.sha256),
            module: Arc::downgrade(&module),
        });
        Ok(module)
    }

    fn compile(
        &self,
        engine: &wasmtime::Engine,
        wanted: Wanted<'_>,
    ) -> Result<wasmtime::Module, Fault> {
        let (guest, seconds) = (
            &wanted.code.name,
            wanted.code.wasm.len() / COMPILED_BYTES_PER_SECOND,
        );
        if seconds > 0 {
            tracing::info!(
                %guest,
                "compiling guest {guest} for wasmtime (once per version; takes about {seconds} s)"
            );
        }
        let started = Instant::now();
        let order = Order {
            setup: wanted.setup,
            limits: wanted.limits,
            wasm: &wanted.code.wasm,
            model: wanted.model.map(|model| &*model.bytes),
            nn: wanted.nn,
        };
        let artifact = make(&order, &self.ticker, &mut |phase| {
            tracing::debug!(%guest, after = ?started.elapsed(), "{phase}");
        })?;
        let took = started.elapsed();
        if seconds > 0 {
            tracing::info!(%guest, ?took, "compiled guest {guest}");
        } else {
            tracing::debug!(%guest, ?took, "compiled guest {guest}");
        }
        let kept = self.cache.put(engine, wanted.key(), &artifact);
        if let Some(mapped) = kept.and_then(|()| self.cache.get(engine, wanted.key())) {
            return Ok(mapped);
        }
        #[expect(
            unsafe_code,
            reason = "loading compiled code cannot be checked by the compiler"
        )]
        // SAFETY: Wasmtime made these bytes just now.
        let module = unsafe { wasmtime::Module::deserialize(engine, artifact) };
        module.map_err(|error| Fault::Compile(format!("{error:#}")))
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
        let linked = |compiled| {
            let nn = equipment.nn.clone();
            WasmtimeModule::new(compiled, limits, nn, Arc::clone(&self.ticker))
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

impl Wanted<'_> {
    fn key(&self) -> Key<'_> {
        Key {
            guest: &self.code.sha256,
            model: self.model.map(|model| &model.sha256),
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
        let module = self.module(code, equipment, limits);
        Ok(Arc::new(module.map_err(rejected)?))
    }
}

impl Live {
    fn forget_unused(&mut self) {
        self.engines
            .retain(|(_, engine)| engine.upgrade().is_some());
        self.compiled.retain(|used| used.module.strong_count() > 0);
    }

    fn compiled(&self, wanted: &Wanted<'_>) -> Option<Compiled> {
        let model = wanted.model.map(|model| model.sha256);
        let mut used = self.compiled.iter();
        let found = used.find(|used| {
            used.setup == wanted.setup && used.guest == wanted.code.sha256 && used.model == model
        })?;
        found.module.upgrade()
    }

    fn engine(
        &mut self,
        setup: Setup,
        capacity: Capacity,
        ticker: &Ticker,
    ) -> wasmtime::Result<wasmtime::Engine> {
        let mut engines = self.engines.iter();
        let live = engines.find(|(of, _)| *of == setup);
        if let Some(engine) = live.and_then(|(_, engine)| engine.upgrade()) {
            return Ok(engine);
        }
        let engine = setup.pooled(capacity).or_else(|error| {
            tracing::warn!(
                "no pool for {} instances ({error:#}): each gets its addresses by itself, which is slower",
                capacity.instances_max
            );
            setup.unpooled()
        })?;
        ticker.add(engine.weak());
        self.engines.push((setup, engine.weak()));
        Ok(engine)
    }
}
