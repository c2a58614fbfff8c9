use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Instant,
};

use ort::session::RunOptions;
use parking_lot::{Condvar, Mutex};

/// The thread that ends runs at their deadline. It sleeps until the next one.
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

/// One run for each thread of a guest: no more than there are instances.
#[derive(Default)]
struct State {
    runs: Vec<Watched>,
    last: u64,
    /// Until when the thread sleeps; none = until it is woken.
    sleeps_until: Option<Instant>,
    closing: bool,
}

struct Watched {
    number: u64,
    ends: Instant,
    options: Arc<RunOptions>,
    ended: bool,
}

/// A run that is watched until this is dropped.
pub(super) struct Watch<'w> {
    shared: &'w Shared,
    number: u64,
}

impl Watchdog {
    pub(super) fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let watching = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("nn-watchdog".to_owned())
            .spawn(move || watching.run())?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Ends what runs with these options at a deadline.
    pub(super) fn watch(&self, ends: Instant, options: &Arc<RunOptions>) -> Watch<'_> {
        let mut state = self.shared.state.lock();
        state.last = state.last.wrapping_add(1);
        let number = state.last;
        state.runs.push(Watched {
            number,
            ends,
            options: Arc::clone(options),
            ended: false,
        });
        if state.sleeps_until.is_none_or(|until| ends < until) {
            self.shared.wake.notify_one();
        }
        Watch {
            shared: &self.shared,
            number,
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.state.lock().closing = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that ends runs of ONNX Runtime panicked");
        }
    }
}

impl Watch<'_> {
    /// The run is over; whether its deadline passed.
    pub(super) fn end(self) -> bool {
        self.shared.forget(self.number)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.shared.forget(self.number);
    }
}

impl Shared {
    /// What was ended can be run again.
    fn forget(&self, number: u64) -> bool {
        let mut state = self.state.lock();
        let found = state.runs.iter().position(|run| run.number == number);
        let Some(at) = found else { return false };
        let run = state.runs.swap_remove(at);
        drop(state);
        if run.ended
            && let Err(error) = run.options.unterminate()
        {
            tracing::error!(%error, "a run of ONNX Runtime cannot be allowed again");
        }
        run.ended || Instant::now() >= run.ends
    }

    fn run(&self) {
        let mut state = self.state.lock();
        while !state.closing {
            let now = Instant::now();
            for run in state.runs.iter_mut().filter(|run| run.ends <= now) {
                if !run.ended
                    && let Err(error) = run.options.terminate()
                {
                    tracing::error!(%error, "a run of ONNX Runtime cannot be ended");
                }
                run.ended = true;
            }
            let open = state.runs.iter().filter(|run| !run.ended);
            state.sleeps_until = open.map(|run| run.ends).min();
            match state.sleeps_until {
                Some(until) => {
                    self.wake.wait_until(&mut state, until);
                }
                None => self.wake.wait(&mut state),
            }
        }
    }
}
