use weir_payload::{DType, Sample, Tensor};

use super::{elements::Encoded, fields::ID_BYTES_MAX};
use crate::{
    Reason, RejectCode,
    binding::{Form, InputPlan, elements, flat_dims, match_dims, words},
};

/// Reads a payload; nothing is copied.
pub(super) fn read(payload: &[u8]) -> Result<Sample<'_>, Reason> {
    Sample::decode(payload).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        let words = format!("{error}{}", cause.unwrap_or_default());
        Reason::new(RejectCode::PayloadNotPostcard, words)
    })
}

/// The sensor's own identity of the message, where it gave one.
pub(super) fn id<'p>(sample: &Sample<'p>) -> Result<Option<&'p str>, Reason> {
    if sample
        .id
        .is_some_and(|id| !(1..=ID_BYTES_MAX).contains(&id.len()))
    {
        let words = format!("the id must have 1 to {ID_BYTES_MAX} bytes");
        return Err(Reason::new(RejectCode::PayloadFieldType, words));
    }
    Ok(sample.id)
}

/// The tensor for an input: by name, or the only one where it has none.
pub(super) fn find<'p>(
    sample: &Sample<'p>,
    plan: &InputPlan,
    inputs: usize,
) -> Result<Tensor<'p>, Reason> {
    let alone = inputs == 1 && sample.tensors.len() == 1;
    let fits = |tensor: &Tensor<'_>| tensor.name == plan.name || (alone && tensor.name.is_empty());
    sample.tensors.iter().find(fits).ok_or_else(|| {
        let words = format!("no tensor for the model's input {}", plan.name);
        Reason::new(RejectCode::PayloadFieldMissing, words)
    })
}

/// The tensor's elements, once their number and sizes are right. `dims` become the input's sizes (with a window
/// nothing).
pub(super) fn check<'p>(
    plan: &InputPlan,
    tensor: &Tensor<'p>,
    dims: &mut Vec<u32>,
) -> Result<Encoded<'p>, Reason> {
    let dtype: DType = tensor.elements.dtype();
    let bytes = tensor.elements.as_bytes().unwrap_or(&[]);
    let count = bytes.len() / dtype.bytes();
    let found = tensor.dims.as_slice();
    let complete = bytes.len().is_multiple_of(dtype.bytes())
        && count > 0
        && (found.is_empty() || elements(found) == count);
    let fits = match &plan.form {
        Form::Window { channels, .. } => samples_fit(found, count, *channels),
        Form::Fields { .. } | Form::Whole { .. } if found.is_empty() => {
            flat_dims(&plan.dims, count, dims)
        }
        Form::Fields { .. } | Form::Whole { .. } => match_dims(&plan.dims, found, dims),
    };
    if complete && fits {
        return Ok(Encoded { dtype, bytes });
    }
    let takes = match &plan.form {
        Form::Window { channels, .. } => format!("samples of {channels} numbers"),
        Form::Fields { .. } | Form::Whole { .. } => words(&plan.dims),
    };
    let words = format!(
        "tensor {:?} has {} bytes of {} and sizes {found:?}; the pipeline takes {takes}",
        tensor.name,
        bytes.len(),
        dtype.name()
    );
    Err(Reason::new(RejectCode::PayloadShape, words))
}

/// `[n, channels]`, `[channels]`, `[n]` of one channel, or no sizes at all.
fn samples_fit(found: &[u32], count: usize, channels: usize) -> bool {
    let is_channels = |size: u32| usize::try_from(size) == Ok(channels);
    let sizes = match *found {
        [] => true,
        [size] => channels == 1 || is_channels(size),
        [_, size] => is_channels(size),
        _ => false,
    };
    sizes && count.is_multiple_of(channels)
}
