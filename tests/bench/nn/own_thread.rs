use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};

use crate::runner::{Runner, Turn};

/// What interpreters need on the thread that they run on, and more.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// A runner on a thread of its own, made there: nothing that one leaves behind in a processor's registers or modes
/// meets another.
pub(crate) struct OwnThread {
    orders: SyncSender<Duration>,
    turns: Receiver<Result<Turn>>,
}

impl OwnThread {
    pub(crate) fn start<R: Runner>(
        name: &str,
        make: impl FnOnce() -> Result<R> + Send + 'static,
    ) -> Result<Self> {
        let (orders, to_do) = sync_channel::<Duration>(1);
        let (done, turns) = sync_channel(1);
        let (made, ready) = sync_channel(1);
        thread::Builder::new()
            .name(name.to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let mut runner = match make() {
                    Ok(runner) => runner,
                    Err(error) => return drop(made.send(Err(error))),
                };
                drop(made.send(Ok(())));
                for turn in to_do {
                    if done.send(runner.turn(turn)).is_err() {
                        return;
                    }
                }
            })
            .context("no thread for it")?;
        ready.recv().context("its thread has ended")??;
        Ok(Self { orders, turns })
    }
}

impl Runner for OwnThread {
    fn turn(&mut self, turn: Duration) -> Result<Turn> {
        self.orders.send(turn).context("its thread has ended")?;
        self.turns.recv().context("its thread has ended")?
    }
}
