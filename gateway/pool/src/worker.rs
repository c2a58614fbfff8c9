use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender},
    },
};

use tokio::sync::mpsc;
use weir_health::Observed;
use weir_pipeline::Journey;
use weir_transport::Sink;

use crate::{
    clock::Clock,
    lane::Job,
    models::{DoesNotOpen, Guests},
    runner::Runner,
};

/// What a thread is started with.
pub(crate) struct Plan {
    pub(crate) guests: Guests,
    pub(crate) observed: Arc<Observed>,
    pub(crate) journey: Journey,
    pub(crate) devices_max: NonZeroUsize,
    pub(crate) clock: Clock,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) way_out: Receiver<Sink>,
}

/// Opens the guest, says so, and works until the queue is closed or nothing can be published any more.
pub(crate) fn run(plan: Plan, opened: &SyncSender<Result<(), DoesNotOpen>>) {
    let Plan {
        guests,
        observed,
        journey,
        devices_max,
        clock,
        mut jobs,
        way_out,
    } = plan;
    let (runner, said) = match Runner::open(guests, journey, devices_max, observed, clock) {
        Ok(runner) => (Some(runner), Ok(())),
        Err(error) => (None, Err(error)),
    };
    if opened.send(said).is_err() {
        return;
    }
    let (Some(mut runner), Ok(sink)) = (runner, way_out.recv()) else {
        return;
    };
    while let Some(Job {
        message,
        origin,
        ticket,
        accepted,
    }) = next(&mut jobs)
    {
        let Some(settled) = runner.run(&message, origin, accepted) else {
            ticket.settle();
            continue;
        };
        for outgoing in settled.into_outgoing(ticket) {
            if sink.send_blocking(outgoing).is_err() {
                return;
            }
        }
        runner.renew();
    }
}

/// The next message: one that waits already at once, else the thread sleeps until one comes.
fn next(jobs: &mut mpsc::Receiver<Job>) -> Option<Job> {
    jobs.try_recv().ok().or_else(|| jobs.blocking_recv())
}
