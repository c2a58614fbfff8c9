use anyhow::{Context, Result};
use bytes::Bytes;
use rumqttc::v5::mqttbytes::{
    QoS,
    v5::{Publish, PublishProperties},
};

/// A message to publish: QoS 1, not retained, without properties, unless it is told otherwise.
#[derive(Debug, Clone)]
#[must_use = "a message goes nowhere by itself"]
pub struct Publication {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) properties: PublishProperties,
}

impl Publication {
    /// A message on `topic`.
    pub fn new(topic: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self {
            topic: topic.into(),
            payload: payload.into(),
            qos: QoS::AtLeastOnce,
            retain: false,
            properties: PublishProperties::default(),
        }
    }

    /// The broker keeps it for later subscribers.
    pub fn retained(mut self) -> Self {
        self.retain = true;
        self
    }

    /// Another quality of service. QoS 2 is not offered: the library does not de-duplicate it.
    pub fn at_most_once(mut self) -> Self {
        self.qos = QoS::AtMostOnce;
        self
    }

    /// Where an answer is wanted.
    pub fn response_topic(mut self, topic: &str) -> Self {
        self.properties.response_topic = Some(topic.to_owned());
        self
    }

    /// What an answer has to carry.
    pub fn correlation_data(mut self, data: &str) -> Self {
        self.properties.correlation_data = Some(Bytes::copy_from_slice(data.as_bytes()));
        self
    }

    /// The media type of the payload.
    pub fn content_type(mut self, content_type: &str) -> Self {
        self.properties.content_type = Some(content_type.to_owned());
        self
    }

    /// A user property, such as `traceparent`.
    pub fn user_property(mut self, key: &str, value: &str) -> Self {
        self.properties
            .user_properties
            .push((key.to_owned(), value.to_owned()));
        self
    }
}

/// A message that has arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Bytes,
    /// Whether the broker had kept it: it is older than the subscription.
    pub retained: bool,
    /// Whether the broker says that it may have sent it before.
    pub duplicate: bool,
    /// Its properties.
    pub properties: PublishProperties,
}

impl Received {
    /// The payload as JSON.
    ///
    /// # Errors
    /// Fails, with topic and payload, where it is none.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.payload).with_context(|| format!("no JSON: {self}"))
    }

    /// The value of a user property.
    #[must_use]
    pub fn user_property(&self, key: &str) -> Option<&str> {
        let mut properties = self.properties.user_properties.iter();
        properties.find_map(|(name, value)| (name == key).then_some(value.as_str()))
    }
}

impl From<Publish> for Received {
    fn from(publish: Publish) -> Self {
        Self {
            topic: String::from_utf8_lossy(&publish.topic).into_owned(),
            payload: publish.payload,
            retained: publish.retain,
            duplicate: publish.dup,
            properties: publish.properties.unwrap_or_default(),
        }
    }
}

impl std::fmt::Display for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let payload = String::from_utf8_lossy(&self.payload);
        let start: String = payload.chars().take(300).collect();
        write!(f, "{}: {start}", self.topic)
    }
}
