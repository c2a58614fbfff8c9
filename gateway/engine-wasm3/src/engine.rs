use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use weir_engine::{Enforces, Engine, EngineKind, Equipment, GuestCode, Limits, LoadError, Module};

use crate::{
    features::Shape,
    link::{Link, Lost, SMALL_BYTES_MAX},
    module::Wasm3Module,
    process::Worker,
    rewrite,
    wire::{self, Said, take},
};

/// How long a worker may take to say what it is, when the engine starts.
const GREETING_WAIT_MAX: Duration = Duration::from_secs(10);

/// The wasm3 interpreter, each instance in a worker process.
#[derive(Debug, Clone)]
pub struct Wasm3Engine {
    worker: Arc<Path>,
    about: String,
}

/// Why a worker cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The system does not run it.
    #[error("{} does not start", worker.display())]
    NotStarted {
        /// The worker.
        worker: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It is no worker, or it cannot run here.
    #[error("{} did not say that it is a worker: {how}", worker.display())]
    Silent {
        /// The worker.
        worker: PathBuf,
        /// How it ended.
        how: String,
    },
    /// It belongs to another version of Weir.
    #[error("{} is of another version ({found}); install both of one version", worker.display())]
    Version {
        /// The worker.
        worker: PathBuf,
        /// What it says it is.
        found: String,
    },
}

impl Wasm3Engine {
    /// The engine that starts this worker. It is started once, to hear what it is.
    ///
    /// # Errors
    /// Fails where it does not start, is no worker, or is one of another version.
    pub fn new(worker: PathBuf) -> Result<Self, StartError> {
        let started = Worker::start(&worker);
        let (mut process, socket) = match started {
            Ok(started) => started,
            Err(cause) => return Err(StartError::NotStarted { worker, cause }),
        };
        let deadline = Instant::now() + GREETING_WAIT_MAX;
        match greeted(&mut Link::new(socket), deadline) {
            Ok(Greeting::Fits(about)) => Ok(Self {
                worker: worker.into(),
                about,
            }),
            Ok(Greeting::Other(found)) => Err(StartError::Version { worker, found }),
            Err(_) => Err(StartError::Silent {
                worker,
                how: process.end(),
            }),
        }
    }

    /// What the worker says it is.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The worker.
    #[must_use]
    pub fn worker(&self) -> &Path {
        &self.worker
    }
}

impl Engine for Wasm3Engine {
    fn kind(&self) -> EngineKind {
        EngineKind::Wasm3
    }

    fn enforces(&self) -> Enforces {
        Enforces {
            memory: true,
            deadline: true,
            fuel: false,
            stack: true,
            simd: false,
            nn: false,
        }
    }

    /// wasm3 holds an `f32` in a register for `f64`: moving a signalling NaN there and back makes it a quiet one.
    fn keeps_nan_bits(&self) -> bool {
        false
    }

    fn load(
        &self,
        code: &GuestCode,
        _equipment: &Equipment,
        limits: &Limits,
    ) -> Result<Arc<dyn Module>, LoadError> {
        let engine = EngineKind::Wasm3;
        if limits.fuel_max.is_some() {
            let limit = "fuel_max";
            return Err(LoadError::NotEnforced { engine, limit });
        }
        let rejected = |reason: String| LoadError::Rejected {
            engine,
            guest: code.name.clone(),
            reason,
        };
        let shape = Shape::of(&code.wasm).map_err(rejected)?;
        let wasm = rewrite::limited(&code.wasm, limits).map_err(rejected)?;
        Ok(Arc::new(Wasm3Module {
            worker: Arc::clone(&self.worker),
            wasm,
            shape,
            limits: limits.clone(),
        }))
    }
}

/// What a worker said first.
pub(crate) enum Greeting {
    /// It is of this version.
    Fits(String),
    /// It is of another.
    Other(String),
}

/// Waits for a worker's first words.
pub(crate) fn greeted(link: &mut Link, deadline: Instant) -> Result<Greeting, Lost> {
    let (kind, body) = link.receive(deadline, SMALL_BYTES_MAX)?;
    let mut bytes = link.bytes(body);
    let protocol = take(&mut bytes).map(u32::from_le_bytes);
    let protocol = protocol.filter(|_| kind == Said::Hello);
    let about = wire::words(bytes);
    match protocol.ok_or(Lost::OutOfTurn)? {
        wire::PROTOCOL if about.starts_with(wire::ABOUT) => Ok(Greeting::Fits(about)),
        _ => Ok(Greeting::Other(about)),
    }
}
