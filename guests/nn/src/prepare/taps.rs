use alloc::vec::Vec;
use core::ops::Range;

use weir_guest::Error;

use crate::memory::{len, reserved};

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
    /// The weights of two source pixels that follow each other; the second may lie beyond the last one: then it is 0.
    pairs: Vec<[i16; 2]>,
    /// Where the pairs of each target pixel end.
    ends: Vec<usize>,
}

/// What makes one target pixel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tap<'t> {
    /// The first source pixel.
    pub(super) start: usize,
    /// The weights from there on, two and two.
    pub(super) pairs: &'t [[i16; 2]],
}

impl Taps {
    /// Both counts are from 1 to 2^16.
    pub(super) fn new(source: u32, target: u32) -> Result<Self, Error> {
        let count = len(target)?;
        let mut taps = Self {
            starts: reserved(count)?,
            pairs: Vec::new(),
            ends: reserved(count)?,
        };
        for place in 0..u64::from(target) {
            taps.add(place, u64::from(source), u64::from(target))?;
        }
        Ok(taps)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Tap<'_>> {
        let begins = core::iter::once(0).chain(self.ends.iter().copied());
        let ranges = begins.zip(&self.ends).map(|(begin, end)| begin..*end);
        self.starts.iter().zip(ranges).map(|(start, range)| Tap {
            start: *start,
            pairs: &self.pairs[range],
        })
    }

    fn add(&mut self, place: u64, source: u64, target: u64) -> Result<(), Error> {
        let range = covered(place, source, target);
        let total: u64 = range.clone().map(|at| raw(place, at, source, target)).sum();
        // Rounding the sums instead of the weights makes them add up exactly.
        let rounded = |sum: u64| ((sum << WEIGHT_BITS) + total / 2) / total;
        let (mut sum, mut before) = (0, 0);
        let mut weight = |at: u64| {
            if at >= range.end {
                return 0;
            }
            sum += raw(place, at, source, target);
            let weight = rounded(sum) - before;
            before += weight;
            i16::try_from(weight).unwrap_or(i16::MAX)
        };
        let pairs = range
            .clone()
            .step_by(2)
            .map(|at| [weight(at), weight(at + 1)]);
        let count = usize::try_from((range.end - range.start).div_ceil(2));
        self.pairs
            .try_reserve(count.map_err(|_| Error::OutOfMemory)?)
            .map_err(|_| Error::OutOfMemory)?;
        self.pairs.extend(pairs);
        self.ends.push(self.pairs.len());
        self.starts
            .push(usize::try_from(range.start).map_err(|_| Error::OutOfMemory)?);
        Ok(())
    }
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
