use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use parking_lot::{Condvar, Mutex, MutexGuard};
use wasmtime::EngineWeak;

/// How often running calls look at their deadline.
pub(crate) const TICK: Duration = Duration::from_millis(1);
/// Ticks without a call after which the thread sleeps: calls in close succession do not wake it each time.
const IDLE_TICKS_MAX: u32 = 2;

/// The thread that makes running calls look at their deadline. It sleeps while none runs.
/// Engine, modules and instances share it: it ends with the last of them.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    asleep: AtomicBool,
    closing: AtomicBool,
    engines: Mutex<Vec<EngineWeak>>,
    wake: Condvar,
}

/// A call that runs; the ticker ticks as long as one exists.
pub(crate) struct Running<'a>(&'a Shared);

impl Ticker {
    pub(crate) fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let ticking = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("wasmtime-ticker".to_owned())
            .spawn(move || ticking.run())?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Ticks this engine too.
    pub(crate) fn add(&self, engine: EngineWeak) {
        self.shared.engines.lock().push(engine);
    }

    /// Announces a call: until the value is dropped, epochs advance.
    pub(crate) fn running(&self) -> Running<'_> {
        self.shared.running.fetch_add(1, SeqCst);
        if self.shared.asleep.load(SeqCst) {
            self.shared.wake();
        }
        Running(&self.shared)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.closing.store(true, SeqCst);
        self.shared.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that ends wasmtime calls at their deadline panicked");
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

impl Shared {
    /// Takes the lock that the thread holds from when it says that it is asleep until it waits: no wake is lost.
    fn wake(&self) {
        drop(self.engines.lock());
        self.wake.notify_one();
    }

    fn run(&self) {
        let mut idle_ticks = 0;
        let mut engines = self.engines.lock();
        while !self.closing.load(SeqCst) {
            if self.running.load(SeqCst) > 0 {
                idle_ticks = 0;
            } else if idle_ticks >= IDLE_TICKS_MAX {
                self.sleep(&mut engines);
                idle_ticks = 0;
                continue;
            } else {
                idle_ticks += 1;
            }
            self.wake.wait_for(&mut engines, TICK);
            engines.retain(|engine| match engine.upgrade() {
                Some(engine) => {
                    engine.increment_epoch();
                    true
                }
                None => false,
            });
        }
    }

    fn sleep(&self, engines: &mut MutexGuard<'_, Vec<EngineWeak>>) {
        self.asleep.store(true, SeqCst);
        while self.running.load(SeqCst) == 0 && !self.closing.load(SeqCst) {
            self.wake.wait(engines);
        }
        self.asleep.store(false, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn reached(mut what: impl FnMut() -> bool) -> bool {
        let ends = Instant::now() + Duration::from_secs(30);
        while !what() {
            if Instant::now() > ends {
                return false;
            }
            thread::yield_now();
        }
        true
    }

    #[test]
    fn it_sleeps_while_nothing_runs_and_wakes_when_something_does() {
        let ticker = Ticker::start().expect("a thread");
        let asleep = || ticker.shared.asleep.load(SeqCst);
        for _ in 0..3 {
            assert!(reached(asleep), "it sleeps");
            let running = ticker.running();
            assert!(reached(|| !asleep()), "it wakes");
            drop(running);
        }
    }

    #[test]
    fn it_ends_with_its_last_user() {
        let ticker = Ticker::start().expect("a thread");
        let shared = Arc::downgrade(&ticker.shared);
        drop(ticker);
        assert_eq!(shared.strong_count(), 0, "the thread held the other one");
    }
}
