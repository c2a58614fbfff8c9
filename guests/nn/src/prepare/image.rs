use alloc::{format, vec::Vec};

use nn_graph::{Fit, GraphTensor, Image, Layout};
use weir_guest::{DType, Error, Input};

use super::{
    Placement,
    columns::{self, SLACK},
    lay::{Element, Scale, lay_levels, lay_sums},
    placement::Size,
    planes, rows,
    taps::Taps,
};
use crate::memory::{len, zeros};

/// The greatest height or width of an image, so that places along a side are exact.
const SIDE_MAX: u32 = 1 << 16;
/// What lies beside an image that is letterboxed.
const GRAY: u8 = 114;

/// Makes a graph's input of images. The memory is used again.
#[derive(Debug)]
pub(crate) struct ImagePreparer {
    fit: Fit,
    pixels_max: u32,
    layout: Layout,
    elements: Elements,
    channels: u32,
    size: Size,
    scales: [Scale; 3],
    /// The graph's input, whatever the type of its elements.
    input: Vec<f32>,
    bytes: usize,
    /// For images of the size of the last one.
    plan: Option<Plan>,
}

/// The type of the elements of a graph's input.
#[derive(Debug, Clone, Copy)]
enum Elements {
    F32,
    U8,
}

#[derive(Debug)]
struct Plan {
    placement: Placement,
    rows: Taps,
    columns: Taps,
    row: Vec<i16>,
    sums: Vec<i32>,
    levels: Vec<u8>,
}

impl ImagePreparer {
    /// Of a description that was checked: one input of `f32` or `u8` with 4 sizes, 1 or 3 channels.
    pub(super) fn new(image: &Image, input: &GraphTensor) -> Result<Self, Error> {
        let &[_, a, b, c] = input.dims.as_slice() else {
            return Err(Error::ModelCorrupt(
                "its input is not made of images".into(),
            ));
        };
        let (channels, height, width) = match image.layout {
            Layout::ChannelsFirst => (a, b, c),
            Layout::ChannelsLast => (c, a, b),
        };
        if height.max(width) > SIDE_MAX {
            let words = format!("its input has a side of more than {SIDE_MAX} pixels");
            return Err(Error::ModelUnsupported(words.into()));
        }
        let (elements, bytes) = if input.is(DType::F32) {
            (Elements::F32, size_of::<f32>())
        } else {
            (Elements::U8, 1)
        };
        let bytes = len(channels)? * len(height)? * len(width)? * bytes;
        Ok(Self {
            fit: image.fit,
            pixels_max: image.pixels_max,
            layout: image.layout,
            elements,
            channels,
            size: Size {
                height: len(height)?,
                width: len(width)?,
            },
            scales: core::array::from_fn(|channel| scale(image, channel)),
            input: zeros(bytes.div_ceil(size_of::<f32>()))?,
            bytes,
            plan: None,
        })
    }

    /// Where the last image lies.
    pub(super) fn placement(&self) -> Option<Placement> {
        Some(self.plan.as_ref()?.placement)
    }

    /// The bytes of the graph's input.
    pub(crate) fn prepare(&mut self, input: &Input<'_>) -> Result<&[u8], Error> {
        if input.dtype != DType::U8 {
            return Err(Error::InputType {
                input: 0,
                expected: DType::U8,
                got: input.dtype.code(),
            });
        }
        let (height, width) = self.fitting(&input.dims).ok_or_else(|| Error::InputShape {
            input: 0,
            expected: self.words().into(),
            got: input.dims,
        })?;
        self.make(height, width, input.bytes)
    }

    /// Of an image's pixels, their channels side by side.
    pub(super) fn make(&mut self, height: u32, width: u32, pixels: &[u8]) -> Result<&[u8], Error> {
        self.plan_for(height, width)?;
        match self.elements {
            Elements::F32 => self.run::<f32>(pixels),
            Elements::U8 => self.run::<u8>(pixels),
        }
        Ok(&bytemuck::cast_slice(&self.input)[..self.bytes])
    }

    fn fitting(&self, dims: &[u32]) -> Option<(u32, u32)> {
        let &[1, height, width, channels] = dims else {
            return None;
        };
        let pixels = height.checked_mul(width)?;
        let possible = 1..=SIDE_MAX;
        (channels == self.channels
            && possible.contains(&height)
            && possible.contains(&width)
            && pixels <= self.pixels_max)
            .then_some((height, width))
    }

    fn words(&self) -> alloc::string::String {
        format!(
            "an image of at most {} pixels, {SIDE_MAX} in a row or column: [1, height, width, {}]",
            self.pixels_max, self.channels
        )
    }

    fn plan_for(&mut self, height: u32, width: u32) -> Result<(), Error> {
        let image = Size {
            height: len(height)?,
            width: len(width)?,
        };
        if self
            .plan
            .as_ref()
            .is_some_and(|plan| plan.placement.image == image)
        {
            return Ok(());
        }
        let placement = Placement::new(image, self.size, self.fit);
        let side = |side: usize| u32::try_from(side).map_err(|_| Error::OutOfMemory);
        let channels = len(self.channels)?;
        self.plan = None;
        self.plan = Some(Plan {
            placement,
            rows: Taps::new(height, side(placement.fitted.height)?)?,
            columns: Taps::new(width, side(placement.fitted.width)?)?,
            row: zeros(image.width * channels + SLACK)?,
            sums: zeros(placement.fitted.width * channels)?,
            levels: zeros(placement.fitted.width * channels)?,
        });
        match self.elements {
            Elements::F32 => self.fill::<f32>(),
            Elements::U8 => self.fill::<u8>(),
        }
        Ok(())
    }

    /// Gray everywhere: what lies beside the image stays so.
    fn fill<E: Element>(&mut self) {
        let planes = Planes::new(self.layout, self.size, self.channels);
        let elements = bytemuck::cast_slice_mut(&mut self.input);
        for channel in 0..planes.channels {
            let gray = E::of_level(GRAY, self.scales[channel]);
            for row in 0..self.size.height {
                let row = planes.row(elements, channel, row, 0);
                let row = row.iter_mut().step_by(planes.step);
                row.take(self.size.width)
                    .for_each(|element| *element = gray);
            }
        }
    }

    fn run<E: Element>(&mut self, image: &[u8]) {
        let Some(plan) = &mut self.plan else {
            return;
        };
        let planes = Planes::new(self.layout, self.size, self.channels);
        let elements = bytemuck::cast_slice_mut::<_, E>(&mut self.input);
        let Placement { top, left, .. } = plan.placement;
        let resized = plan.placement.fitted != plan.placement.image;
        let row_len = plan.placement.image.width * planes.channels;
        let width = plan.placement.fitted.width;
        for (at, tap) in plan.rows.iter().enumerate() {
            let own = || &image[at * row_len..][..row_len];
            if resized {
                let rows = &image[tap.start * row_len..];
                rows::blend(rows, tap, &mut plan.row[..row_len]);
                columns::resample(&plan.row, &plan.columns, planes.channels, &mut plan.sums);
            } else if planes.channels == 3 {
                planes::split(own(), &mut plan.levels);
            } else {
                plan.levels.copy_from_slice(own());
            }
            for channel in 0..planes.channels {
                let scale = self.scales[channel];
                let out = planes.row(elements, channel, top + at, left);
                let begin = channel * width;
                if resized {
                    lay_sums(&plan.sums[begin..][..width], scale, planes.step, out);
                } else {
                    lay_levels(&plan.levels[begin..][..width], scale, planes.step, out);
                }
            }
        }
    }
}

/// Where the elements of a graph's input lie.
struct Planes {
    channels: usize,
    /// Between two channels, two rows, two pixels.
    plane: usize,
    row: usize,
    step: usize,
}

impl Planes {
    fn new(layout: Layout, size: Size, channels: u32) -> Self {
        let channels = if channels == 1 { 1 } else { 3 };
        match layout {
            Layout::ChannelsFirst => Self {
                channels,
                plane: size.height * size.width,
                row: size.width,
                step: 1,
            },
            Layout::ChannelsLast => Self {
                channels,
                plane: 1,
                row: size.width * channels,
                step: channels,
            },
        }
    }

    /// From a pixel of a row on to the row's end, beginning with a channel.
    fn row<'e, E>(
        &self,
        elements: &'e mut [E],
        channel: usize,
        row: usize,
        left: usize,
    ) -> &'e mut [E] {
        let end = match self.step {
            1 => channel * self.plane + (row + 1) * self.row,
            _ => (row + 1) * self.row,
        };
        &mut elements[channel * self.plane + row * self.row + left * self.step..end]
    }
}

fn scale(image: &Image, channel: usize) -> Scale {
    let of = |numbers: &[f32], default: f32| match numbers {
        [] => default,
        [one] => *one,
        several => several.get(channel).copied().unwrap_or(default),
    };
    let (mean, std) = (of(&image.mean, 0.0), of(&image.std, 1.0));
    Scale {
        gain: 1.0 / std,
        offset: -mean / std,
    }
}
