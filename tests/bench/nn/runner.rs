//! Those who compute a network: one file each.

pub(crate) mod guest;
pub(crate) mod onnxruntime;
pub(crate) mod python;
pub(crate) mod tract;

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::clock::Parts;

/// Inferences in a turn at least.
const CALLS_MIN: usize = 3;

/// Somebody who computes one network.
pub(crate) trait Runner {
    /// One inference after the other until the time is over.
    fn turn(&mut self, turn: Duration) -> Result<Turn>;
}

/// What somebody did in a turn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turn {
    /// Milliseconds of each inference.
    pub(crate) calls_ms: Vec<f64>,
    /// Its parts, where a guest was given images.
    pub(crate) parts: Vec<Parts>,
    /// What the last one gave.
    pub(crate) output: Vec<f32>,
}

/// Calls until the time is over, each timed.
pub(crate) fn repeat(turn: Duration, mut infer: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    let began = Instant::now();
    let mut calls_ms = Vec::new();
    while calls_ms.len() < CALLS_MIN || began.elapsed() < turn {
        let call = Instant::now();
        infer()?;
        calls_ms.push(milliseconds(call.elapsed()));
    }
    Ok(calls_ms)
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    let (elements, _) = bytes.as_chunks::<4>();
    elements.iter().copied().map(f32::from_le_bytes).collect()
}
