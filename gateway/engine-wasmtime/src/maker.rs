use std::{
    io::{self, Write},
    process::Command,
    sync::Arc,
};

use parking_lot::Mutex;
use weir_engine::{Equipment, GuestCode, Limits};

use crate::{
    cache::{Cache, Form, Key, Unfinished, map, whole},
    capacity::Capacity,
    child::{self, Compiler},
    config::Setup,
    live::{Live, Wanted},
    make::{Fault, Order, Task, make},
    module::{Compiled, WasmtimeModule},
    profiling::Profiling,
    progress::Progress,
    shipped::Shipped,
    ticker::Ticker,
};

/// Makes the code of guests ready: it is in use already, comes from the cache or from a package, or is compiled now.
pub(crate) struct Maker {
    pub(crate) cache: Cache,
    pub(crate) capacity: Capacity,
    pub(crate) compiler: Compiler,
    pub(crate) profiling: Profiling,
    pub(crate) shipped: Shipped,
    pub(crate) ticker: Arc<Ticker>,
    pub(crate) live: Mutex<Live>,
    /// Loads that are waited for wait for each other: a second one of the same guest finds what the first one made, and
    /// compilation uses every core anyway.
    pub(crate) loading: Mutex<()>,
}

/// All that a guest is loaded with.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) code: GuestCode,
    pub(crate) equipment: Equipment,
    pub(crate) limits: Limits,
    pub(crate) setup: Setup,
}

impl Load {
    fn cold(&self) -> Wanted<'_> {
        Wanted {
            code: &self.code,
            model: None,
            shipped: false,
            nn: self.equipment.nn.is_some(),
            limits: &self.limits,
            setup: self.setup,
        }
    }

    fn snapshot(&self) -> Option<Wanted<'_>> {
        let model = self.equipment.model.as_ref()?;
        Some(Wanted {
            model: Some(model),
            ..self.cold()
        })
    }
}

impl Maker {
    /// Instances that begin with their model loaded, where there is one and the guest allows it; else cold ones.
    pub(crate) fn best(&self, load: &Load, waits: bool) -> Result<WasmtimeModule, String> {
        let snapshot = load.snapshot().map(|wanted| self.compiled(wanted, waits));
        let why_cold = match snapshot {
            None => None,
            Some(Ok(compiled)) => return Ok(self.linked(load, compiled)?.of_snapshot()),
            Some(Err(fault)) => {
                tracing::info!(guest = load.code.name, "instances begin cold: {fault}");
                Some(fault.to_string())
            }
        };
        let compiled = self.compiled(load.cold(), waits);
        let compiled = compiled.map_err(|fault| fault.to_string())?;
        Ok(self.linked(load, compiled)?.cold_because(why_cold))
    }

    /// The same, where nothing has to be compiled for it.
    pub(crate) fn best_ready(&self, load: &Load) -> Result<Option<WasmtimeModule>, String> {
        let Some(snapshot) = load.snapshot() else {
            let ready = self.ready(load.cold())?;
            return ready.map(|code| self.linked(load, code)).transpose();
        };
        if let Some(compiled) = self.ready(snapshot)? {
            return Ok(Some(self.linked(load, compiled)?.of_snapshot()));
        }
        let engine = self.engine(load.setup)?;
        let Some(why_cold) = self.cache.why_cold(&engine, snapshot.key()) else {
            return Ok(None);
        };
        let Some(compiled) = self.ready(load.cold())? else {
            return Ok(None);
        };
        let why_cold = Some(Fault::Unsuited(why_cold).to_string());
        Ok(Some(self.linked(load, compiled)?.cold_because(why_cold)))
    }

    /// What a package has of the guest: cold instances, for every processor of this architecture.
    pub(crate) fn precompiled(&self, load: &Load) -> Result<Option<WasmtimeModule>, String> {
        let wanted = Wanted {
            shipped: true,
            ..load.cold()
        };
        let compiled = match self.ready(wanted)? {
            Some(compiled) => compiled,
            None => match self.unpacked(wanted)? {
                Some(compiled) => compiled,
                None => return Ok(None),
            },
        };
        let before_its_model = || "its code was compiled before its model was known".to_owned();
        let why_cold = load.equipment.model.as_ref().map(|_| before_its_model());
        let module = self.linked(load, compiled)?.precompiled();
        Ok(Some(module.cold_because(why_cold)))
    }

    fn unpacked(&self, wanted: Wanted<'_>) -> Result<Option<Compiled>, String> {
        let guest = &wanted.code.sha256;
        let unfinished = || self.cache.unfinished();
        let Some(code) = self.shipped.unpack(wanted.setup, guest, unfinished) else {
            return Ok(None);
        };
        let engine = self.engine(wanted.setup)?;
        let file = code.file.try_clone().map_err(|error| error.to_string())?;
        match map(&engine, file) {
            Ok(module) => {
                self.cache.keep(&engine, wanted.key(), &code);
                Ok(Some(self.in_use(wanted, module)))
            }
            Err(error) => {
                let guest = &wanted.code.name;
                tracing::warn!(
                    guest,
                    "precompiled code of guest {guest} is not used: {error:#}"
                );
                Ok(None)
            }
        }
    }

    fn linked(&self, load: &Load, compiled: Compiled) -> Result<WasmtimeModule, String> {
        let nn = load.equipment.nn.clone();
        let sampler = self.profiling.sampler(&load.code.name, &compiled);
        let module = WasmtimeModule::new(compiled, &load.limits, nn, Arc::clone(&self.ticker));
        module.map(|module| module.sampled_by(sampler))
    }

    fn engine(&self, setup: Setup) -> Result<wasmtime::Engine, String> {
        let mut live = self.live.lock();
        live.forget_unused();
        live.engine(setup, self.capacity, &self.profiling, &self.ticker)
            .map_err(|error| format!("{error:#}"))
    }

    fn in_use(&self, wanted: Wanted<'_>, module: wasmtime::Module) -> Compiled {
        let module = Arc::new(module);
        self.live.lock().add(&wanted, &module);
        module
    }

    /// Code in use, or from the cache.
    fn ready(&self, wanted: Wanted<'_>) -> Result<Option<Compiled>, String> {
        if let Some(compiled) = self.live.lock().compiled(&wanted) {
            return Ok(Some(compiled));
        }
        let engine = self.engine(wanted.setup)?;
        let cached = self.cache.get(&engine, wanted.key());
        Ok(cached.map(|module| self.in_use(wanted, module)))
    }

    /// The same, compiled now where it is not there.
    fn compiled(&self, wanted: Wanted<'_>, waits: bool) -> Result<Compiled, Fault> {
        let _turn = waits.then(|| self.loading.lock());
        if let Some(compiled) = self.ready(wanted).map_err(Fault::Compile)? {
            return Ok(compiled);
        }
        let engine = self.engine(wanted.setup).map_err(Fault::Compile)?;
        let module = self.compile_once(&engine, wanted, waits)?;
        Ok(self.in_use(wanted, module))
    }

    /// Compiles, unless an earlier run found that no snapshot of the guest can be taken.
    fn compile_once(
        &self,
        engine: &wasmtime::Engine,
        wanted: Wanted<'_>,
        waits: bool,
    ) -> Result<wasmtime::Module, Fault> {
        let key = wanted.key();
        let known = wanted.model.and(self.cache.why_cold(engine, key));
        if let Some(reason) = known {
            return Err(Fault::Unsuited(reason));
        }
        let mut progress = Progress::of(&wanted.code.name, waits);
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
            waits: progress.waits(),
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
}

fn no_room(error: io::Error) -> Fault {
    Fault::Compile(format!("no room for its code: {error}"))
}
