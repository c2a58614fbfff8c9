//! Streaming anomaly score for each device: how far a sample lies from the running mean of its
//! channel, in running standard deviations.
//!
//! | tensor | type, shape | meaning |
//! | --- | --- | --- |
//! | input `value` | f32 `[1..=16]` | one sample, one element for each channel; finite, within ±10¹⁸ |
//! | input `state` | f32 `[34]` | what [`Baseline`](baseline::Baseline) remembers; zeros = a new device |
//! | output `class` | f32 `[2]` | `1 − score`, `score`: the shares of "normal" and "anomaly" |
//! | output `score` | f32 `[1]` | `z² / (z² + 16)` of the greatest `|z|`: 0 on the mean, ½ at 4 deviations, towards 1 beyond |
//! | output `zscore` | f32 `[channels]` | signed deviations of each channel |
//! | output `state_next` | f32 `[34]` | becomes `state` of the device's next call |
//!
//! The first 32 samples score 0. Only IEEE 754 additions, multiplications, divisions and square
//! roots are used, so that every engine gives the same bits.
#![cfg_attr(target_arch = "wasm32", no_std)]

mod baseline;
mod manifest;

use baseline::{Baseline, CHANNELS_MAX, Score};
use weir_guest::{Error, Guest, Inputs, ManifestSpec, Outputs};

weir_guest::export!(Anomaly, heap_bytes = 16_384);

/// The guest.
pub struct Anomaly;

impl Guest for Anomaly {
    const MANIFEST: ManifestSpec = manifest::MANIFEST;

    fn predict(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        let value = inputs.f32(0)?;
        let mut baseline = Baseline::read(inputs.f32(1)?)?;
        let mut zscores = [0.0; CHANNELS_MAX];
        let zscores = zscores.get_mut(..value.len()).ok_or_else(too_many)?;
        let Score(score) = baseline.take(value, zscores)?;

        outputs.f32(0, &[2])?.copy_from_slice(&[1.0 - score, score]);
        outputs.f32(1, &[1])?.copy_from_slice(&[score]);
        let channels = u32::try_from(zscores.len()).map_err(|_| too_many())?;
        outputs.f32(2, &[channels])?.copy_from_slice(zscores);
        let state = outputs.f32(3, &[manifest::STATE_LEN])?;
        baseline.write(state);
        Ok(())
    }
}

fn too_many() -> Error {
    Error::InputValue {
        input: 0,
        words: "has more than 16 channels".into(),
    }
}
