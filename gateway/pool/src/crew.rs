use std::{
    io,
    num::NonZeroUsize,
    sync::mpsc::{SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
    task::{JoinSet, LocalSet},
};

use crate::{
    lane::StartError,
    shard::{Shard, ShardPlan},
};

/// Threads for each core. Up to so many shards have a thread each, and the system is fair between them; beyond, those on
/// one thread take turns, message by message, so that a node with many pipelines does not wake a thread for each.
const THREADS_PER_CORE: usize = 4;

/// The threads that guests run on. A shard of a lane is pinned to one of them: its guest never leaves the thread that
/// opened it.
#[derive(Debug)]
pub struct Crew {
    members: Vec<Member>,
    /// The one that gets the next shard.
    next: usize,
}

#[derive(Debug)]
struct Member {
    orders: mpsc::Sender<Order>,
    thread: JoinHandle<()>,
}

/// A shard that a thread is to open, and whom it tells how that went.
struct Order {
    plan: ShardPlan,
    opened: SyncSender<Result<(), StartError>>,
}

impl Crew {
    /// Starts threads for so many shards, as many as this machine's cores serve well, each with this native stack.
    ///
    /// # Errors
    /// Fails where the system gives no thread.
    pub fn start(shards: NonZeroUsize, stack_bytes: usize) -> io::Result<Self> {
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let threads = shards.get().min(cores.get() * THREADS_PER_CORE);
        let members = (0..threads).map(|index| Member::start(index, stack_bytes));
        Ok(Self {
            members: members.collect::<io::Result<_>>()?,
            next: 0,
        })
    }

    /// Has the next thread open a shard, and waits until it has.
    pub(crate) fn place(&mut self, plan: ShardPlan) -> Result<(), StartError> {
        let member = &self.members[self.next % self.members.len()];
        self.next = self.next.wrapping_add(1);
        let lane = plan.lane.clone();
        let (opened, ready) = sync_channel(1);
        let given = member.orders.try_send(Order { plan, opened });
        match given.map(|()| ready.recv()) {
            Ok(Ok(opened)) => opened,
            Ok(Err(_)) | Err(_) => Err(StartError::Ended { lane }),
        }
    }

    /// Waits until every lane has finished, which each does once it is dropped, and ends the threads.
    pub fn finish(self) {
        for Member { orders, thread } in self.members {
            drop(orders);
            if thread.join().is_err() {
                tracing::error!("a guests' thread panicked: its messages were not acknowledged");
            }
        }
    }
}

impl Member {
    fn start(index: usize, stack_bytes: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().build()?;
        // One order at a time: each is waited for.
        let (orders, received) = mpsc::channel(1);
        let thread = thread::Builder::new()
            .name(format!("guests-{index}"))
            .stack_size(stack_bytes)
            .spawn(move || work(&runtime, received))?;
        Ok(Self { orders, thread })
    }
}

/// Opens shards and runs them, until there are no more orders and every shard has finished.
fn work(runtime: &Runtime, mut orders: mpsc::Receiver<Order>) {
    LocalSet::new().block_on(runtime, async move {
        let mut shards = JoinSet::new();
        while let Some(Order { plan, opened }) = orders.recv().await {
            let said = Shard::open(plan).map(|shard| {
                shards.spawn_local(shard.run());
            });
            if opened.send(said).is_err() {
                tracing::error!("nobody waits for a guest that was opened");
            }
        }
        while let Some(ended) = shards.join_next().await {
            if ended.is_err() {
                tracing::error!("a pipeline's guest panicked: its messages were not acknowledged");
            }
        }
    });
}
