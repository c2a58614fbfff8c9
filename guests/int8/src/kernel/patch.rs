use super::{dot, window::Walk};
use crate::Window;

/// Gathers what two windows see: a word for each tap, see [`dot::pair`].
pub(super) struct Patches<'i> {
    window: Window,
    input: &'i [i8],
    channels: usize,
    zero_point: i8,
}

impl<'i> Patches<'i> {
    pub(super) fn new(window: &Window, input: &'i [i8], channels: u16, zero_point: i8) -> Self {
        Self {
            window: *window,
            input,
            channels: usize::from(channels),
            zero_point,
        }
    }

    /// Fills a patch with the windows of two positions.
    pub(super) fn fill(&self, patch: &mut [i64], low: &Walk, high: &Walk) {
        let width = usize::from(self.window.kernel[1]);
        let whole = |walk: &Walk| walk.columns() == (0..width);
        let rows = low.rows();
        let together =
            !self.window.is_dilated() && whole(low) && whole(high) && rows == high.rows();
        for (row, words) in patch.chunks_exact_mut(width * self.channels).enumerate() {
            if together && rows.contains(&row) {
                let low = self.input.get(low.start(row, 0)..).unwrap_or(&[]);
                let high = self.input.get(high.start(row, 0)..).unwrap_or(&[]);
                for ((word, low), high) in words.iter_mut().zip(low).zip(high) {
                    *word = dot::joined(*low, *high);
                }
            } else {
                words.fill(0);
                self.lane(words, row, low, |value| dot::joined(value, 0));
                self.lane(words, row, high, |value| dot::joined(0, value));
            }
        }
    }

    /// Adds one row of one window.
    fn lane(&self, words: &mut [i64], row: usize, walk: &Walk, word: impl Fn(i8) -> i64) {
        let is_inside = walk.rows().contains(&row);
        let columns = walk.columns();
        for (column, words) in words.chunks_exact_mut(self.channels).enumerate() {
            if is_inside && columns.contains(&column) {
                let values = self.input.get(walk.start(row, column)..).unwrap_or(&[]);
                for (slot, value) in words.iter_mut().zip(values) {
                    *slot = slot.wrapping_add(word(*value));
                }
            } else {
                for slot in words {
                    *slot = slot.wrapping_add(word(self.zero_point));
                }
            }
        }
    }
}
