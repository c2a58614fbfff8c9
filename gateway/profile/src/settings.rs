use std::{collections::BTreeMap, num::NonZeroU32, path::PathBuf, time::Duration};

use crate::{
    Compile, DeviceId, GuestName, Isolation, ModelName, NodeName, PipelineName, Profile,
    ProfileName,
};

/// Everything that a node relies on: checked, resolved, complete.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The node.
    pub node: Node,
    /// Its broker.
    pub broker: BrokerSettings,
    /// Where guests, models and profiles lie.
    pub paths: Paths,
    /// Devices with a profile of their own.
    pub devices: BTreeMap<DeviceId, ProfileName>,
    /// The pipelines, by name.
    pub pipelines: Vec<Pipeline>,
    /// The device profiles, inheritance resolved.
    pub profiles: BTreeMap<ProfileName, Profile>,
}

/// The node itself.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name, a segment of its topics.
    pub name: NodeName,
    /// The root of its own topics.
    pub root: String,
    /// Time between two health documents.
    pub health_interval: Duration,
    /// Time that a stop may take to drain.
    pub drain_deadline: Duration,
    /// When guests are compiled for the processor at hand.
    pub compile: Compile,
    /// Where the socket for `weir status` may be, the best place first; empty = there is none.
    pub status_sockets: Vec<PathBuf>,
}

/// The broker and the session with it.
#[derive(Debug, Clone)]
pub struct BrokerSettings {
    /// Where it is.
    pub url: BrokerUrl,
    /// MQTT 5 unless 3.1.1 is asked for.
    pub mqtt_5: bool,
    /// The client identifier; the two connections add `-in` and `-out`.
    pub client_id: String,
    /// User and password, the latter read from a file.
    pub credentials: Option<(String, String)>,
    /// Certificate authorities; none = the system's.
    pub ca_file: Option<PathBuf>,
    /// Client certificate and key (PEM).
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// Messages that may be in work at once: MQTT 5's receive maximum.
    pub receive_max: u16,
    /// Results that may be unconfirmed at once.
    pub outbox_messages_max: usize,
    /// The largest packet that is received.
    pub packet_bytes_max: u32,
    /// How long the broker keeps the session while the node is away.
    pub session_expiry: Duration,
    /// MQTT keep-alive.
    pub keep_alive: Duration,
    /// Age of the oldest unsettled message at which the connection is made anew.
    pub unsettled_age_max: Duration,
}

/// The broker's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerUrl {
    /// Weir's own, in a child process.
    Embedded,
    /// Another, by TCP or TLS.
    Remote {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
        /// `mqtts://`.
        tls: bool,
    },
}

/// The folders that names are looked up in, first match wins.
#[derive(Debug, Clone)]
pub struct Paths {
    /// `<guest>.wasm`.
    pub guests: Vec<PathBuf>,
    /// `<model>/model.toml`.
    pub models: Vec<PathBuf>,
    /// `<profile>.toml`.
    pub profiles: Vec<PathBuf>,
    /// Guests that were compiled elsewhere.
    pub compiled: Vec<PathBuf>,
    /// Guests that were compiled here.
    pub cache: PathBuf,
}

/// One pipeline: topic filter → decode → window → guest and model → results.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its name.
    pub name: PipelineName,
    /// The topics that it takes.
    pub topic: TopicPattern,
    /// Whether it takes retained messages that the broker replays at subscribe.
    pub retained: bool,
    /// The device profile, where no device has its own.
    pub profile: ProfileName,
    /// The guest.
    pub guest: GuestName,
    /// The model, where the guest loads one.
    pub model: Option<ModelName>,
    /// Further models that a message may name; empty = messages name none.
    pub models: Vec<ModelName>,
    /// What survives from one message to the next.
    pub isolation: Isolation,
    /// Bytes → tensors.
    pub decode: Decode,
    /// Samples → windows.
    pub window: Option<Window>,
    /// Tensors → result.
    pub result: ResultOptions,
}

/// A topic filter with one named segment: `sensors/{device}/vibration` subscribes `sensors/+/vibration`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPattern {
    /// As written.
    pub pattern: String,
    /// The MQTT filter.
    pub filter: String,
    /// The segment that names the device, counted from 0.
    pub device_segment: usize,
}

/// How a payload becomes tensors.
#[derive(Debug, Clone)]
pub struct Decode {
    /// The codec.
    pub codec: Codec,
    /// Scale and offset, then mean and standard deviation.
    pub scaling: Scaling,
    /// What happens with NaN and infinite values.
    pub floats: FloatPolicy,
    /// Where the sensor's own identity of the message stands.
    pub id: IdSource,
    /// Where a JSON or CBOR payload names its model, by JSON pointer; none = the user property `model_id`.
    pub model_id: Option<String>,
}

/// The format of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codec {
    /// JSON: fields by JSON pointer; each a number or a (nested) array of numbers.
    Json {
        /// The values, in channel order.
        fields: Vec<String>,
        /// The sample's own time, for gaps: RFC 3339 text or Unix seconds; none = time of arrival.
        time: Option<String>,
    },
    /// CBOR: fields as with JSON.
    Cbor {
        /// The values, in channel order.
        fields: Vec<String>,
        /// The sample's own time, as with JSON.
        time: Option<String>,
    },
    /// A JPEG or PNG image; never with a window.
    Image(ImageOptions),
    /// Little-endian numbers without a header, of the input's element type or of this one.
    Raw {
        /// Element type of the payload (converted to the input's).
        dtype: guest_abi::DType,
    },
    /// `weir-payload`'s `Sample`.
    Postcard,
}

/// How an image becomes a model's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageOptions {
    /// The colours; none = by the model's channels.
    pub color: Option<Color>,
    /// The way to the model's height and width; none = [`Resize::Stretch`] where they are fixed.
    pub resize: Option<Resize>,
    /// Pixels of an image.
    pub pixels_max: u32,
}

/// The colours that a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red.
    Bgr,
    /// Luma alone.
    Gray,
}

/// How an image gets a model's height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resize {
    /// The whole image, its proportions lost.
    Stretch,
    /// The middle of the image in the model's proportions.
    Crop,
    /// The whole image in its proportions, in the middle of black.
    Pad,
    /// Not at all: it must have the size.
    None,
}

/// Preparation, per channel (one value = for all): `x · scale + offset`, then `(x − mean) / std`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scaling {
    /// Factors; empty = 1.
    pub scale: Vec<f32>,
    /// Summands; empty = 0.
    pub offset: Vec<f32>,
    /// Means; none = the model's own.
    pub mean: Option<Vec<f32>>,
    /// Standard deviations; none = the model's own.
    pub std: Option<Vec<f32>>,
}

/// What happens with NaN and infinite values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatPolicy {
    /// The payload is rejected.
    Finite,
    /// They are passed on.
    Any,
}

/// Where the identity of a message comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdSource {
    /// A `CloudEvents` `id` user property where there is one, else a counter of the node.
    Automatic,
    /// A field of the JSON or CBOR payload, by JSON pointer.
    Field(String),
}

/// A sliding window per device, counted in samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Samples in a window.
    pub size: NonZeroU32,
    /// Samples between two windows.
    pub stride: NonZeroU32,
    /// A longer pause between two samples empties the window.
    pub gap_max: Option<Duration>,
    /// Devices with a window at once; the least recently used one is forgotten.
    pub devices_max: NonZeroU32,
}

/// What a result holds and where it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultOptions {
    /// Format of results (rejects are always JSON).
    pub format: ResultFormat,
    /// Whether the first output is put through softmax; none = where the model says that it gives logits.
    pub softmax: Option<bool>,
    /// Labels to report, best first; 0 = none.
    pub top_k: u32,
    /// Below this the label is left out.
    pub min_confidence: Option<f32>,
    /// Labels; none = the model's, else the guest's.
    pub labels: Option<Vec<String>>,
    /// Whether the raw outputs are part of the result.
    pub outputs: bool,
    /// 0 or 1.
    pub qos: weir_transport::QoS,
    /// Whether the broker keeps the last result.
    pub retain: bool,
    /// Whether a message with a response topic is answered there only.
    pub reply_only: bool,
}

/// The format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultFormat {
    /// JSON.
    Json,
    /// The same in CBOR.
    Cbor,
    /// postcard (`weir-payload`'s `InferenceResult`).
    Postcard,
}
