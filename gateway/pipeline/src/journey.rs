use std::{
    num::NonZeroUsize,
    sync::{Arc, atomic::AtomicU64},
};

use weir_engine::Tensor;
use weir_profile::{DeviceId, ModelName, NodeName, Pipeline, ResultOptions};
use weir_transport::Message;

pub use crate::window::WindowCounts;
use crate::{
    Binding, Inputs, Kind, Now, Reason, RejectCode, Router, Settled, Timing,
    decode::{Intake, Origin as Source, Ready},
    identity::Identities,
    model::Allowed,
    pieces::Pieces,
    publish::{Publisher, about},
    result::{Facts, ResultWriter},
};

/// Everything of a pipeline that one guest's thread needs besides the guest: from a message to the guest's inputs,
/// and from its outputs to what is published.
///
/// One for each shard of a pipeline under one device profile. A device's messages must all come to the same shard:
/// its window is there. Memory is used again from message to message.
///
/// A message goes through [`Journey::take`], then, where the step is [`Step::Infer`], through the guest and
/// [`Journey::finish`] or [`Journey::fail`]. Every message ends in exactly one of: result, reject, windowed.
#[derive(Debug)]
pub struct Journey {
    origin: Origin,
    payload_bytes_max: usize,
    intake: Intake,
    identities: Identities,
    /// The identity of the message that was taken last.
    id: String,
    /// For each model, in the order of the intake.
    ends: Vec<End>,
    publisher: Arc<Publisher>,
    pieces: Pieces,
}

/// How the results of one model are written.
#[derive(Debug)]
struct End {
    model_version: Option<String>,
    writer: ResultWriter,
}

/// What the results of a journey say of where they come from, and its bounds.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The node.
    pub node: NodeName,
    /// The root of Weir's own topics.
    pub root: String,
    /// Name and version of the guest: `tinynn@1.0.0`.
    pub guest: String,
    /// Name and version of the pipeline's own model, where there is one.
    pub model_version: Option<String>,
    /// The engine's name.
    pub engine: &'static str,
    /// The first number of the counter in identities; later than any that an earlier run reached (its start in
    /// seconds, say), or a result's identity comes back after a restart.
    pub counter_start: u64,
    /// Bytes of a payload that the device profile allows.
    pub payload_bytes_max: usize,
    /// The number of journeys that share the pipeline's devices, and with them the greatest number of windows.
    pub shards: NonZeroUsize,
    /// Counts the results that left as rejects (`result_too_large`) because the broker takes no packet of their size:
    /// results less, rejects more.
    pub substituted: Arc<AtomicU64>,
}

/// A message that a pipeline accepted.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The message.
    pub message: &'a Message,
    /// The device that its topic names.
    pub device: &'a DeviceId,
    /// When it was accepted.
    pub accepted: Now,
}

/// What is next for a message.
#[derive(Debug)]
pub enum Step {
    /// The guest is to run on [`Journey::inputs`].
    Infer,
    /// It entered a window and completed none: it is settled.
    Windowed,
    /// It is refused.
    Reject(Box<Settled>),
}

impl Journey {
    /// A journey of a pipeline whose model fits ([`Binding::new`]).
    #[must_use]
    pub fn new(pipeline: &Pipeline, binding: Binding, origin: Origin, router: Arc<Router>) -> Self {
        let options = pipeline.result.clone();
        let end = End::new(&options, &binding, origin.model_version.clone());
        let mut intake = Intake::new(binding, origin.shards);
        intake.allowed = Allowed::new(pipeline.model.as_ref());
        let identities = Identities::new(&origin.node, &pipeline.name, origin.counter_start);
        let name = pipeline.name.clone();
        let publisher = Publisher::new(
            origin.root.clone(),
            name,
            options,
            router,
            Arc::clone(&origin.substituted),
        );
        Self {
            payload_bytes_max: origin.payload_bytes_max,
            intake,
            identities,
            id: String::new(),
            ends: vec![end],
            publisher: Arc::new(publisher),
            pieces: Pieces::default(),
            origin,
        }
    }

    /// Lets a message name one more model, whose place is the number of those before it. It must fit the same pipeline.
    pub fn allow(&mut self, model: ModelName, binding: Binding, model_version: String) {
        let options = &self.publisher.options;
        let end = End::new(options, &binding, Some(model_version));
        self.ends.push(end);
        self.intake.allow(model, binding, self.origin.shards);
    }

    /// The place of the model that is to run on [`Journey::inputs`]; 0 is the pipeline's own.
    #[must_use]
    pub const fn model(&self) -> usize {
        self.intake.model
    }

    /// From the message to the guest's inputs, a window, or a reject.
    pub fn take(&mut self, arrival: Arrival<'_>) -> Step {
        let Arrival {
            message,
            device,
            accepted,
        } = arrival;
        let taken = self.check_size(message).and_then(|()| {
            let source = Source {
                device,
                arrival_us: accepted.monotonic_us,
                model: self.intake.allowed.property(message),
            };
            self.intake.take(&message.payload, source)
        });
        match taken {
            Ok(false) => Step::Windowed,
            Ok(true) => {
                self.identify(message, device);
                Step::Infer
            }
            Err(reason) => {
                self.identify(message, device);
                Step::Reject(Box::new(self.fail(arrival, &reason)))
            }
        }
    }

    /// The guest's inputs, after [`Step::Infer`] and until the next message is taken.
    #[must_use]
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs::of(self.intake.ready().iter().map(Ready::tensor))
    }

    /// From the guest's outputs (those that are no state) to the result of the message that was taken last.
    pub fn finish(&mut self, arrival: Arrival<'_>, outputs: &[Tensor], timing: Timing) -> Settled {
        let Arrival {
            message,
            device,
            accepted,
        } = arrival;
        let end = &mut self.ends[self.intake.model];
        let facts = Facts {
            id: &self.id,
            time_us: accepted.wall_us,
            pipeline: self.publisher.pipeline.as_str(),
            device: device.as_str(),
            model_version: end.model_version.as_deref(),
            guest: &self.origin.guest,
            engine: self.origin.engine,
            latency_us: timing.finished_us.saturating_sub(accepted.monotonic_us),
            infer_us: timing.infer_us,
        };
        let (written, best) = match end.writer.write(facts, outputs) {
            Ok(written) => written,
            Err(reason) => return self.fail(arrival, &reason),
        };
        let payload = self.pieces.join(&[written]);
        let topic = self.publisher.result_topic(device, &mut self.pieces);
        let name = &self.publisher.pipeline;
        let about = about(&self.id, accepted.wall_us, name, Some(device), message);
        let published = (self.publisher).result(message, device, about, (topic, payload));
        Settled::new(Kind::Result(best), published)
    }

    /// The reject of the message that was taken last, where the guest gave no result.
    pub fn fail(&mut self, arrival: Arrival<'_>, reason: &Reason) -> Settled {
        self.rejected(
            arrival.message,
            Some(arrival.device),
            arrival.accepted,
            reason,
        )
    }

    /// The reject of a message that was not taken: no device could be named, no room was left, it is too old.
    pub fn refuse(
        &mut self,
        message: &Message,
        device: Option<&DeviceId>,
        accepted: Now,
        reason: &Reason,
    ) -> Settled {
        self.identities.write("", message, device, &mut self.id);
        self.rejected(message, device, accepted, reason)
    }

    /// What happened to this shard's windows.
    #[must_use]
    pub fn window_counts(&self) -> WindowCounts {
        self.intake.window_counts()
    }

    fn identify(&mut self, message: &Message, device: &DeviceId) {
        let own = &self.intake.id;
        self.identities
            .write(own, message, Some(device), &mut self.id);
    }

    fn check_size(&mut self, message: &Message) -> Result<(), Reason> {
        let (bytes, bytes_max) = (message.payload.len(), self.payload_bytes_max);
        if bytes > bytes_max {
            self.intake.id.clear();
            let words = format!("{bytes} bytes, the device profile allows {bytes_max}");
            return Err(Reason::new(RejectCode::PayloadTooLarge, words));
        }
        Ok(())
    }

    fn rejected(
        &self,
        message: &Message,
        device: Option<&DeviceId>,
        accepted: Now,
        reason: &Reason,
    ) -> Settled {
        let name = &self.publisher.pipeline;
        let about = about(&self.id, accepted.wall_us, name, device, message);
        let published = self.publisher.reject(message, device, about, reason);
        Settled::new(Kind::Reject(reason.clone()), published)
    }
}

impl End {
    fn new(options: &ResultOptions, binding: &Binding, model_version: Option<String>) -> Self {
        let labels = binding.labels.clone();
        Self {
            model_version,
            writer: ResultWriter::new(options.clone(), labels, binding.softmax),
        }
    }
}

#[cfg(test)]
mod models_tests;
#[cfg(test)]
mod tests;
