//! Bytes → numbers, by the codec that the pipeline names, without trust in a single one of them.

mod cbor;
mod elements;
mod fields;
mod image;
mod intake;
mod json;
mod postcard;
mod raw;

use guest_abi::DType;
use weir_profile::{Codec, Pipeline};

pub(crate) use self::{
    elements::Ready,
    intake::{Intake, Origin},
};
use self::{
    fields::{Fields, Reader},
    image::Image,
};
use crate::{BindError, binding::InputPlan};

/// A codec, ready to read.
#[derive(Debug, Clone)]
pub(crate) enum Decoder {
    /// JSON or CBOR.
    Fields(Fields),
    /// Boxed: it has the most memory of its own.
    Image(Box<Image>),
    Raw(DType),
    Postcard,
}

impl Decoder {
    /// The pipeline's codec, for the model's inputs; there is at least one.
    pub(crate) fn new(pipeline: &Pipeline, inputs: &[InputPlan]) -> Result<Self, BindError> {
        let document = |reader: Reader, fields: &[String], time: Option<&str>| {
            Fields::new(reader, pipeline, fields, time).map(Self::Fields)
        };
        match &pipeline.decode.codec {
            Codec::Json { fields, time } => document(json::read, fields, time.as_deref()),
            Codec::Cbor { fields, time } => document(cbor::read, fields, time.as_deref()),
            Codec::Image(options) => {
                Image::new(pipeline, *options, &inputs[0]).map(|image| Self::Image(Box::new(image)))
            }
            Codec::Raw { dtype } => Ok(Self::Raw(*dtype)),
            Codec::Postcard => Ok(Self::Postcard),
        }
    }
}
