use std::sync::Arc;

use guest_abi::DType;
use weir_engine::{Engine, Guest, Limits, Signature, State, Tensor, TensorRef};

use super::built;
use crate::bench::{engines, le_bytes, limits, open_with};

/// Samples of each device.
const SAMPLES: u16 = 3000;

#[test]
fn scores_are_the_same_bits_under_every_engine() {
    let [one, others @ ..] = engines().map(|engine| scores(engine.as_ref(), SAMPLES));
    assert_eq!(one.len(), usize::from(SAMPLES));
    for other in others {
        for (sample, (one, other)) in one.iter().zip(&other).enumerate() {
            assert_eq!(one, other, "sample {sample}");
        }
    }
    let spike =
        |outputs: &[Tensor]| f32::from_le_bytes(outputs[1].data[..4].try_into().expect("a score"));
    assert!(spike(&one[2500]) > 0.5, "the spike stands out");
    assert!(spike(&one[2499]) < 0.5, "what came before it does not");
}

/// What a device's samples give, with its last state.
fn scores(engine: &dyn Engine, samples: u16) -> Vec<Vec<Tensor>> {
    let (mut guest, signature) = opened(engine);
    let mut state = State::initial(&signature);
    let samples = (0..samples).map(|at| {
        let mut outputs = Vec::new();
        let data = le_bytes(&sample(at));
        let input = TensorRef {
            dtype: DType::F32,
            dims: &[3],
            data: &data,
        };
        let scored = guest.predict(&[input], Some(&mut state), &mut outputs);
        scored.unwrap_or_else(|error| panic!("sample {at}: {error}"));
        outputs
    });
    samples.collect()
}

fn opened(engine: &dyn Engine) -> (Guest, Arc<Signature>) {
    let code = built("wasm32v1-none", "anomaly");
    let manifest = code.manifest.as_ref().clone();
    let signature = Signature::new(manifest.inputs, manifest.outputs, manifest.state);
    let signature = Arc::new(signature.expect("a sound manifest"));
    let limits = Limits {
        memory_bytes_max: 256 * 1024,
        ..limits()
    };
    let guest = open_with(engine, &code, Arc::clone(&signature), None, &limits);
    (
        guest.expect("it opens within the microcontroller's 256 KiB"),
        signature,
    )
}

/// A vibration with noise, and a spike at sample 2500.
fn sample(at: u16) -> [f32; 3] {
    let time = f32::from(at) * 0.05;
    let noise = f32::from(at.wrapping_mul(40_503) >> 4) / 4096.0;
    let spike = if at == 2500 { 40.0 } else { 0.0 };
    [
        time.sin() + noise * 0.1 + spike,
        time.cos(),
        9.81 + noise * 0.01,
    ]
}
