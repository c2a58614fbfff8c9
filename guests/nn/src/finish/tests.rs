//! Boxes against the plain definition of non-maximum suppression.

use nn_graph::Boxes;

use super::{
    boxes::{BoxFinisher, BoxNumbers},
    softmax::softmax,
};
use crate::prepare::{Placement, Size};

const COUNT: usize = 300;
const CLASSES: usize = 3;

const SPEC: Boxes = Boxes {
    boxes_max: 20,
    candidates_max: 100,
    confidence_min: 0.3,
    iou_max: 0.5,
};

/// An image of 200 × 100 pixels in an input of 64 × 64: 64 × 32 of it.
const PLACEMENT: Placement = Placement {
    image: Size {
        height: 100,
        width: 200,
    },
    top: 16,
    left: 0,
    fitted: Size {
        height: 32,
        width: 64,
    },
};

fn candidates(random: &mut fastrand::Rng) -> Vec<f32> {
    let mut values = Vec::new();
    for limit in [64.0, 64.0, 30.0, 30.0] {
        values.extend((0..COUNT).map(|_| random.f32() * limit));
    }
    values.extend((0..COUNT * CLASSES).map(|_| random.f32() * random.f32()));
    values
}

/// Every rule for itself, none of them bounded or in place.
fn reference(candidates: &[f32], spec: &Boxes) -> Vec<BoxNumbers> {
    let number = |row: usize, at: usize| candidates[row * COUNT + at];
    let mut all: Vec<(usize, BoxNumbers, [f32; 4])> = Vec::new();
    for at in 0..COUNT {
        let scores: Vec<f32> = (0..CLASSES).map(|class| number(4 + class, at)).collect();
        let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let class = scores.iter().position(|score| *score == best).unwrap();
        let class = f32::from(u8::try_from(class).unwrap());
        if best < spec.confidence_min {
            continue;
        }
        let scale = 200.0 / 64.0;
        let half = [number(2, at) / 2.0, number(3, at) / 2.0];
        let whole = [
            (number(0, at) - half[0]) * scale,
            (number(1, at) - half[1] - 16.0) * scale,
            (number(0, at) + half[0]) * scale,
            (number(1, at) + half[1] - 16.0) * scale,
        ];
        let cut = [
            whole[0].clamp(0.0, 200.0),
            whole[1].clamp(0.0, 100.0),
            whole[2].clamp(0.0, 200.0),
            whole[3].clamp(0.0, 100.0),
        ];
        all.push((at, [cut[0], cut[1], cut[2], cut[3], best, class], whole));
    }
    all.sort_by(|(a, x, _), (b, y, _)| y[4].total_cmp(&x[4]).then(a.cmp(b)));
    all.truncate(usize::try_from(spec.candidates_max).unwrap());
    let mut kept: Vec<(BoxNumbers, [f32; 4])> = Vec::new();
    for (_, numbers, whole) in all {
        let visible = numbers[0] < numbers[2] && numbers[1] < numbers[3];
        let covered = kept.iter().any(|(other, edges)| {
            other[5] == numbers[5] && overlap(*edges, whole) > f64::from(spec.iou_max)
        });
        if visible && !covered {
            kept.push((numbers, whole));
        }
    }
    kept.truncate(usize::try_from(spec.boxes_max).unwrap());
    kept.into_iter().map(|(numbers, _)| numbers).collect()
}

fn overlap(a: [f32; 4], b: [f32; 4]) -> f64 {
    let side = |from: f32, to: f32| (f64::from(to) - f64::from(from)).max(0.0);
    let area = |e: [f32; 4]| side(e[0], e[2]) * side(e[1], e[3]);
    let shared = side(a[0].max(b[0]), a[2].min(b[2])) * side(a[1].max(b[1]), a[3].min(b[3]));
    shared / (area(a) + area(b) - shared)
}

fn finisher(spec: &Boxes) -> BoxFinisher {
    BoxFinisher::new(spec, CLASSES, COUNT).expect("little memory")
}

#[test]
fn boxes_are_those_of_the_definition() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut many = 0;
    for round in 0..200 {
        let spec = Boxes {
            boxes_max: random.u32(1..60),
            candidates_max: random.u32(1..350),
            confidence_min: random.f32() * 0.6,
            iou_max: random.f32(),
        };
        let candidates = candidates(&mut random);
        let mut finisher = finisher(&spec);
        let boxes = finisher.choose(&candidates, PLACEMENT);
        let expected = reference(&candidates, &spec);
        assert_eq!(boxes.len(), expected.len(), "round {round}");
        many += boxes.len();
        for (found, expected) in boxes.iter().zip(expected) {
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-3,
                    "round {round}: {found} {expected}"
                );
            }
        }
    }
    assert!(many > 2000, "{many} boxes prove little");
}

#[test]
fn boxes_keep_what_they_promise() {
    let mut random = fastrand::Rng::with_seed(2);
    let mut finisher = finisher(&SPEC);
    for _ in 0..200 {
        let candidates = candidates(&mut random);
        let boxes = finisher.choose(&candidates, PLACEMENT).to_vec();
        assert!(boxes.len() <= 20);
        assert!(boxes.is_sorted_by(|a, b| a[4] >= b[4]));
        for [left, top, right, bottom, score, class] in &boxes {
            assert!(0.0 <= *left && left < right && *right <= 200.0);
            assert!(0.0 <= *top && top < bottom && *bottom <= 100.0);
            assert!(*score >= 0.3 && [0.0, 1.0, 2.0].contains(class));
        }
        assert_eq!(
            finisher.choose(&candidates, PLACEMENT),
            boxes,
            "nothing is remembered"
        );
    }
}

#[test]
fn what_is_no_number_is_no_box() {
    let mut finisher = finisher(&SPEC);
    let mut random = fastrand::Rng::with_seed(3);
    for bad in [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
    ] {
        for _ in 0..50 {
            let mut candidates = candidates(&mut random);
            for _ in 0..200 {
                let at = random.usize(..candidates.len());
                candidates[at] = bad;
            }
            let boxes = finisher.choose(&candidates, PLACEMENT);
            assert!(
                boxes
                    .iter()
                    .all(|numbers| numbers.iter().all(|edge| edge.is_finite()))
            );
        }
        let only = vec![bad; COUNT * (4 + CLASSES)];
        assert!(finisher.choose(&only, PLACEMENT).is_empty());
    }
}

#[test]
fn the_better_of_two_boxes_stays_and_other_classes_do_not_count() {
    let mut candidates = vec![0.0; COUNT * (4 + CLASSES)];
    let mut put = |at: usize, numbers: [f32; 4], class: usize, score: f32| {
        for (row, number) in numbers.into_iter().enumerate() {
            candidates[row * COUNT + at] = number;
        }
        candidates[(4 + class) * COUNT + at] = score;
    };
    put(5, [32.0, 32.0, 10.0, 10.0], 0, 0.8);
    put(6, [33.0, 32.0, 10.0, 10.0], 0, 0.9);
    put(7, [32.0, 33.0, 10.0, 10.0], 1, 0.7);
    put(8, [50.0, 32.0, 10.0, 10.0], 0, 0.6);
    put(9, [10.0, 32.0, 10.0, 10.0], 0, 0.2);
    let mut finisher = finisher(&SPEC);
    let scores: Vec<f32> = finisher
        .choose(&candidates, PLACEMENT)
        .iter()
        .map(|numbers| numbers[4])
        .collect();
    assert_eq!(scores, [0.9, 0.7, 0.6]);
}

#[test]
fn probabilities_add_up_whatever_the_logits() {
    let mut logits = [1.0, 2.0, 3.0, 4.0];
    softmax(&mut logits);
    for (found, expected) in logits
        .iter()
        .zip([0.032_058_6, 0.087_144_3, 0.236_882_8, 0.643_914_3])
    {
        assert!((found - expected).abs() < 1e-6);
    }
    let mut wide = [1e30, -1e30, 1e30, 0.0];
    softmax(&mut wide);
    assert_eq!(wide, [0.5, 0.0, 0.5, 0.0]);
}
