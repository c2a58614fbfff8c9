use std::{num::NonZeroUsize, sync::Arc};

use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::yield_now,
};
use weir_health::Observed;
use weir_pipeline::Journey;
use weir_transport::Sink;

use crate::{
    clock::Clock,
    lane::{Job, StartError},
    models::Guests,
    pulse::Working,
    runner::Runner,
};

/// What a shard is made of.
pub(crate) struct ShardPlan {
    /// For messages.
    pub(crate) lane: String,
    pub(crate) guests: Guests,
    pub(crate) observed: Arc<Observed>,
    pub(crate) journey: Journey,
    pub(crate) devices_max: NonZeroUsize,
    pub(crate) clock: Clock,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) way_out: oneshot::Receiver<Sink>,
    pub(crate) working: Working,
}

/// A lane's share of devices with a guest of its own, on the thread that opened it.
pub(crate) struct Shard {
    runner: Runner,
    jobs: mpsc::Receiver<Job>,
    way_out: oneshot::Receiver<Sink>,
    working: Working,
}

impl Shard {
    /// Opens the guest.
    pub(crate) fn open(plan: ShardPlan) -> Result<Self, StartError> {
        let ShardPlan {
            guests,
            observed,
            journey,
            devices_max,
            clock,
            jobs,
            way_out,
            working,
            ..
        } = plan;
        Ok(Self {
            runner: Runner::open(guests, journey, devices_max, observed, clock)?,
            jobs,
            way_out,
            working,
        })
    }

    /// Works until the queue is closed or nothing can be published any more. After each message the other shards of the
    /// thread have their turn. Better code for the guest is taken between two messages.
    pub(crate) async fn run(self) {
        let Self {
            mut runner,
            mut jobs,
            way_out,
            working,
        } = self;
        let Ok(sink) = way_out.await else {
            return;
        };
        let woken = Arc::new(Notify::new());
        runner.improve(&woken);
        loop {
            let job = tokio::select! {
                biased;
                () = woken.notified() => {
                    working.at(|| runner.take_better());
                    continue;
                }
                job = jobs.recv() => job,
            };
            let Some(job) = job else {
                return;
            };
            let Job {
                message,
                origin,
                ticket,
                accepted,
            } = job;
            match working.at(|| runner.run(&message, origin, accepted)) {
                None => ticket.settle(),
                Some(settled) => {
                    for outgoing in settled.into_outgoing(ticket) {
                        if sink.send(outgoing).await.is_err() {
                            return;
                        }
                    }
                    working.at(|| runner.renew());
                }
            }
            yield_now().await;
        }
    }
}
