//! Bytes → numbers, by the codec that the pipeline names, without trust in a single one of them.

mod elements;
mod intake;
mod json;
mod postcard;
mod raw;

use guest_abi::DType;
use weir_profile::{Codec, Pipeline};

use self::json::Json;
pub(crate) use self::{
    elements::Ready,
    intake::{Intake, Origin},
};
use crate::BindError;

/// A codec, ready to read.
#[derive(Debug, Clone)]
pub(crate) enum Decoder {
    Json(Json),
    Raw(DType),
    Postcard,
}

impl Decoder {
    pub(crate) fn new(pipeline: &Pipeline) -> Result<Self, BindError> {
        match &pipeline.decode.codec {
            Codec::Json { fields, time } => {
                Json::new(&pipeline.name, fields, time.as_deref(), &pipeline.decode.id)
                    .map(Self::Json)
            }
            Codec::Raw { dtype } => Ok(Self::Raw(*dtype)),
            Codec::Postcard => Ok(Self::Postcard),
        }
    }
}
