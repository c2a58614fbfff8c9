use tract_onnx::prelude::*;
use weir_guest::{DType, Error, Input, Outputs};

/// How elements of a type travel between host and guest.
pub(crate) fn wire_type(dtype: DatumType) -> Result<DType, Error> {
    let pairs = [
        (DatumType::F32, DType::F32),
        (DatumType::F64, DType::F64),
        (DatumType::F16, DType::F16),
        (DatumType::I8, DType::I8),
        (DatumType::I16, DType::I16),
        (DatumType::I32, DType::I32),
        (DatumType::I64, DType::I64),
        (DatumType::U8, DType::U8),
    ];
    let carrier = carrier(dtype);
    let found = pairs.into_iter().find(|(inside, _)| *inside == carrier);
    found.map(|(_, wire)| wire).ok_or_else(|| {
        let words = format!("the model takes or gives elements of {dtype:?}");
        Error::ModelUnsupported(words.into())
    })
}

/// The plain type that carries a type's elements.
fn carrier(dtype: DatumType) -> DatumType {
    let plain = dtype.unquantized();
    if plain == DatumType::Bool {
        DatumType::U8
    } else if plain == DatumType::TDim {
        DatumType::I64
    } else {
        plain
    }
}

/// An input as the model takes it.
pub(crate) fn read(input: &Input<'_>, dtype: DatumType) -> Result<Tensor, Error> {
    let failed = |cause: TractError| Error::Failed(format!("{cause:#}").into());
    let dims = input.dims.iter().map(|size| usize::try_from(*size));
    let dims: Vec<usize> = dims
        .collect::<Result<_, _>>()
        .map_err(|_| Error::OutOfMemory)?;
    let mut tensor = Tensor::zero_dt(carrier(dtype), &dims).map_err(failed)?;
    tensor.as_bytes_mut().copy_from_slice(input.bytes);
    if tensor.datum_type() == dtype {
        return Ok(tensor);
    }
    let cast = tensor.cast_to_dt(dtype).map_err(failed)?;
    Ok(cast.into_owned())
}

/// Writes every output, or says of each what it needs.
pub(crate) fn write(values: &[TValue], outputs: &mut Outputs<'_>) -> Result<(), Error> {
    let mut result = Ok(());
    for (position, value) in values.iter().enumerate() {
        result = result.and(write_one(position, value, outputs));
    }
    result
}

fn write_one(position: usize, value: &Tensor, outputs: &mut Outputs<'_>) -> Result<(), Error> {
    let dims = value.shape().iter().map(|size| u32::try_from(*size));
    let dims: Vec<u32> = dims
        .collect::<Result<_, _>>()
        .map_err(|_| Error::OutputTooLarge { output: position })?;
    let dtype = value.datum_type();
    let target = outputs.bytes(position, wire_type(dtype)?, &dims)?;
    if carrier(dtype) == dtype.unquantized() {
        target.copy_from_slice(value.as_bytes());
        return Ok(());
    }
    let cast = value
        .cast_to_dt(carrier(dtype))
        .map_err(|cause| Error::Failed(format!("output {position}: {cause:#}").into()))?;
    target.copy_from_slice(cast.as_bytes());
    Ok(())
}
