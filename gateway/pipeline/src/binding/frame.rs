use super::{Dim, Layout, fit::orders};

/// How an image lies in a model's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// 1 or 3.
    pub(crate) channels: usize,
    pub(crate) height: Dim,
    pub(crate) width: Dim,
    pub(crate) order: Layout,
    /// The axis of the channels; beyond the last one where a single channel has none.
    pub(crate) channel_axis: usize,
    height_axis: usize,
    rank: usize,
}

impl Frame {
    /// The input as an image: `[channels, height, width]` or `[height, width, channels]`, also behind a batch, or
    /// `[height, width]`, also behind a size of 1. None where it is no such shape; `[1, n]` is a list of numbers.
    pub(crate) fn new(dims: &[Dim], layout: Option<Layout>) -> Option<Self> {
        let batch = matches!(dims.first(), Some(None | Some(1)));
        let start = match dims.len() {
            3 => 0,
            4 if batch => 1,
            2 if !batch => return Self::gray(dims, 0),
            _ => return None,
        };
        let colored = |order: &Layout| {
            let (channel_axis, height_axis) = match order {
                Layout::ChannelsFirst => (start, start + 1),
                Layout::ChannelsLast => (start + 2, start),
            };
            let channels = match dims[channel_axis] {
                Some(1) => 1,
                Some(3) => 3,
                _ => return None,
            };
            Self::at(dims, channels, *order, channel_axis, height_axis)
        };
        let gray = || (start == 0 && batch).then(|| Self::gray(dims, 1)).flatten();
        orders(layout).iter().find_map(colored).or_else(gray)
    }

    fn gray(dims: &[Dim], height_axis: usize) -> Option<Self> {
        Self::at(dims, 1, Layout::ChannelsFirst, dims.len(), height_axis)
    }

    fn at(
        dims: &[Dim],
        channels: usize,
        order: Layout,
        channel_axis: usize,
        height_axis: usize,
    ) -> Option<Self> {
        let (height, width) = (dims[height_axis], dims[height_axis + 1]);
        let empty = height == Some(0) || width == Some(0);
        (!empty).then_some(Self {
            channels,
            height,
            width,
            order,
            channel_axis,
            height_axis,
            rank: dims.len(),
        })
    }

    /// The input's sizes for an image of this height and width.
    pub(crate) fn resolve(&self, height: u32, width: u32, out: &mut Vec<u32>) {
        out.clear();
        out.extend((0..self.rank).map(|axis| match axis {
            axis if axis == self.height_axis => height,
            axis if axis == self.height_axis + 1 => width,
            axis if axis == self.channel_axis && self.channels == 3 => 3,
            _ => 1,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Layout = Layout::ChannelsFirst;
    const LAST: Layout = Layout::ChannelsLast;

    fn frame(sizes: &[i32], layout: Option<Layout>) -> Option<Frame> {
        let dims: Vec<Dim> = sizes.iter().map(|size| u32::try_from(*size).ok()).collect();
        Frame::new(&dims, layout)
    }

    #[test]
    fn images_lie_in_the_shapes_that_models_have() {
        for (sizes, layout, channels, order, resolved) in [
            (&[1, 3, 8, 6][..], None, 3, FIRST, &[1, 3, 8, 6][..]),
            (&[-1, 3, 8, 6], Some(FIRST), 3, FIRST, &[1, 3, 8, 6]),
            (&[1, 8, 6, 3], None, 3, LAST, &[1, 8, 6, 3]),
            (&[1, 8, 6, 3], Some(LAST), 3, LAST, &[1, 8, 6, 3]),
            (&[1, 3, 6, 3], None, 3, FIRST, &[1, 3, 8, 6]),
            (&[3, 8, 6], None, 3, FIRST, &[3, 8, 6]),
            (&[8, 6, 3], None, 3, LAST, &[8, 6, 3]),
            (&[1, 1, 8, 6], None, 1, FIRST, &[1, 1, 8, 6]),
            (&[1, 8, 6, 1], Some(LAST), 1, LAST, &[1, 8, 6, 1]),
            (&[1, 8, 6], None, 1, FIRST, &[1, 8, 6]),
            (&[1, 8, 6], Some(LAST), 1, FIRST, &[1, 8, 6]),
            (&[-1, 8, 6], None, 1, FIRST, &[1, 8, 6]),
            (&[8, 6], None, 1, FIRST, &[8, 6]),
            (&[1, 3, -1, -1], None, 3, FIRST, &[1, 3, 8, 6]),
        ] {
            let frame = frame(sizes, layout).unwrap_or_else(|| panic!("{sizes:?}"));
            assert_eq!(
                (frame.channels, frame.order),
                (channels, order),
                "{sizes:?}"
            );
            let mut out = Vec::new();
            frame.resolve(8, 6, &mut out);
            assert_eq!(out, resolved, "{sizes:?}");
        }
    }

    #[test]
    fn other_shapes_are_no_image() {
        for sizes in [
            &[][..],
            &[64],
            &[1, 64],
            &[-1, 64],
            &[2, 3, 8, 6],
            &[1, 4, 8, 6],
            &[1, -1, 8, 6],
            &[1, 1, 3, 8, 6],
            &[2, 8, 6],
            &[1, 3, 0, 6],
        ] {
            assert_eq!(frame(sizes, None), None, "{sizes:?}");
        }
        assert_eq!(frame(&[1, 3, 8, 6], Some(LAST)), None);
    }
}
