use core::hint::black_box;

use super::dot::{LANES, joined};
use crate::{Place, Window};

/// Words that are written out one after the other.
const WORDS: usize = 4;

/// Gathers what three windows see: a word for each tap, see [`dot::triple`](super::dot::triple).
pub(super) struct Patches<'i> {
    input: &'i [i8],
    zero_point: i8,
    channels: usize,
    size: [isize; 2],
    kernel: [usize; 2],
    stride: [isize; 2],
    dilation: [isize; 2],
    padding: [isize; 2],
    /// Positions of the output in a row; rows that are left, and positions in the first of them.
    width: usize,
    left: [usize; 2],
    /// Whether no window has padding.
    is_inside: bool,
    /// Row and column where the next window begins; negative in the padding.
    origin: [isize; 2],
}

impl<'i> Patches<'i> {
    /// Of an input that lies in `room` with its padding, where there is enough of that.
    pub(super) fn new(
        window: &Window,
        input: &'i [i8],
        room: &'i mut [i8],
        (from, to): (Place, Place),
    ) -> Self {
        let signed = |[height, width]: [usize; 2]| [height.cast_signed(), width.cast_signed()];
        let (mut input, mut padding) = (input, window.padding_before.map(usize::from));
        let mut is_inside = !window.is_padded();
        let mut size = [from.shape.height, from.shape.width].map(usize::from);
        let room = window
            .padded_bytes(from.shape)
            .and_then(|bytes| room.get_mut(..bytes));
        if let Some(room) = room {
            pad(window, input, room, from);
            (input, size) = (room, window.padded(from.shape));
            (padding, is_inside) = ([0, 0], true);
        }
        let padding = signed(padding);
        let width = usize::from(to.shape.width);
        Self {
            input,
            zero_point: from.zero_point,
            channels: usize::from(from.shape.channels),
            size: signed(size),
            kernel: window.kernel.map(usize::from),
            stride: signed(window.stride.map(usize::from)),
            dilation: signed(window.dilation.map(usize::from)),
            padding,
            width,
            left: [usize::from(to.shape.height), width],
            is_inside,
            origin: padding.map(|padding| -padding),
        }
    }

    /// Fills a patch with the windows of the next three positions; behind the last one it is that again.
    #[inline(never)]
    pub(super) fn fill(&mut self, patch: &mut [i64]) {
        let mut origins = [self.next(), self.next(), self.next()];
        for words in patch.chunks_exact_mut(self.kernel[1] * self.channels) {
            if self.is_inside {
                self.join_row(words, origins);
            } else {
                self.fill_row(words, origins);
            }
            for origin in &mut origins {
                origin[0] += self.dilation[0];
            }
        }
    }

    /// Where a window begins; on to the next one.
    fn next(&mut self) -> [isize; 2] {
        let origin = self.origin;
        self.origin[1] += self.stride[1];
        self.left[1] -= 1;
        if self.left[1] == 0 {
            self.left[0] -= 1;
            self.left[1] = self.width;
            self.origin = [origin[0] + self.stride[0], -self.padding[1]];
            if self.left[0] == 0 {
                (self.origin, self.left) = (origin, [1, 1]);
            }
        }
        origin
    }

    /// One row of three windows without padding.
    fn join_row(&self, words: &mut [i64], origins: [[isize; 2]; LANES]) {
        let [a, b, c] = origins.map(|origin| self.start(origin));
        let (piece, step) = if self.dilation[1] == 1 {
            (words.len(), 0)
        } else {
            let step = self.dilation[1].cast_unsigned() * self.channels;
            (self.channels, step)
        };
        let from = |start: usize| self.input.get(start..).unwrap_or(&[]);
        let mut at = 0;
        for words in words.chunks_exact_mut(piece) {
            join(words, from(a + at), from(b + at), from(c + at));
            at += step;
        }
    }

    fn start(&self, [y, x]: [isize; 2]) -> usize {
        let position = y.wrapping_mul(self.size[1]).wrapping_add(x);
        position.cast_unsigned().wrapping_mul(self.channels)
    }

    /// One row of three windows, of which some may have padding.
    fn fill_row(&self, words: &mut [i64], mut origins: [[isize; 2]; LANES]) {
        for words in words.chunks_exact_mut(self.channels) {
            match origins.map(|origin| self.at(origin)) {
                [Some(a), Some(b), Some(c)] => join(words, a, b, c),
                padded => self.join_padded(words, padded),
            }
            for origin in &mut origins {
                origin[1] += self.dilation[1];
            }
        }
    }

    /// The input from a position on; none in the padding.
    #[inline(always)]
    fn at(&self, [y, x]: [isize; 2]) -> Option<&[i8]> {
        let is_inside = |at: isize, size: isize| at.cast_unsigned() < size.cast_unsigned();
        if !is_inside(y, self.size[0]) || !is_inside(x, self.size[1]) {
            return None;
        }
        self.input.get(self.start([y, x])..)
    }

    /// An element of which some windows have padding.
    fn join_padded(&self, words: &mut [i64], lanes: [Option<&[i8]>; LANES]) {
        for (at, word) in words.iter_mut().enumerate() {
            let value = |lane: Option<&[i8]>| {
                lane.and_then(|values| values.get(at))
                    .map_or(self.zero_point, |value| *value)
            };
            *word = joined(value(lanes[0]), value(lanes[1]), value(lanes[2]));
        }
    }
}

/// Copies an input into its padding.
fn pad(window: &Window, input: &[i8], room: &mut [i8], from: Place) {
    let channels = usize::from(from.shape.channels);
    let [_, width] = window.padded(from.shape);
    let [top, left] = window.padding_before.map(usize::from);
    room.fill(from.zero_point);
    let rows = room.chunks_exact_mut(width * channels).skip(top);
    let inputs = input.chunks_exact(usize::from(from.shape.width) * channels);
    for (row, input) in rows.zip(inputs) {
        let start = left * channels;
        if let Some(row) = row.get_mut(start..start + input.len()) {
            row.copy_from_slice(input);
        }
    }
}

/// Elements that lie inside for all windows.
#[inline(never)]
fn join(words: &mut [i64], first: &[i8], second: &[i8], third: &[i8]) {
    let len = words.len();
    let [first, second, third] = [first, second, third].map(|lane| lane.get(..len).unwrap_or(lane));
    let (words, words_rest) = words.as_chunks_mut::<WORDS>();
    let (firsts, firsts_rest) = first.as_chunks::<WORDS>();
    let (seconds, seconds_rest) = second.as_chunks::<WORDS>();
    let (thirds, thirds_rest) = third.as_chunks::<WORDS>();
    let lanes = firsts.iter().zip(seconds).zip(thirds);
    for (words, ((first, second), third)) in words.iter_mut().zip(lanes) {
        let words = black_box(words);
        let (first, second, third) = (black_box(first), black_box(second), black_box(third));
        words[0] = joined(first[0], second[0], third[0]);
        words[1] = joined(first[1], second[1], third[1]);
        words[2] = joined(first[2], second[2], third[2]);
        words[3] = joined(first[3], second[3], third[3]);
    }
    let lanes = firsts_rest.iter().zip(seconds_rest).zip(thirds_rest);
    for (word, ((first, second), third)) in words_rest.iter_mut().zip(lanes) {
        *word = joined(*first, *second, *third);
    }
}
