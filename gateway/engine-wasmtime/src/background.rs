//! Code that is made while other code serves.

use std::{collections::VecDeque, mem, sync::Arc, thread};

use parking_lot::Mutex;
use weir_engine::{Module, TellBetter};

use crate::{
    maker::{Load, Maker},
    module::WasmtimeModule,
    room,
};

/// Guests that may wait to be compiled: each lane has one for each model.
const WAITING_MAX: usize = 4096;

/// Compiles one guest after the other, on a thread that is there while there are any.
#[derive(Default)]
pub(crate) struct Background {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    at_work: bool,
}

struct Job {
    maker: Arc<Maker>,
    load: Box<Load>,
    tell: TellBetter,
}

/// How a module is made better, once for all who ask. Clones share it.
#[derive(Clone)]
pub(crate) struct Improvable(Arc<Mutex<State>>);

enum State {
    /// Nobody has asked.
    Asleep {
        background: Arc<Background>,
        maker: Arc<Maker>,
        load: Box<Load>,
    },
    /// They are told when it has ended.
    Making(Vec<TellBetter>),
    Ended(Result<Arc<dyn Module>, String>),
}

impl Improvable {
    pub(crate) fn improve(&self, tell: TellBetter) {
        let mut state = self.0.lock();
        match &mut *state {
            State::Making(others) => others.push(tell),
            State::Ended(better) => {
                let better = better.clone();
                drop(state);
                tell(better);
            }
            State::Asleep { .. } => {
                let asleep = mem::replace(&mut *state, State::Making(vec![tell]));
                drop(state);
                self.wake(asleep);
            }
        }
    }

    fn wake(&self, asleep: State) {
        if let State::Asleep {
            background,
            maker,
            load,
        } = asleep
        {
            let improvable = self.clone();
            background.push(Job {
                maker,
                load,
                tell: Box::new(move |better| improvable.ended(better)),
            });
        }
    }

    fn ended(&self, better: Result<Arc<dyn Module>, String>) {
        let ended = State::Ended(better.clone());
        if let State::Making(others) = mem::replace(&mut *self.0.lock(), ended) {
            others.into_iter().for_each(|tell| tell(better.clone()));
        }
    }
}

impl Background {
    /// The same module, which can be made better.
    pub(crate) fn improving(
        self: &Arc<Self>,
        module: WasmtimeModule,
        maker: &Arc<Maker>,
        load: Load,
    ) -> WasmtimeModule {
        let asleep = State::Asleep {
            background: Arc::clone(self),
            maker: Arc::clone(maker),
            load: Box::new(load),
        };
        module.improved_by(Improvable(Arc::new(Mutex::new(asleep))))
    }

    fn push(self: &Arc<Self>, job: Job) {
        let mut queue = self.queue.lock();
        if queue.jobs.len() >= WAITING_MAX {
            drop(queue);
            return (job.tell)(Err("too many guests wait to be compiled".to_owned()));
        }
        queue.jobs.push_back(job);
        if queue.at_work {
            return;
        }
        queue.at_work = true;
        drop(queue);
        let background = Arc::clone(self);
        let thread = thread::Builder::new().name("compiling".to_owned());
        if let Err(error) = thread.spawn(move || background.work()) {
            self.give_up(&format!("the system gives no thread: {error}"));
        }
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            let Job { maker, load, tell } = job;
            let better = better(&maker, &load);
            drop(load);
            tell(better);
        }
    }

    /// The next one; without one the thread is no longer at work.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue.lock();
        let next = queue.jobs.pop_front();
        queue.at_work = next.is_some();
        next
    }

    fn give_up(&self, why: &str) {
        while let Some(job) = self.next() {
            (job.tell)(Err(why.to_owned()));
        }
    }
}

fn better(maker: &Maker, load: &Load) -> Result<Arc<dyn Module>, String> {
    // An earlier job may have made it.
    if let Some(ready) = maker.best_ready(load)? {
        return Ok(Arc::new(ready));
    }
    let model = load.equipment.model.as_ref();
    let model_bytes = model.map_or(0, |model| model.bytes.len());
    room::is_enough(load.code.wasm.len(), model_bytes)?;
    Ok(Arc::new(maker.best(load, false)?))
}
