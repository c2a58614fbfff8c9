use std::{
    error::Error,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use weir_engine::Tensor;
use weir_health::{LastResult, Observed, Rejected, Resulted, Windowed};
use weir_pipeline::{Arrival, Best, Inputs, Journey, Kind, Reason, Settled, Step, Timing};
use weir_profile::DeviceId;
use weir_transport::Message;

use crate::{
    clock::{Clock, micros},
    keeper::Failure,
    lane::Refused,
    models::{DoesNotOpen, Guests, Models},
    states::States,
};

/// One guest with its models and everything that its messages need. Lives on the thread that opened it.
pub struct Runner {
    models: Models,
    states: States,
    journey: Journey,
    outputs: Vec<Tensor>,
    observed: Arc<Observed>,
    clock: Clock,
}

impl Runner {
    /// Opens the guest with each model; at most `devices_max` devices have their state kept. The journey lets messages
    /// name the same models in the same order.
    ///
    /// # Errors
    /// Fails where the guest cannot be opened under its limits.
    pub fn open(
        guests: impl Into<Guests>,
        journey: Journey,
        devices_max: NonZeroUsize,
        observed: Arc<Observed>,
        clock: Clock,
    ) -> Result<Self, DoesNotOpen> {
        let models = Models::open(guests.into(), &observed)?;
        let states = States::new(models.signatures(), devices_max);
        Ok(Self {
            models,
            states,
            journey,
            outputs: Vec::new(),
            observed,
            clock,
        })
    }

    /// One message to its end: what is published for it, or none where it entered a window.
    pub fn run(
        &mut self,
        message: &Message,
        origin: Result<DeviceId, Refused>,
        accepted: Instant,
    ) -> Option<Settled> {
        let at = self.clock.at(accepted);
        let ended = match &origin {
            Ok(device) => self.travel(Arrival {
                message,
                device,
                accepted: at,
            }),
            Err(Refused { device, reason }) => {
                let settled = self.journey.refuse(message, device.as_ref(), at, reason);
                Some((settled, Duration::ZERO))
            }
        };
        let Some((settled, infer)) = ended else {
            Windowed.emit(&self.observed);
            return None;
        };
        self.note(&settled, message, origin.ok(), accepted.elapsed(), infer);
        Some(settled)
    }

    /// Makes what the next message needs ready, once the last one's result is on its way.
    pub fn renew(&mut self) {
        self.models.renew(Instant::now);
    }

    /// Has better code for the guest made, where there can be; `woken` is told once it is there.
    pub(crate) fn improve(&self, woken: &Arc<Notify>) {
        self.models.improve(woken);
    }

    /// Goes on with better code, where it was made.
    pub(crate) fn take_better(&mut self) {
        self.models.take_better();
    }

    /// What the guest was given last.
    #[must_use]
    pub fn inputs(&self) -> Inputs<'_> {
        self.journey.inputs()
    }

    fn travel(&mut self, arrival: Arrival<'_>) -> Option<(Settled, Duration)> {
        match self.journey.take(arrival) {
            Step::Windowed => None,
            Step::Reject(settled) => Some((*settled, Duration::ZERO)),
            Step::Infer => Some(self.infer(arrival)),
        }
    }

    fn infer(&mut self, arrival: Arrival<'_>) -> (Settled, Duration) {
        let begin = Instant::now();
        let model = self.journey.model();
        let signature = self.models.signature(model);
        let state = self.states.of(arrival.device, model, signature);
        let inputs = self.journey.inputs();
        let predicted = self
            .models
            .predict(model, Instant::now, &inputs, state, &mut self.outputs);
        let infer = begin.elapsed();
        let settled = match predicted {
            Ok(()) => {
                let finished_us = self.clock.now().monotonic_us;
                let timing = Timing {
                    infer_us: micros(infer),
                    finished_us,
                };
                self.journey.finish(arrival, &self.outputs, timing)
            }
            Err(failure) => self.journey.fail(arrival, &reason(&failure)),
        };
        (settled, infer)
    }

    fn note(
        &self,
        settled: &Settled,
        message: &Message,
        device: Option<DeviceId>,
        latency: Duration,
        infer: Duration,
    ) {
        if let Some(refusal) = &settled.reply_refused {
            tracing::warn!(pipeline = self.observed.pipeline(), "no reply: {refusal}");
        }
        match &settled.kind {
            Kind::Reject(reason) => {
                let event = Rejected {
                    code: reason.code,
                    words: &reason.words,
                    topic: &message.topic,
                };
                event.emit(&self.observed);
            }
            Kind::Result(Best { label, confidence }) => {
                let result = LastResult {
                    device,
                    label: label.clone(),
                    confidence: *confidence,
                };
                Resulted {
                    latency,
                    infer,
                    result,
                }
                .emit(&self.observed);
            }
        }
    }
}

fn reason(failure: &Failure) -> Reason {
    Reason::coded(failure.code(), words(failure))
}

/// A failure with all its causes.
pub(crate) fn words(failure: &Failure) -> String {
    chain(failure)
}

/// An error with all its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |words, cause| {
        format!("{words}: {cause}")
    })
}
