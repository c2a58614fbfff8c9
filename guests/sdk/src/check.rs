use alloc::{borrow::Cow, format, string::String};

use crate::{Error, Input, Inputs, ManifestSpec, TensorSpec};

/// Whether a call agrees with the manifest. A manifest without inputs and outputs leaves it to the guest.
pub(crate) fn call(
    manifest: &ManifestSpec,
    inputs: &Inputs<'_>,
    outputs: usize,
) -> Result<(), Error> {
    if manifest.inputs.is_empty() && manifest.outputs.is_empty() {
        return Ok(());
    }
    if inputs.count() != manifest.inputs.len() {
        return Err(Error::InputCount {
            expected: manifest.inputs.len(),
            got: inputs.count(),
        });
    }
    if outputs != manifest.outputs.len() {
        return Err(Error::OutputCount {
            expected: manifest.outputs.len(),
            got: outputs,
        });
    }
    for (position, spec) in manifest.inputs.iter().enumerate() {
        agrees(spec, position, &inputs.get(position)?)?;
    }
    Ok(())
}

fn agrees(spec: &TensorSpec, position: usize, input: &Input<'_>) -> Result<(), Error> {
    if input.dtype != spec.dtype {
        return Err(Error::InputType {
            input: position,
            expected: spec.dtype,
            got: input.dtype.code(),
        });
    }
    let same_rank = spec.dims.len() == input.dims.len();
    let mut sizes = spec.dims.iter().zip(input.dims.iter());
    let same_sizes =
        sizes.all(|(stated, got)| *stated < 0 || i64::from(*stated) == i64::from(*got));
    let short_enough = u32::try_from(input.bytes.len()).is_ok_and(|len| len <= spec.len_max);
    if same_rank && same_sizes && short_enough {
        return Ok(());
    }
    Err(Error::InputShape {
        input: position,
        expected: shape(spec),
        got: input.dims,
    })
}

fn shape(spec: &TensorSpec) -> Cow<'static, str> {
    let mut sizes = String::new();
    for (axis, size) in spec.dims.iter().enumerate() {
        let separator = if axis == 0 { "" } else { ", " };
        sizes += &format!("{separator}{size}");
    }
    format!("[{sizes}] of at most {} bytes", spec.len_max).into()
}
