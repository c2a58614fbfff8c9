use core::hint::black_box;

use super::{
    dot::{UNROLL, joined},
    window::Walk,
};
use crate::{Place, Window};

/// Gathers what two windows see: a word for each tap, see [`dot::pair`](super::dot::pair).
pub(super) struct Patches<'i> {
    input: &'i [i8],
    walk: Walk,
    width: usize,
    channels: usize,
    is_dilated: bool,
    zero_point: i8,
}

impl<'i> Patches<'i> {
    pub(super) fn new(window: &Window, input: &'i [i8], walk: Walk, from: Place) -> Self {
        Self {
            input,
            walk,
            width: usize::from(window.kernel[1]),
            channels: usize::from(from.shape.channels),
            is_dilated: window.is_dilated(),
            zero_point: from.zero_point,
        }
    }

    /// Fills a patch with the windows of the next position and, where there is one, of the one behind.
    #[inline(never)]
    pub(super) fn fill(&mut self, patch: &mut [i64], is_pair: bool) {
        let low = self.walk;
        if is_pair {
            self.walk.advance();
        }
        let high = self.walk;
        self.walk.advance();

        let whole = 0..self.width;
        let (low_rows, high_rows) = (low.rows(), high.rows());
        let (low_columns, high_columns) = (low.columns(), high.columns());
        let is_whole = !self.is_dilated && low_columns == whole && high_columns == whole;
        for (row, words) in patch
            .chunks_exact_mut(self.width * self.channels)
            .enumerate()
        {
            let has_low = low_rows.contains(&row);
            let has_high = high_rows.contains(&row);
            if is_whole && has_low && has_high {
                join(words, self.values(&low, row, 0), self.values(&high, row, 0));
                continue;
            }
            for (column, words) in words.chunks_exact_mut(self.channels).enumerate() {
                let has_low = has_low && low_columns.contains(&column);
                let has_high = has_high && high_columns.contains(&column);
                let low = has_low.then(|| self.values(&low, row, column));
                let high = has_high.then(|| self.values(&high, row, column));
                self.join_padded(words, low, high);
            }
        }
    }

    /// The input from an element of a window on.
    fn values(&self, walk: &Walk, row: usize, column: usize) -> &[i8] {
        self.input.get(walk.start(row, column)..).unwrap_or(&[])
    }

    /// An element of which one or both windows may have padding.
    fn join_padded(&self, words: &mut [i64], low: Option<&[i8]>, high: Option<&[i8]>) {
        let zero = self.zero_point;
        match (low, high) {
            (Some(low), Some(high)) => join(words, low, high),
            (Some(low), None) => {
                for (word, low) in words.iter_mut().zip(low) {
                    *word = joined(*low, zero);
                }
            }
            (None, Some(high)) => {
                for (word, high) in words.iter_mut().zip(high) {
                    *word = joined(zero, *high);
                }
            }
            (None, None) => words.fill(joined(zero, zero)),
        }
    }
}

/// Elements that lie inside for both windows.
#[inline(never)]
fn join(words: &mut [i64], low: &[i8], high: &[i8]) {
    let low = low.get(..words.len()).unwrap_or(low);
    let high = high.get(..words.len()).unwrap_or(high);
    let (words, words_rest) = words.as_chunks_mut::<UNROLL>();
    let (lows, lows_rest) = low.as_chunks::<UNROLL>();
    let (highs, highs_rest) = high.as_chunks::<UNROLL>();
    for ((words, low), high) in words.iter_mut().zip(lows).zip(highs) {
        let (words, low, high) = (black_box(words), black_box(low), black_box(high));
        words[0] = joined(low[0], high[0]);
        words[1] = joined(low[1], high[1]);
        words[2] = joined(low[2], high[2]);
        words[3] = joined(low[3], high[3]);
        words[4] = joined(low[4], high[4]);
        words[5] = joined(low[5], high[5]);
        words[6] = joined(low[6], high[6]);
        words[7] = joined(low[7], high[7]);
    }
    for ((word, low), high) in words_rest.iter_mut().zip(lows_rest).zip(highs_rest) {
        *word = joined(*low, *high);
    }
}
