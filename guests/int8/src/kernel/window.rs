use core::ops::Range;

use crate::{Place, Shape, Window};

/// A window on its way over the input: where it begins, for each position of the output.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    window: Window,
    input: Shape,
    width: u16,
    column: u16,
    /// Row and column of the window's first element; negative in the padding.
    pub(super) origin: [i32; 2],
}

impl Walk {
    pub(super) fn new(window: &Window, input: Place, output: Place) -> Self {
        let [top, left] = window.padding_before;
        Self {
            window: *window,
            input: input.shape,
            width: output.shape.width,
            column: 0,
            origin: [-i32::from(top), -i32::from(left)],
        }
    }

    /// On to the next position of the output.
    pub(super) fn advance(&mut self) {
        self.column += 1;
        self.origin[1] += i32::from(self.window.stride[1]);
        if self.column == self.width {
            self.column = 0;
            self.origin[0] += i32::from(self.window.stride[0]);
            self.origin[1] = -i32::from(self.window.padding_before[1]);
        }
    }

    /// The rows of the window that lie inside the input.
    pub(super) fn rows(&self) -> Range<usize> {
        self.inside(0, self.input.height)
    }

    /// The columns of the window that lie inside the input.
    pub(super) fn columns(&self) -> Range<usize> {
        self.inside(1, self.input.width)
    }

    /// Where an element of the window that lies inside begins in the input.
    pub(super) fn start(&self, row: usize, column: usize) -> usize {
        let y = self.along(0, row);
        let x = self.along(1, column);
        (y * usize::from(self.input.width) + x) * usize::from(self.input.channels)
    }

    fn along(&self, axis: usize, step: usize) -> usize {
        let steps = step * usize::from(self.window.dilation[axis]);
        usize::try_from(self.origin[axis]).map_or_else(
            |_| steps.saturating_sub(distance(self.origin[axis])),
            |origin| origin + steps,
        )
    }

    /// The steps `k` of an axis for which `0 ≤ origin + k × dilation < size`.
    fn inside(&self, axis: usize, size: u16) -> Range<usize> {
        let dilation = usize::from(self.window.dilation[axis]);
        let kernel = usize::from(self.window.kernel[axis]);
        let before = if self.origin[axis] < 0 {
            distance(self.origin[axis]).div_ceil(dilation)
        } else {
            0
        };
        let until = i32::from(size) - self.origin[axis];
        let end = usize::try_from(until).map_or(0, |until| until.div_ceil(dilation));
        let end = end.min(kernel);
        before.min(end)..end
    }
}

fn distance(origin: i32) -> usize {
    usize::try_from(origin.unsigned_abs()).unwrap_or(usize::MAX)
}
