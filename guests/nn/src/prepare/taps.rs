use alloc::vec::Vec;
use core::ops::Range;

use weir_guest::Error;

use crate::memory::zeros;

/// The sum of the weights of one target pixel is 2 to this power.
pub(super) const WEIGHT_BITS: u32 = 14;

/// Which source pixels make each target pixel along one axis, and how much of each.
///
/// A triangle filter: linear between two pixels where the image grows, over all pixels that a target pixel covers where
/// it shrinks, so that nothing falls between them. Places are exact: integers in units of half a target pixel of the
/// other grid.
#[derive(Debug)]
pub(super) struct Taps {
    starts: Vec<usize>,
    /// The weights of two source pixels that follow each other; of the last two, the second may lie beyond the source.
    pairs: Vec<[i16; 2]>,
    /// How many pairs make a target pixel, those of 0 included.
    each: usize,
}

/// What makes one target pixel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tap<'t> {
    /// The first source pixel.
    pub(super) start: usize,
    /// The weights from there on, two and two. Where the source has an odd number of pixels, and fewer than these, the
    /// last weight is 0.
    pub(super) pairs: &'t [[i16; 2]],
}

impl Taps {
    /// Both counts are from 1 to 2^16.
    pub(super) fn new(source: u32, target: u32) -> Result<Self, Error> {
        let (source, target) = (u64::from(source), u64::from(target));
        let widest = (0..target)
            .map(|place| covered(place, source, target))
            .map(|range| range.end - range.start)
            .max();
        let each = widest.unwrap_or(1).div_ceil(2);
        let (count, width) = (size(target)?, size(each)?);
        let pairs = width.checked_mul(count).ok_or(Error::OutOfMemory)?;
        let mut taps = Self {
            starts: zeros(count)?,
            pairs: zeros(pairs)?,
            each: width,
        };
        let targets = taps
            .starts
            .iter_mut()
            .zip(taps.pairs.chunks_exact_mut(width));
        for (place, (start, pairs)) in (0..).zip(targets) {
            let window = covered(place, source, target)
                .start
                .min(source.saturating_sub(2 * each));
            *start = size(window)?;
            weigh(place, (source, target), window, pairs.as_flattened_mut());
        }
        Ok(taps)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Tap<'_>> {
        let pairs = self.pairs.chunks_exact(self.each);
        let taps = self.starts.iter().zip(pairs);
        taps.map(|(start, pairs)| Tap {
            start: *start,
            pairs,
        })
    }

    /// The first source pixel of each target pixel.
    #[cfg(target_feature = "simd128")]
    pub(super) fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// The weights of one target pixel after the other, and how many pairs each has.
    #[cfg(target_feature = "simd128")]
    pub(super) fn pairs(&self) -> (&[[i16; 2]], usize) {
        (&self.pairs, self.each)
    }
}

/// Writes the weights of a target pixel, the first of which is that of the source pixel `window`. Rounding their sums
/// instead of themselves makes them add up exactly.
fn weigh(place: u64, (source, target): (u64, u64), window: u64, weights: &mut [i16]) {
    let range = covered(place, source, target);
    let raw = |at: u64| raw(place, at, source, target);
    let total: u64 = range.clone().map(raw).sum();
    let (mut sum, mut before) = (0, 0);
    for (at, weight) in (window..range.end).zip(weights) {
        if at >= range.start {
            sum += raw(at);
        }
        let rounded = ((sum << WEIGHT_BITS) + total / 2) / total;
        *weight = i16::try_from(rounded - before).unwrap_or(i16::MAX);
        before = rounded;
    }
}

fn size(count: u64) -> Result<usize, Error> {
    usize::try_from(count).map_err(|_| Error::OutOfMemory)
}

/// Twice the place of a middle in the common grid: of pixel `at` among `own`, where the other axis has `other` pixels.
fn middle(at: u64, other: u64) -> u64 {
    (2 * at + 1) * other
}

/// How far the filter reaches in the same grid: one pixel of the coarser of the two.
fn reach(source: u64, target: u64) -> u64 {
    2 * source.max(target)
}

fn raw(place: u64, at: u64, source: u64, target: u64) -> u64 {
    let distance = middle(place, source).abs_diff(middle(at, target));
    reach(source, target).saturating_sub(distance)
}

/// The source pixels whose weight is not 0: at least one.
fn covered(place: u64, source: u64, target: u64) -> Range<u64> {
    let (middle, reach) = (middle(place, source), reach(source, target));
    // (2 × at + 1) × target lies between middle − reach and middle + reach, both excluded.
    let first = middle
        .checked_sub(reach + target)
        .map_or(0, |beyond| beyond / (2 * target) + 1);
    let end = (middle + reach + target - 1) / (2 * target);
    first..end.min(source)
}
