use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crate::{engines, tally::Tally};

/// Something that is tried seed by seed.
pub(crate) trait Trial {
    fn try_seed(&mut self, seed: u64);

    fn tally(self) -> Tally;
}

/// Tries every seed, on every core; each core has a trial of its own.
pub(crate) fn run<T: Trial>(seeds: &[u64], start: impl Fn() -> T + Sync) -> Tally {
    let next = AtomicUsize::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let stack = engines::thread_stack_bytes();
    let work = || {
        let mut trial = start();
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            trial.try_seed(*seed);
        }
        trial.tally()
    };
    thread::scope(|scope| {
        let spawn = |_| {
            let thread = thread::Builder::new().stack_size(stack);
            thread.spawn_scoped(scope, work).expect("a thread")
        };
        let threads: Vec<_> = (0..cores).map(spawn).collect();
        let mut all = Tally::default();
        for thread in threads {
            all.add(thread.join().expect("no panic"));
        }
        all
    })
}
