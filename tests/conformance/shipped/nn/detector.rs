//! A detector with random weights: `tests/fixtures/detector/make.py` says what is recorded.

use guest_abi::DType;
use nn_graph::{Boxes, Finish, Fit, Graph, GraphTensor, Image, Layout, Prepare};
use weir_engine::{Guest, Tensor};

use super::{builds, open, predict};
use crate::{
    bench::floats,
    shipped::{read, root},
};

const SIZE: u32 = 64;
const CLASSES: u32 = 3;
/// Of the strides 8, 16 and 32.
const CANDIDATES: u32 = 64 + 16 + 4;

/// How far an edge may be from the recorded one, in pixels: the backends add in other orders.
const OFF_MAX: f32 = 1e-3;

pub(super) fn file(name: &str) -> Vec<u8> {
    read(&root().join("tests/fixtures/detector").join(name))
}

/// What the guest is told of it.
pub(super) fn graph(fit: Fit) -> Graph {
    let tensor = |name: &str, dtype: DType, dims: &[u32]| GraphTensor {
        name: name.to_owned(),
        dtype: dtype.code(),
        dims: dims.to_vec(),
    };
    Graph {
        name: "detector".to_owned(),
        inputs: vec![tensor("image", DType::U8, &[1, 3, SIZE, SIZE])],
        outputs: vec![tensor(
            "candidates",
            DType::F32,
            &[1, 4 + CLASSES, CANDIDATES],
        )],
        prepare: Prepare::Image(Image {
            pixels_max: 128 * 128,
            layout: Layout::ChannelsFirst,
            fit,
            mean: Vec::new(),
            std: Vec::new(),
        }),
        finish: Finish::Boxes(Boxes {
            boxes_max: 20,
            candidates_max: 84,
            confidence_min: 0.4,
            iou_max: 0.5,
        }),
    }
}

pub(super) fn detect(guest: &mut Guest, (height, width): (u32, u32), pixels: &[u8]) -> Tensor {
    predict(guest, DType::U8, &[1, height, width, 3], pixels).expect("it answers")
}

#[test]
fn finds_the_recorded_boxes() {
    let (model, pixels) = (file("detector.onnx"), file("image.u8"));
    let wanted = file("boxes.f32");
    let (wanted, _) = wanted.as_chunks::<4>();
    let wanted: Vec<f32> = wanted.iter().copied().map(f32::from_le_bytes).collect();
    assert!(wanted.len() >= 6 * 5, "few boxes prove little");
    for build in builds() {
        let mut guest = open(&build, &graph(Fit::Letterbox), &model);
        for _ in 0..2 {
            let boxes = detect(&mut guest, (SIZE, SIZE), &pixels);
            assert_eq!(usize::try_from(boxes.dims[0]).unwrap() * 6, wanted.len());
            for (found, wanted) in floats(&boxes).iter().zip(&wanted) {
                assert!(
                    (found - wanted).abs() < OFF_MAX,
                    "{found} instead of {wanted}"
                );
            }
        }
    }
}

/// Images of any size, one after the other in the same instances: vector instructions or none, the same bits.
#[test]
fn both_builds_give_the_same_bits() {
    let model = file("detector.onnx");
    let mut random = fastrand::Rng::with_seed(5);
    let mut found = 0;
    for fit in [Fit::Letterbox, Fit::Stretch] {
        let mut guests = builds().map(|build| open(&build, &graph(fit), &model));
        for _ in 0..12 {
            let size = (random.u32(1..=128), random.u32(1..=128));
            let (rise, run) = (random.u32(1..9), random.u32(1..9));
            let pixels: Vec<u8> = (0..size.0 * size.1 * 3)
                .map(|at| {
                    let (row, column) = (at / (size.1 * 3), at % (size.1 * 3));
                    let level = row * rise + column * run + random.u32(0..16);
                    u8::try_from(level % 256).unwrap()
                })
                .collect();
            let [vectors, scalar] = guests.each_mut().map(|guest| detect(guest, size, &pixels));
            assert_eq!(vectors.dims, scalar.dims, "{size:?}");
            assert_eq!(vectors.data, scalar.data, "{size:?}");
            found += vectors.dims[0];
            let inside = |numbers: &[f32]| {
                let limits = [size.1, size.0].map(|side| f32::from(u8::try_from(side).unwrap()));
                numbers[0] >= 0.0
                    && numbers[1] >= 0.0
                    && numbers[2] <= limits[0]
                    && numbers[3] <= limits[1]
            };
            assert!(floats(&vectors).chunks(6).all(inside), "{size:?}");
        }
    }
    assert!(found > 20, "{found} boxes prove little");
}

#[test]
fn an_image_without_anything_has_no_boxes() {
    let mut graph = graph(Fit::Letterbox);
    if let Finish::Boxes(boxes) = &mut graph.finish {
        boxes.confidence_min = 0.99;
    }
    let model = file("detector.onnx");
    for build in builds() {
        let mut guest = open(&build, &graph, &model);
        let boxes = detect(&mut guest, (20, 20), &[0; 20 * 20 * 3]);
        assert_eq!(boxes.dims, [0, 6]);
        assert!(boxes.data.is_empty());
    }
}
