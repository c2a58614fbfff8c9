#![expect(
    clippy::as_conversions,
    reason = "seconds become microseconds after a check of their range"
)]
//! The fields of a document (JSON or CBOR) that a pipeline names, read in one pass; everything else is skipped without
//! being kept.
//!
//! - Every field a number: one sample, a channel from each field.
//! - Every field an array of `n` numbers: `n` samples.
//! - One field alone may be an array of samples (`[[x, y, z], …]`), or without a window the whole tensor, with the
//!   model's sizes (those of 1 may be left out).
//!
//! Where a key stands twice the last one counts. Nesting is bounded by the reader and, within a field, by the greatest
//! rank of a tensor (8).

mod pointer;
mod samples;
mod slot;

use weir_profile::{IdSource, ModelName, Pipeline};

pub(super) use self::{
    pointer::Tree,
    samples::{arrange, whole},
    slot::{Kind, Slot},
};
use crate::{BindError, Reason, RejectCode};

/// Reads a payload into the slots that the tree names.
pub(super) type Reader = fn(&Tree, &mut [Slot], &[u8]) -> Result<(), Reason>;

/// The longest identity that is taken from a payload.
pub(super) const ID_BYTES_MAX: usize = 256;

/// The pointers of one pipeline and the memory for what they point at.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    reader: Reader,
    tree: Tree,
    pub(super) slots: Vec<Slot>,
    fields: usize,
    time: Option<usize>,
    id: Option<usize>,
    model: Option<usize>,
}

impl Fields {
    pub(super) fn new(
        reader: Reader,
        pipeline: &Pipeline,
        fields: &[String],
        time: Option<&str>,
    ) -> Result<Self, BindError> {
        let key = |key: &str| format!("pipeline.{}.decode.{key}", pipeline.name);
        if fields.is_empty() {
            return Err(BindError::NoFields { key: key("fields") });
        }
        let mut document = Self {
            reader,
            tree: Tree::default(),
            slots: Vec::new(),
            fields: fields.len(),
            time: None,
            id: None,
            model: None,
        };
        for field in fields {
            document.add(key("fields"), field)?;
        }
        if let Some(time) = time {
            document.time = Some(document.add(key("time"), time)?);
        }
        if let IdSource::Field(id) = &pipeline.decode.id {
            document.id = Some(document.add(key("id"), id)?);
        }
        let several = !pipeline.models.is_empty();
        if let Some(model) = pipeline.decode.model_id.as_ref().filter(|_| several) {
            document.model = Some(document.add(key("model_id"), model)?);
        }
        Ok(document)
    }

    fn add(&mut self, key: String, pointer: &str) -> Result<usize, BindError> {
        let slot = self.slots.len();
        self.tree
            .insert(pointer, slot)
            .map_err(|words| BindError::Pointer {
                key,
                pointer: pointer.to_owned(),
                words,
            })?;
        self.slots.push(Slot::new(pointer));
        Ok(slot)
    }

    /// Reads a payload into the slots.
    pub(super) fn read(&mut self, payload: &[u8]) -> Result<(), Reason> {
        for slot in &mut self.slots {
            slot.reset();
        }
        (self.reader)(&self.tree, &mut self.slots, payload)
    }

    /// The values' slots, each checked to hold numbers.
    pub(super) fn fields(&self) -> Result<&[Slot], Reason> {
        let fields = &self.slots[..self.fields];
        for field in fields {
            field.check()?;
        }
        Ok(fields)
    }

    /// The sensor's own identity of the message, where it gave one. A missing one is none; another type is refused.
    pub(super) fn id(&self) -> Result<Option<&str>, Reason> {
        let Some(slot) = self.id.map(|id| &self.slots[id]) else {
            return Ok(None);
        };
        match slot.kind {
            Kind::Missing | Kind::Null => Ok(None),
            Kind::Integer | Kind::Text if (1..=ID_BYTES_MAX).contains(&slot.text.len()) => {
                Ok(Some(&slot.text))
            }
            Kind::Integer | Kind::Text | Kind::Number | Kind::Array | Kind::Other => {
                let words = format!("must be an integer or a text of 1 to {ID_BYTES_MAX} bytes");
                Err(slot.type_fault(&words))
            }
        }
    }

    /// The model that the payload names. A missing one is none; another type is refused.
    pub(super) fn model(&self) -> Result<Option<&str>, Reason> {
        let Some(slot) = self.model.map(|model| &self.slots[model]) else {
            return Ok(None);
        };
        match slot.kind {
            Kind::Missing | Kind::Null => Ok(None),
            Kind::Text => Ok(Some(&slot.text)),
            Kind::Integer | Kind::Number | Kind::Array | Kind::Other => {
                let words = format!(
                    "must be a model's name, 1 to {} letters",
                    ModelName::LEN_MAX
                );
                Err(slot.type_fault(&words))
            }
        }
    }

    /// The sample's own time in microseconds, where the pipeline names a field for it.
    pub(super) fn time_us(&self) -> Result<Option<i64>, Reason> {
        let Some(slot) = self.time.map(|time| &self.slots[time]) else {
            return Ok(None);
        };
        let fault = || slot.type_fault("must be Unix seconds or an RFC 3339 text");
        let time = match slot.kind {
            Kind::Missing => {
                let words = format!("field {} is not in the payload", slot.pointer);
                return Err(Reason::new(RejectCode::PayloadFieldMissing, words));
            }
            Kind::Integer | Kind::Number => slot.values.first().copied().and_then(seconds_us),
            Kind::Text => slot
                .text
                .parse::<jiff::Timestamp>()
                .ok()
                .map(jiff::Timestamp::as_microsecond),
            Kind::Null | Kind::Array | Kind::Other => None,
        };
        time.map(Some).ok_or_else(fault)
    }
}

/// Unix seconds → microseconds, where they are between the years 1 and 9999.
fn seconds_us(seconds: f64) -> Option<i64> {
    const SECONDS_MAX: f64 = 253_402_300_799.0;
    (seconds.abs() <= SECONDS_MAX).then(|| (seconds * 1e6).round() as i64)
}
