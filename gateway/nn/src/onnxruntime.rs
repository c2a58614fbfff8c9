//! ONNX Runtime, where it is installed: its library is looked for and opened at run time.

mod library;
mod session;
mod watchdog;

use std::sync::{Arc, OnceLock};

use ort::{
    environment::Environment,
    logging::LogLevel,
    session::{Session, builder::GraphOptimizationLevel},
};

pub use self::library::Absent;
use self::{session::Prepared, watchdog::Watchdog};
use crate::{Backend, Facts, Graph, PrepareError, external, registers};

const NAME: &str = "onnxruntime";

/// ONNX Runtime. It computes on the thread of the guest that asks, and on no other.
#[derive(Clone)]
pub struct OnnxRuntime {
    environment: Environment,
    watchdog: Arc<Watchdog>,
    about: String,
}

impl OnnxRuntime {
    /// Finds the library and starts it; once for a process, later calls give the same.
    ///
    /// # Errors
    /// Says what was looked for and what to install, where there is none that can be used.
    pub fn find() -> Result<Self, Absent> {
        static FOUND: OnceLock<Result<OnnxRuntime, Absent>> = OnceLock::new();
        FOUND.get_or_init(Self::start).clone()
    }

    fn start() -> Result<Self, Absent> {
        let library = library::find()?;
        let failed = |words: String| Absent::Fails {
            library: library.path.clone(),
            words,
        };
        let builder = ort::init_from(&library.path).map_err(|error| failed(error.to_string()))?;
        let environment = builder.with_name("weir").with_telemetry(false).build();
        let environment = environment.map_err(|error| failed(error.to_string()))?;
        environment.set_log_level(LogLevel::Error);
        let watchdog = Watchdog::start().map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            environment,
            watchdog: Arc::new(watchdog),
            about: format!("1.{}, {}", library.minor, library.path.display()),
        })
    }

    /// Its version and its library.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The library's environment, of which a process has but one: for sessions that are no guest's.
    #[must_use]
    pub const fn environment(&self) -> &Environment {
        &self.environment
    }

    fn session(&self, onnx: &[u8]) -> Result<Session, String> {
        let builder = Session::builder(&self.environment).map_err(words)?;
        let level = GraphOptimizationLevel::All;
        let builder = builder.with_optimization_level(level).map_err(words)?;
        let builder = builder.with_intra_threads(1).map_err(words)?;
        let builder = builder.with_inter_threads(1).map_err(words)?;
        let mut builder = builder.with_log_level(LogLevel::Error).map_err(words)?;
        builder.commit_from_memory(onnx).map_err(words)
    }
}

fn words<R>(error: ort::Error<R>) -> String {
    error.to_string()
}

impl Backend for OnnxRuntime {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prepare(
        &self,
        description: &nn_graph::Graph,
        onnx: &[u8],
    ) -> Result<Arc<Graph>, PrepareError> {
        let facts = Facts::of(description)?;
        external::read(onnx)?;
        let session = self.session(onnx);
        registers::clean();
        let session = session.map_err(|words| PrepareError::Refused {
            backend: NAME,
            words,
        })?;
        session::check(&session, &facts).map_err(|(stated, found)| PrepareError::Differs {
            backend: NAME,
            stated,
            found,
        })?;
        let prepared = Prepared::new(session, &facts, Arc::clone(&self.watchdog))?;
        Ok(Arc::new(Graph::new(NAME, facts, Box::new(prepared))))
    }
}
