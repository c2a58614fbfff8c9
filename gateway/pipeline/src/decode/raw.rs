use guest_abi::DType;

use crate::{
    Reason, RejectCode,
    binding::{Form, InputPlan, flat_dims, words},
};

/// Little-endian numbers without a header: their number must be right to the byte. `dims` become the input's sizes
/// (with a window nothing).
pub(super) fn check(
    plan: &InputPlan,
    dtype: DType,
    bytes: &[u8],
    dims: &mut Vec<u32>,
) -> Result<(), Reason> {
    let whole = bytes.len().is_multiple_of(dtype.bytes());
    let count = bytes.len() / dtype.bytes();
    let fits = match &plan.form {
        Form::Window { channels, .. } => count > 0 && count.is_multiple_of(*channels),
        Form::Fields { .. } | Form::Whole { .. } => flat_dims(&plan.dims, count, dims),
    };
    if whole && fits {
        return Ok(());
    }
    let takes = match &plan.form {
        Form::Window { channels, .. } => format!("samples of {channels} numbers"),
        Form::Fields { .. } | Form::Whole { .. } => words(&plan.dims),
    };
    let (bytes, name) = (bytes.len(), dtype.name());
    let words = format!("{bytes} bytes of {name}; the pipeline takes {takes}");
    Err(Reason::new(RejectCode::PayloadLength, words))
}
