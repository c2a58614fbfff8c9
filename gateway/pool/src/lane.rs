use std::{
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroUsize,
    sync::Arc,
    time::Instant,
};

use tokio::sync::{mpsc, oneshot};
use weir_health::Observed;
use weir_pipeline::{Journey, Reason};
use weir_profile::DeviceId;
use weir_transport::{Message, Sink, Ticket};

use crate::{
    clock::Clock,
    crew::Crew,
    models::{DoesNotOpen, Guests},
    pulse::Pulse,
    shard::ShardPlan,
};

/// What a lane is made of.
pub struct LanePlan {
    /// For messages.
    pub name: String,
    /// The guest with each model that a message may name; the memory is that of all shards together.
    pub guests: Guests,
    /// Shards, each with an instance of the guest.
    pub instances: NonZeroUsize,
    /// Messages that may wait, over all shards.
    pub queue_messages_max: NonZeroUsize,
    /// Devices whose state is kept, over all shards.
    pub state_devices_max: NonZeroUsize,
    /// One journey for each shard.
    pub journeys: Vec<Journey>,
    /// Where to count.
    pub observed: Arc<Observed>,
    /// One clock for every lane of a node.
    pub clock: Clock,
}

/// One message for one pipeline.
#[derive(Debug)]
pub struct Job {
    /// The message, shared with the other pipelines that take it.
    pub message: Arc<Message>,
    /// The device that sent it, or why the message is refused before a guest is asked.
    pub origin: Result<DeviceId, Refused>,
    /// Settled once what follows from the message is safe.
    pub ticket: Ticket,
    /// When it was accepted.
    pub accepted: Instant,
}

/// A message that no guest is asked about.
#[derive(Debug)]
pub struct Refused {
    /// The device, where it could be named.
    pub device: Option<DeviceId>,
    /// Why.
    pub reason: Reason,
}

/// One pipeline under one device profile, its guests open: some shards, each pinned to a thread. It takes no more once it
/// is dropped, and what waits is finished.
#[derive(Debug)]
pub struct Lane {
    queues: Vec<mpsc::Sender<Job>>,
    sinks: Vec<oneshot::Sender<Sink>>,
    pulses: Vec<Pulse>,
}

/// Looks at a lane's queues without keeping them open.
#[derive(Debug)]
pub struct Backlog(Vec<mpsc::WeakSender<Job>>);

impl Backlog {
    /// Messages that wait for a guest.
    #[must_use]
    pub fn queued(&self) -> usize {
        let queues = self.0.iter().filter_map(mpsc::WeakSender::upgrade);
        queues
            .map(|queue| queue.max_capacity() - queue.capacity())
            .sum()
    }
}

/// Why a lane does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The guest cannot be opened.
    #[error(transparent)]
    Guest(#[from] DoesNotOpen),
    /// The thread ended before it said whether the guest is open.
    #[error("the thread that opens guests has ended")]
    Ended {
        /// The lane.
        lane: String,
    },
}

/// A shard of the lane has ended.
#[derive(Debug, thiserror::Error)]
#[error("the pipeline's guest has ended")]
pub struct LaneClosed;

impl Lane {
    /// Opens a guest for each shard, on the threads of a crew. They work once they are connected.
    ///
    /// # Errors
    /// Fails where a guest cannot be opened under its limits.
    pub fn open(mut plan: LanePlan, crew: &mut Crew) -> Result<Self, StartError> {
        plan.guests.share(plan.instances);
        let share = |total: NonZeroUsize| {
            NonZeroUsize::new(total.get() / plan.instances).unwrap_or(NonZeroUsize::MIN)
        };
        let queue_max = share(plan.queue_messages_max).get();
        let devices_max = share(plan.state_devices_max);
        let mut lane = Self {
            queues: Vec::with_capacity(plan.instances.get()),
            sinks: Vec::with_capacity(plan.instances.get()),
            pulses: Vec::with_capacity(plan.instances.get()),
        };
        for journey in plan.journeys {
            let (queue, jobs) = mpsc::channel(queue_max);
            let (sink, way_out) = oneshot::channel();
            let (pulse, working) = Pulse::of(&plan.guests);
            crew.place(ShardPlan {
                lane: plan.name.clone(),
                guests: plan.guests.clone(),
                observed: Arc::clone(&plan.observed),
                journey,
                devices_max,
                clock: plan.clock,
                jobs,
                way_out,
                working,
            })?;
            lane.queues.push(queue);
            lane.sinks.push(sink);
            lane.pulses.push(pulse);
        }
        Ok(lane)
    }

    /// Queues a message for its device's shard; waits while that queue is full, which is the back-pressure.
    ///
    /// # Errors
    /// Fails where the shard has ended; the message stays unsettled and the broker sends it again.
    pub async fn send(&self, job: Job) -> Result<(), LaneClosed> {
        let queue = &self.queues[self.shard(job.origin.as_ref().ok())];
        queue.send(job).await.map_err(|_| LaneClosed)
    }

    /// Gives the shards the way out for what they make, which sets them to work. Once is enough.
    pub fn connect(&mut self, sink: &Sink) {
        for shard in self.sinks.drain(..) {
            if shard.send(sink.clone()).is_err() {
                tracing::error!("a guest ended before it was set to work");
            }
        }
    }

    /// A view of the queues.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        Backlog(self.queues.iter().map(mpsc::Sender::downgrade).collect())
    }

    /// Whether each shard comes back from its work.
    #[must_use]
    pub fn pulses(&self) -> &[Pulse] {
        &self.pulses
    }

    fn shard(&self, device: Option<&DeviceId>) -> usize {
        let Some(device) = device.filter(|_| self.queues.len() > 1) else {
            return 0;
        };
        let mut hasher = DefaultHasher::new();
        device.hash(&mut hasher);
        let shards = u64::try_from(self.queues.len()).unwrap_or(1);
        usize::try_from(hasher.finish() % shards).unwrap_or(0)
    }
}
