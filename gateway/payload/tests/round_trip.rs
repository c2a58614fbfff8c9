//! Both payloads: what is written is read, and no bytes make the readers panic.

use proptest::prelude::*;
use weir_payload::{DType, Dims, Elements, InferenceResult, List, Ranked, Sample, Tensor, VERSION};

fn dtype() -> impl Strategy<Value = DType> {
    proptest::sample::select(&DType::ALL[..])
}

proptest! {
    #[test]
    fn a_sample_is_read_as_it_was_written(
        id in proptest::option::of(".{0,20}"),
        time_us: Option<u64>,
        parts in prop::collection::vec((".{0,8}", dtype(), prop::collection::vec(any::<u32>(), 0..=8), prop::collection::vec(any::<u8>(), 0..40)), 0..4),
    ) {
        let tensors: Vec<Tensor<'_>> = parts
            .iter()
            .map(|(name, dtype, dims, bytes)| Tensor {
                name,
                dims: Dims::new(dims).unwrap(),
                elements: Elements::Bytes(*dtype, bytes),
            })
            .collect();
        let sample = Sample { v: VERSION, id: id.as_deref(), time_us, tensors: List::Slice(&tensors) };
        let mut buffer = [0; 1024];
        let bytes = sample.encode(&mut buffer).unwrap();
        prop_assert_eq!(Sample::decode(bytes).unwrap(), sample);
        for end in 0..bytes.len() {
            prop_assert!(Sample::decode(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn arbitrary_bytes_make_an_error_at_worst(mut bytes in prop::collection::vec(any::<u8>(), 0..200), versioned: bool) {
        if versioned && let Some(first) = bytes.first_mut() {
            *first = VERSION;
        }
        if let Ok(sample) = Sample::decode(&bytes) {
            prop_assert_eq!(sample.tensors.iter().count(), sample.tensors.len());
        }
        if let Ok(result) = InferenceResult::decode(&bytes) {
            prop_assert_eq!(result.outputs.iter().count(), result.outputs.len());
        }
    }

    #[test]
    fn typed_elements_are_written_as_their_bytes(values: Vec<f32>) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let typed = Tensor::flat("x", Elements::F32(&values));
        let raw = Tensor::flat("x", Elements::Bytes(DType::F32, &bytes));
        let tensors = [typed];
        let sample = Sample { v: VERSION, id: None, time_us: None, tensors: List::Slice(&tensors) };
        let mut buffer = [0; 8192];
        let read = Sample::decode(sample.encode(&mut buffer).unwrap()).unwrap();
        prop_assert_eq!(read.tensors.iter().next().unwrap(), raw);
    }
}

#[test]
fn a_result_is_read_as_it_was_written() {
    let scores = [0.75_f32, 0.25];
    let outputs = [Tensor {
        name: "class",
        dims: Dims::new(&[1, 2]).unwrap(),
        elements: Elements::F32(&scores),
    }];
    let top = [Ranked {
        label: "normal",
        confidence: 0.75,
    }];
    let result = InferenceResult {
        v: VERSION,
        id: "pump-room/vibration/pump-7/1",
        time_us: 1_795_255_200_000_000,
        pipeline: "vibration",
        device: "pump-7",
        label: Some("normal"),
        confidence: Some(0.75),
        model_version: None,
        guest: "tinynn@1.0.0",
        engine: "wasmi",
        latency_us: 480,
        infer_us: 210,
        top: List::Slice(&top),
        outputs: List::Slice(&outputs),
    };
    let mut buffer = [0; 256];
    let bytes = result.encode(&mut buffer).unwrap();
    assert_eq!(InferenceResult::decode(bytes).unwrap(), result);
    assert!(InferenceResult::decode(&bytes[..bytes.len() - 1]).is_err());
}

#[test]
fn another_version_is_named() {
    let error = Sample::decode(&[2, 0, 0, 0]).unwrap_err();
    assert_eq!(error.to_string(), "the payload has version 2, known is 1");
}
