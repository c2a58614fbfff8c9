use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Numbers;

/// One pipeline: topic → decode → window → guest and model → results.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// The topics that it takes: an MQTT filter in which the segment `{device}` names the device; `+` and a trailing
    /// `#` are allowed beside it. `sensors/{device}/vibration` subscribes `sensors/+/vibration`.
    pub topic: String,
    /// Whether it takes retained messages that the broker replays when Weir subscribes.
    #[serde(default)]
    pub retained: bool,
    /// The device profile, where `[devices]` names no other for the device.
    pub profile: String,
    /// The guest.
    pub guest: String,
    /// The model, where the guest loads one. With `models`, that of messages that name none.
    pub model: Option<String>,
    /// Further models that a message may name (`vibration-bands`): in its payload, where `decode.model_id` says, else by
    /// the MQTT 5 user property `model_id`. A message that names any other is rejected. Each model must fit the guest and
    /// what `decode` and `window` make; a window and the state of a guest belong to a device and a model.
    #[serde(default)]
    pub models: Vec<String>,
    /// What survives in the guest from one message to the next. The state of a stateful guest is not in the guest: the
    /// node keeps it for each device.
    #[serde(default)]
    pub isolation: IsolationName,
    /// How a payload becomes numbers.
    pub decode: Decode,
    /// A sliding window of samples for each device. Default: each message is a whole input.
    pub window: Option<Window>,
    /// What a result holds and where it goes.
    #[serde(default)]
    pub result: Outcome,
}

/// How a payload becomes numbers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decode {
    /// The format of the payload.
    pub codec: CodecName,
    /// `json` and `cbor` only, and required there: the values by JSON pointer (`/ax`), in channel order; each a number
    /// or a (nested) array of numbers. `""` is the whole document. An integer key of a CBOR map is its digits (`/2`).
    pub fields: Option<Vec<String>>,
    /// `json` and `cbor` only: the sample's own time by JSON pointer, RFC 3339 text or Unix seconds. Default: the time of
    /// arrival.
    pub time: Option<String>,
    /// `raw` only: the type of the payload's little-endian elements. Default: `f32`.
    pub dtype: Option<PayloadType>,
    /// `image` only: the colours that the model takes. Default: `rgb` for a model of three channels, `gray` for one.
    pub color: Option<ColorName>,
    /// `image` only: how an image gets the model's height and width. Default: `stretch`; `none` for a model whose height
    /// or width varies.
    pub resize: Option<ResizeName>,
    /// `image` only: pixels (width × height) of an image, checked before it is decoded; decoding takes up to 14 bytes of
    /// the host's memory for each. Default: 4194304 (2048 × 2048).
    #[schemars(range(min = 1, max = 67_108_864))]
    pub pixels_max: Option<u32>,
    /// Factor, one for all channels or one for each: `x · scale + offset`. Default: 1.
    pub scale: Option<Numbers>,
    /// Summand, one for all channels or one for each. Default: 0.
    pub offset: Option<Numbers>,
    /// Mean, subtracted after scale and offset. Default: the model's own.
    pub mean: Option<Numbers>,
    /// Standard deviation, divided by after the mean was subtracted; never 0. Default: the model's own.
    pub std: Option<Numbers>,
    /// What happens with NaN and infinite values.
    #[serde(default)]
    pub floats: FloatName,
    /// `json` and `cbor` only: the sensor's own identity of the message by JSON pointer. Default: a `CloudEvents` `id`
    /// user property where there is one, else a counter of the node.
    pub id: Option<String>,
    /// `json` and `cbor` only, with `models`: the name of the message's model by JSON pointer (`/model_id`); a message
    /// without it gets the pipeline's `model`. Default: the MQTT 5 user property `model_id`.
    pub model_id: Option<String>,
}

/// What survives in a guest from one message to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IsolationName {
    /// Instances are kept until they trap.
    #[default]
    Warm,
    /// Nothing: each message has a new instance. Cheap where instances start from a snapshot with the model loaded
    /// (`weir explain` says so); elsewhere each message costs the time of opening the guest.
    Fresh,
}

/// The format of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CodecName {
    /// A JSON document.
    Json,
    /// One CBOR item (RFC 8949); a typed array (RFC 8746) is an array of numbers, read as a whole.
    Cbor,
    /// A JPEG or PNG image, whatever its content type says; without a window.
    Image,
    /// Little-endian numbers without a header.
    Raw,
    /// A `Sample` in postcard format.
    Postcard,
}

/// The colours that a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ColorName {
    /// Three channels: red, green, blue.
    Rgb,
    /// Three channels: blue, green, red, as OpenCV has them.
    Bgr,
    /// One channel: the luma of ITU-R BT.601.
    Gray,
}

/// How an image gets a model's height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResizeName {
    /// The whole image, its proportions lost where the model's are others.
    Stretch,
    /// The middle of the image in the model's proportions; what lies beyond is cut off.
    Crop,
    /// The whole image in its own proportions, in the middle of black.
    Pad,
    /// Not at all: an image of another size is rejected.
    None,
}

/// The type of the elements of a raw payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "the names are the element types; a description of each would say nothing more"
)]
pub enum PayloadType {
    F32,
    U8,
    I8,
    I16,
    I32,
    I64,
    F16,
    F64,
}

/// What happens with NaN and infinite values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FloatName {
    /// The payload is rejected.
    #[default]
    Finite,
    /// They are passed on to the guest.
    Any,
}

/// A sliding window of samples for each device.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Samples in a window.
    #[schemars(range(min = 1, max = 65536))]
    pub size: u32,
    /// Samples between the starts of two windows, at most `size`. Default: `size` (windows do not overlap).
    #[schemars(range(min = 1, max = 65536))]
    pub stride: Option<u32>,
    /// A longer pause (milliseconds) between two samples of a device empties its window. Default: never.
    #[schemars(range(min = 1, max = 86_400_000))]
    pub gap_ms_max: Option<u64>,
    /// Devices with a window at once; the least recently used one is forgotten.
    #[serde(default = "devices_max")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub devices_max: u32,
}

fn devices_max() -> u32 {
    1024
}

/// What a result holds and where it goes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Outcome {
    /// The format of results; rejects are always JSON.
    pub format: FormatName,
    /// Whether the first output is put through softmax. Default: where the model says that it gives logits.
    pub softmax: Option<bool>,
    /// Labels to report, best first; 0 = none.
    #[schemars(range(min = 0, max = 1000))]
    pub top_k: u32,
    /// Below this confidence the label is left out. Default: never left out.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_confidence: Option<f32>,
    /// The labels of the first output's elements. Default: the model's, else the guest's.
    pub labels: Option<Vec<String>>,
    /// Whether the raw outputs are part of the result.
    pub outputs: bool,
    /// Quality of service of results and rejects: 0 or 1.
    #[schemars(range(min = 0, max = 1))]
    pub qos: u8,
    /// Whether the broker keeps the last result of each device for later subscribers.
    pub retain: bool,
    /// Whether a message with a response topic is answered there only, and not on the result topic too.
    pub reply_only: bool,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            format: FormatName::Json,
            softmax: None,
            top_k: 1,
            min_confidence: None,
            labels: None,
            outputs: true,
            qos: 1,
            retain: false,
            reply_only: false,
        }
    }
}

/// The format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FormatName {
    /// A JSON document.
    Json,
    /// The same document in CBOR: maps with the same keys, floats in their own width, NaN and infinity included.
    Cbor,
    /// An `InferenceResult` in postcard format.
    Postcard,
}
