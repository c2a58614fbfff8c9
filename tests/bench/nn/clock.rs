//! When a guest reaches its backend: what it does before, there, and after.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use weir_engine::{NnCall, NnFunction, NnHost, NnProvider};

/// A backend whose calls are timed.
pub(crate) struct Timed {
    provider: Arc<dyn NnProvider>,
    marks: Marks,
}

/// When the last inference reached the backend, and when it left it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks(Arc<Mutex<(Option<Instant>, Option<Instant>)>>);

/// The parts of one inference.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Parts {
    /// Until the input is handed over.
    pub(crate) prepare: Duration,
    /// The graph, its input copied in and its output copied out.
    pub(crate) graph: Duration,
    /// Since the output came back.
    pub(crate) finish: Duration,
}

struct TimedHost {
    host: Box<dyn NnHost>,
    marks: Marks,
}

impl Timed {
    pub(crate) fn new(provider: Arc<dyn NnProvider>) -> (Arc<Self>, Marks) {
        let marks = Marks::default();
        let timed = Self {
            provider,
            marks: marks.clone(),
        };
        (Arc::new(timed), marks)
    }
}

impl Marks {
    /// The parts of the inference that began and ended then.
    pub(crate) fn parts(&self, began: Instant, ended: Instant) -> Option<Parts> {
        let (reached, left) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (reached, left) = (reached?, left?);
        Some(Parts {
            prepare: reached.duration_since(began),
            graph: left.duration_since(reached),
            finish: ended.duration_since(left),
        })
    }
}

impl NnProvider for Timed {
    fn open(&self) -> Box<dyn NnHost> {
        Box::new(TimedHost {
            host: self.provider.open(),
            marks: self.marks.clone(),
        })
    }
}

impl NnHost for TimedHost {
    fn call(&mut self, call: NnCall<'_>) -> i32 {
        let function = call.function;
        let began = Instant::now();
        let answer = self.host.call(call);
        let mut marks = self.marks.0.lock().unwrap_or_else(PoisonError::into_inner);
        match function {
            NnFunction::SetInput => marks.0 = Some(began),
            NnFunction::GetOutput => marks.1 = Some(Instant::now()),
            NnFunction::Load
            | NnFunction::LoadByName
            | NnFunction::InitExecutionContext
            | NnFunction::Compute => {}
        }
        answer
    }
}
