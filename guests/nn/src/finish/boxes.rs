use alloc::vec::Vec;
use core::cmp::Ordering;

use nn_graph::Boxes;
use weir_guest::Error;

use crate::{
    memory::{len, reserved, zeros},
    prepare::Placement,
};

/// Rows of a candidate's box, before those of its scores.
const BOX_ROWS: usize = 4;

/// Left, top, right and bottom edge, score, class.
pub(super) type BoxNumbers = [f32; 6];

/// Chooses the boxes that count. The memory is used again, and reserved at the start.
#[derive(Debug)]
pub(crate) struct BoxFinisher {
    boxes_max: usize,
    candidates_max: usize,
    confidence_min: f32,
    iou_max: f32,
    /// The best score of each candidate, and of which class.
    best: Vec<f32>,
    class: Vec<u32>,
    picked: Vec<Pick>,
    kept: Vec<BoxNumbers>,
    /// The kept boxes as they are compared: not cut at the image's edges.
    whole: Vec<[f32; 4]>,
}

#[derive(Debug, Clone, Copy)]
struct Pick {
    score: f32,
    candidate: usize,
}

impl BoxFinisher {
    pub(super) fn new(boxes: &Boxes, classes: usize, count: usize) -> Result<Self, Error> {
        let boxes_max = len(boxes.boxes_max)?;
        debug_assert!(classes > 0, "checked with the description");
        Ok(Self {
            boxes_max,
            candidates_max: len(boxes.candidates_max)?,
            confidence_min: boxes.confidence_min,
            iou_max: boxes.iou_max,
            best: zeros(count)?,
            class: zeros(count)?,
            picked: reserved(count)?,
            kept: reserved(boxes_max)?,
            whole: reserved(boxes_max)?,
        })
    }

    /// The best boxes, best first, in pixels of the image. `candidates` is `[4 + classes, count]`.
    pub(super) fn choose(&mut self, candidates: &[f32], placement: Placement) -> &[BoxNumbers] {
        self.score(candidates);
        self.pick();
        self.keep(candidates, placement);
        &self.kept
    }

    /// The best class of each candidate: the first of equals.
    fn score(&mut self, candidates: &[f32]) {
        let count = self.best.len();
        self.best.fill(f32::NEG_INFINITY);
        self.class.fill(0);
        let scores = candidates.chunks_exact(count).skip(BOX_ROWS);
        for (class, scores) in (0..).zip(scores) {
            let best = self.best.iter_mut().zip(&mut self.class);
            for ((best, best_class), score) in best.zip(scores) {
                let better = *score > *best;
                *best = if better { *score } else { *best };
                *best_class = if better { class } else { *best_class };
            }
        }
    }

    /// The candidates with scores that are high enough, best first, no more than are to be compared.
    fn pick(&mut self) {
        let scored = self.best.iter().copied().enumerate();
        let enough = scored.filter(|(_, score)| *score >= self.confidence_min && score.is_finite());
        self.picked.clear();
        self.picked
            .extend(enough.map(|(candidate, score)| Pick { score, candidate }));
        if self.picked.len() > self.candidates_max {
            self.picked
                .select_nth_unstable_by(self.candidates_max, Pick::best_first);
            self.picked.truncate(self.candidates_max);
        }
        self.picked.sort_unstable_by(Pick::best_first);
    }

    /// Each box that overlaps no better one of its class.
    fn keep(&mut self, candidates: &[f32], placement: Placement) {
        self.kept.clear();
        self.whole.clear();
        for pick in &self.picked {
            if self.kept.len() == self.boxes_max {
                return;
            }
            let Some(whole) = edges(candidates, pick.candidate, self.best.len(), placement) else {
                continue;
            };
            let class = class_number(self.class[pick.candidate]);
            let [left, top, right, bottom] = cut(whole, placement);
            let outside = left >= right || top >= bottom;
            let mut better = self.kept.iter().zip(&self.whole);
            let covered = |(kept, other): (&BoxNumbers, &[f32; 4])| {
                kept[5].total_cmp(&class).is_eq() && overlap(whole, *other) > self.iou_max
            };
            if !outside && !better.any(covered) {
                self.kept
                    .push([left, top, right, bottom, pick.score, class]);
                self.whole.push(whole);
            }
        }
    }
}

impl Pick {
    /// Of equal scores, the first candidate.
    fn best_first(&self, other: &Self) -> Ordering {
        let scores = other.score.total_cmp(&self.score);
        scores.then(self.candidate.cmp(&other.candidate))
    }
}

/// The edges of a candidate's box in pixels of the image; none where they are not finite.
fn edges(
    candidates: &[f32],
    candidate: usize,
    count: usize,
    placement: Placement,
) -> Option<[f32; 4]> {
    let row = |row: usize| candidates[row * count + candidate];
    let (x, y, half_width, half_height) = (row(0), row(1), row(2) / 2.0, row(3) / 2.0);
    let back = |place: f32, from: usize, fitted: usize, own: usize| {
        (place - pixels(from)) * (pixels(own) / pixels(fitted))
    };
    let across = |x| {
        back(
            x,
            placement.left,
            placement.fitted.width,
            placement.image.width,
        )
    };
    let down = |y| {
        back(
            y,
            placement.top,
            placement.fitted.height,
            placement.image.height,
        )
    };
    let edges = [
        across(x - half_width),
        down(y - half_height),
        across(x + half_width),
        down(y + half_height),
    ];
    edges.iter().all(|edge| edge.is_finite()).then_some(edges)
}

/// What of a box lies within the image.
fn cut([left, top, right, bottom]: [f32; 4], placement: Placement) -> [f32; 4] {
    let (width, height) = (
        pixels(placement.image.width),
        pixels(placement.image.height),
    );
    [
        left.clamp(0.0, width),
        top.clamp(0.0, height),
        right.clamp(0.0, width),
        bottom.clamp(0.0, height),
    ]
}

/// Intersection over union; 0 where that is no number.
fn overlap(a: [f32; 4], b: [f32; 4]) -> f32 {
    // Not `min` and `max`, which are calls where there is no `std`: edges are numbers.
    let lesser = |a: f32, b: f32| if a < b { a } else { b };
    let greater = |a: f32, b: f32| if a > b { a } else { b };
    let width = lesser(a[2], b[2]) - greater(a[0], b[0]);
    let height = lesser(a[3], b[3]) - greater(a[1], b[1]);
    if width <= 0.0 || height <= 0.0 {
        return 0.0;
    }
    let area = |edges: [f32; 4]| (edges[2] - edges[0]) * (edges[3] - edges[1]);
    let shared = width * height;
    shared / (area(a) + area(b) - shared)
}

#[expect(
    clippy::as_conversions,
    reason = "a side of at most 2^16 pixels is exact"
)]
fn pixels(count: usize) -> f32 {
    count as f32
}

#[expect(clippy::as_conversions, reason = "exact up to 2^24 classes")]
fn class_number(class: u32) -> f32 {
    class as f32
}
