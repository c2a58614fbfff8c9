//! A picture to look at: the same for everybody, in every run.

use anyhow::{Result, ensure};
use guest_abi::DType;

/// A camera's frame.
pub(crate) const WIDTH: u32 = 640;
pub(crate) const HEIGHT: u32 = 480;

/// Its pixels, `[1, height, width, 3]`.
pub(crate) fn frame() -> Vec<u8> {
    let pixels = (0..HEIGHT).flat_map(|row| (0..WIDTH).map(move |column| (row, column)));
    pixels
        .flat_map(|(row, column)| level(row, column, WIDTH))
        .collect()
}

/// An input for a graph: the planes of a square picture, as levels or spread around 0.
pub(crate) fn values(dtype: DType, size: u32) -> Result<Vec<u8>> {
    ensure!(
        [DType::U8, DType::F32].contains(&dtype),
        "neither u8 nor f32"
    );
    let mut values = Vec::new();
    for channel in 0..3 {
        for row in 0..size {
            for column in 0..size {
                let level = level(row, column, size)[channel];
                if dtype == DType::U8 {
                    values.push(level);
                } else {
                    let value = (f32::from(level) - 120.0) / 58.0;
                    values.extend(value.to_le_bytes());
                }
            }
        }
    }
    Ok(values)
}

/// Blocks with grain: neither flat nor noise alone, either of which runs faster in some networks.
fn level(row: u32, column: u32, width: u32) -> [u8; 3] {
    let mixed = |seed: u32| {
        let mut mixed = seed.wrapping_mul(0x9e37_79b9);
        mixed ^= mixed >> 15;
        mixed = mixed.wrapping_mul(0x85eb_ca6b);
        mixed ^ (mixed >> 13)
    };
    let block = mixed((row / 24) * 64 + column / 24);
    let grain = mixed(row * width + column);
    [0, 8, 16].map(|shift| {
        let base = (block >> shift) & 0xff;
        let noise = (grain >> shift) & 0x1f;
        u8::try_from((base * 7 / 8 + noise).min(255)).unwrap_or(u8::MAX)
    })
}
