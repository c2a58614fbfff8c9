use guest_abi::DType;
use half::f16;
use weir_engine::TensorRef;

/// A tensor's elements as numbers to look at; 64-bit integers lose digits beyond 2^53.
pub(super) fn values<'a>(tensor: &TensorRef<'a>) -> impl Iterator<Item = f64> + use<'a> {
    let dtype = tensor.dtype;
    tensor
        .data
        .chunks_exact(dtype.bytes())
        .map(move |element| value(dtype, element))
}

fn value(dtype: DType, element: &[u8]) -> f64 {
    let mut word = [0; 8];
    word[..element.len()].copy_from_slice(element);
    let [a, b, c, d, ..] = word;
    match dtype {
        DType::F32 => f32::from_le_bytes([a, b, c, d]).into(),
        DType::F64 => f64::from_le_bytes(word),
        DType::F16 => f16::from_le_bytes([a, b]).to_f64(),
        DType::U8 => a.into(),
        DType::I8 => i8::from_le_bytes([a]).into(),
        DType::I16 => i16::from_le_bytes([a, b]).into(),
        DType::I32 => i32::from_le_bytes([a, b, c, d]).into(),
        DType::I64 => rounded(i64::from_le_bytes(word)),
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "numbers to look at"
)]
const fn rounded(value: i64) -> f64 {
    value as f64
}
