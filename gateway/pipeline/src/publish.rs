//! Results and rejects → messages: topic, properties, and the reply that a request asked for.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use weir_payload::RESULT_CONTENT_TYPE;
use weir_profile::{DeviceId, PipelineName, ResultFormat, ResultOptions};
use weir_transport::{Message, Outgoing, Properties, Refusal, Substitute, Text};

use crate::{Reason, RejectCode, Router, pieces::Pieces, reject, reject::About, topics};

const JSON: &str = "application/json";
const CBOR: &str = "application/cbor";
/// The user property that ties traces together (W3C Trace Context); carried over to whatever is published.
const TRACEPARENT: &str = "traceparent";
/// Smaller results have no substitute: a broker that refuses them refuses their reject too.
const SUBSTITUTE_FROM_BYTES: usize = 1024;

/// Where one pipeline's results and rejects go.
#[derive(Debug)]
pub(crate) struct Publisher {
    root: String,
    /// What the topics of results begin with.
    results: String,
    pub(crate) pipeline: PipelineName,
    pub(crate) options: ResultOptions,
    router: Arc<Router>,
    substituted: Arc<AtomicU64>,
}

/// What is published for one message.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) main: Option<Outgoing>,
    pub(crate) reply: Option<Outgoing>,
    pub(crate) refusal: Option<ReplyRefusal>,
}

/// Why a request's response topic got no reply. The result or reject went to its own topic all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyRefusal {
    /// Not a topic that can be published to.
    #[error("the response topic {topic:?} is no topic to publish to")]
    NotATopic {
        /// The topic, cut where it is very long.
        topic: String,
    },
    /// The broker's own.
    #[error("the response topic {topic:?} is the broker's own")]
    Reserved {
        /// The topic, cut where it is very long.
        topic: String,
    },
    /// The reply would come back as a message.
    #[error(
        "the response topic {topic:?} is one that Weir uses or a pipeline takes: the reply would come back"
    )]
    Loop {
        /// The topic, cut where it is very long.
        topic: String,
    },
}

impl Publisher {
    pub(crate) fn new(
        root: String,
        pipeline: PipelineName,
        options: ResultOptions,
        router: Arc<Router>,
        substituted: Arc<AtomicU64>,
    ) -> Self {
        Self {
            results: topics::results(&root, &pipeline),
            root,
            pipeline,
            options,
            router,
            substituted,
        }
    }

    /// Where a device's results go.
    pub(crate) fn result_topic(&self, device: &DeviceId, pieces: &mut Pieces) -> Text {
        pieces.text([&self.results, device.as_str()])
    }

    pub(crate) fn result(
        self: &Arc<Self>,
        message: &Message,
        device: &DeviceId,
        about: About<'_>,
        (topic, payload): (Text, Bytes),
    ) -> Published {
        let large = payload.len() >= SUBSTITUTE_FROM_BYTES;
        let (reply, refusal) = self.reply(message, &payload, self.content_type());
        let main = (reply.is_none() || !self.options.reply_only).then(|| Outgoing {
            retain: self.options.retain,
            ..self.outgoing(topic, payload, properties(message, self.content_type()))
        });
        let answered_there_only = main.is_none();
        let substitute = |outgoing: Option<Outgoing>, reply: bool| {
            let mut outgoing = outgoing?;
            if large {
                let oversized = Oversized::new(self, about, device, reply, answered_there_only);
                outgoing.substitute = Some(Arc::new(oversized));
            }
            Some(outgoing)
        };
        Published {
            main: substitute(main, false),
            reply: substitute(reply, true),
            refusal,
        }
    }

    pub(crate) fn reject(
        &self,
        message: &Message,
        device: Option<&DeviceId>,
        about: About<'_>,
        reason: &Reason,
    ) -> Published {
        let payload = reject::write(about, reason);
        let (reply, refusal) = self.reply(message, &payload, JSON);
        let topic = topics::reject(&self.root, &self.pipeline, device);
        Published {
            main: Some(self.outgoing(topic, payload, properties(message, JSON))),
            reply,
            refusal,
        }
    }

    const fn content_type(&self) -> &'static str {
        match self.options.format {
            ResultFormat::Json => JSON,
            ResultFormat::Cbor => CBOR,
            ResultFormat::Postcard => RESULT_CONTENT_TYPE,
        }
    }

    fn outgoing(&self, topic: impl Into<Text>, payload: Bytes, properties: Properties) -> Outgoing {
        Outgoing {
            qos: self.options.qos,
            properties,
            ..Outgoing::new(topic, payload)
        }
    }

    fn reply(
        &self,
        message: &Message,
        payload: &Bytes,
        content_type: &'static str,
    ) -> (Option<Outgoing>, Option<ReplyRefusal>) {
        let Some(topic) = &message.properties.response_topic else {
            return (None, None);
        };
        if let Err(refusal) = self.check_reply(topic) {
            return (None, Some(refusal));
        }
        let properties = Properties {
            correlation_data: message.properties.correlation_data.clone(),
            ..properties(message, content_type)
        };
        let reply = self.outgoing(topic.clone(), payload.clone(), properties);
        (Some(reply), None)
    }

    fn check_reply(&self, topic: &str) -> Result<(), ReplyRefusal> {
        let cut = || topic.chars().take(80).collect();
        let control = |character: char| matches!(character, '+' | '#') || character.is_control();
        if topic.is_empty() || topic.len() > usize::from(u16::MAX) || topic.contains(control) {
            return Err(ReplyRefusal::NotATopic { topic: cut() });
        }
        if topic.starts_with('$') {
            return Err(ReplyRefusal::Reserved { topic: cut() });
        }
        if self.router.takes(topic) {
            return Err(ReplyRefusal::Loop { topic: cut() });
        }
        Ok(())
    }
}

fn properties(message: &Message, content_type: &'static str) -> Properties {
    let trace = message
        .properties
        .user
        .iter()
        .find(|(key, _)| key == TRACEPARENT);
    Properties {
        content_type: Some(Text::from_static(content_type)),
        user: trace.cloned().into_iter().collect(),
        ..Properties::default()
    }
}

/// The reject that takes a result's place where the transport can never send the result.
#[derive(Debug)]
struct Oversized {
    publisher: Arc<Publisher>,
    id: String,
    time_us: i64,
    device: DeviceId,
    topic: String,
    /// The payload's first bytes.
    start: Vec<u8>,
    reply: bool,
    /// Whether this message is the one that is counted.
    counted: bool,
}

impl Oversized {
    fn new(
        publisher: &Arc<Publisher>,
        about: About<'_>,
        device: &DeviceId,
        reply: bool,
        reply_only: bool,
    ) -> Self {
        Self {
            publisher: Arc::clone(publisher),
            id: about.id.to_owned(),
            time_us: about.time_us,
            device: device.clone(),
            topic: about.topic.to_owned(),
            start: reject::start(about.payload).to_vec(),
            reply,
            counted: !reply || reply_only,
        }
    }
}

impl Substitute for Oversized {
    fn substitute(&self, refused: Outgoing, why: &Refusal) -> Option<Outgoing> {
        let publisher = &self.publisher;
        if self.counted {
            publisher.substituted.fetch_add(1, Ordering::Relaxed);
        }
        let about = About {
            id: &self.id,
            time_us: self.time_us,
            pipeline: publisher.pipeline.as_str(),
            device: Some(self.device.as_str()),
            topic: &self.topic,
            payload: &self.start,
        };
        let reason = Reason::new(RejectCode::ResultTooLarge, why.to_string());
        let topic = if self.reply {
            refused.topic
        } else {
            topics::reject(&publisher.root, &publisher.pipeline, Some(&self.device)).into()
        };
        Some(Outgoing {
            topic,
            payload: reject::write(about, &reason),
            retain: false,
            properties: Properties {
                content_type: Some(Text::from_static(JSON)),
                ..refused.properties
            },
            substitute: None,
            ..refused
        })
    }
}

/// What a result or reject says of its message.
pub(crate) fn about<'a>(
    id: &'a str,
    time_us: i64,
    pipeline: &'a PipelineName,
    device: Option<&'a DeviceId>,
    message: &'a Message,
) -> About<'a> {
    About {
        id,
        time_us,
        pipeline: pipeline.as_str(),
        device: device.map(DeviceId::as_str),
        topic: &message.topic,
        payload: &message.payload,
    }
}

#[cfg(test)]
mod tests;
