//! Deliveries → lanes: each message goes to every pipeline that takes it, in the order of arrival.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use tokio::sync::mpsc;
use weir_health::{Accepted, Observed};
use weir_pipeline::{Reason, Routed, Router};
use weir_pool::{Crew, Job, Lane, Pulse, Refused};
use weir_profile::DeviceId;
use weir_transport::{Delivery, Message, Sink, Ticket};

/// One pipeline as the intake sees it.
pub(crate) struct Running {
    pub(crate) observed: Arc<Observed>,
    /// The first is that of the pipeline's own profile.
    pub(crate) lanes: Vec<Lane>,
    /// Devices with a profile of their own: their lane, or why they have none.
    pub(crate) devices: BTreeMap<DeviceId, Result<usize, Reason>>,
}

/// The way of a message from the broker to the guests.
pub(crate) struct Intake {
    router: Arc<Router>,
    pipelines: Vec<Running>,
    crew: Crew,
}

impl Intake {
    pub(crate) const fn new(router: Arc<Router>, pipelines: Vec<Running>, crew: Crew) -> Self {
        Self {
            router,
            pipelines,
            crew,
        }
    }

    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    /// Whether each shard comes back from its work, with its pipeline's name.
    pub(crate) fn pulses(&self) -> Vec<(String, Pulse)> {
        let pipelines = self.pipelines.iter();
        let pulses = pipelines.flat_map(|running| {
            let pulses = running.lanes.iter().flat_map(Lane::pulses);
            pulses.map(|pulse| (running.observed.pipeline().to_owned(), pulse.clone()))
        });
        pulses.collect()
    }

    /// Gives every lane the way out.
    pub(crate) fn connect(&mut self, sink: &Sink) {
        let pipelines = self.pipelines.iter_mut();
        let lanes = pipelines.flat_map(|pipeline| &mut pipeline.lanes);
        lanes.for_each(|lane| lane.connect(sink));
    }

    /// Routes until the deliveries end, then waits for the lanes to finish what they have.
    pub(crate) async fn run(self, mut deliveries: mpsc::Receiver<Delivery>) {
        while let Some(Delivery { message, ticket }) = deliveries.recv().await {
            self.route(Arc::new(message), &ticket).await;
            ticket.settle();
        }
        drop(self.pipelines);
        let finishing = tokio::task::spawn_blocking(move || self.crew.finish());
        if finishing.await.is_err() {
            tracing::error!("the end of the guests' threads could not be waited for");
        }
    }

    async fn route(&self, message: Arc<Message>, ticket: &Ticket) {
        let accepted = Instant::now();
        for Routed { pipeline, device } in self.router.route(&message) {
            let running = &self.pipelines[pipeline];
            Accepted.emit(&running.observed);
            let (lane, origin) = running.lane(device);
            let (message, ticket) = (Arc::clone(&message), ticket.clone());
            if lane
                .send(Job {
                    message,
                    origin,
                    ticket,
                    accepted,
                })
                .await
                .is_err()
            {
                tracing::error!("a guest has ended: its messages stay unacknowledged");
            }
        }
    }
}

impl Running {
    /// The lane that serves a device; refused messages go to the first, whose shard writes the reject.
    fn lane(&self, device: Result<DeviceId, Reason>) -> (&Lane, Result<DeviceId, Refused>) {
        let own = &self.lanes[0];
        match device {
            Err(reason) => (
                own,
                Err(Refused {
                    device: None,
                    reason,
                }),
            ),
            Ok(device) => match self.devices.get(&device) {
                None => (own, Ok(device)),
                Some(Ok(lane)) => (&self.lanes[*lane], Ok(device)),
                Some(Err(reason)) => {
                    let reason = reason.clone();
                    (
                        own,
                        Err(Refused {
                            device: Some(device),
                            reason,
                        }),
                    )
                }
            },
        }
    }
}
