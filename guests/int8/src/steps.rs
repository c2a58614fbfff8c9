use crate::{
    Averaging, Clamp, Fault, Header, LAYERS_MAX, Layer, LayerFault, MAGIC, Operator, PREFIX_BYTES,
    Place, Quantised, Requantise, Shape, TAPS_MAX, VERSION, Weights, Window,
    sections::{BLOCK, Channels, section},
};

/// One layer of a file, checked: every place and section is where it should be.
#[derive(Debug, Clone, Copy)]
pub struct Step<'m> {
    /// What it computes, as the file says.
    pub operator: Operator,
    /// What it reads.
    pub input: Place,
    /// What it writes.
    pub output: Place,
    pub(crate) work: Work<'m>,
}

/// What a kernel needs beside its input.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work<'m> {
    Dense(Sums<'m>),
    Convolution(Window, Sums<'m>),
    Depthwise(Window, Sums<'m>),
    MaxPool(Window, Clamp),
    AveragePool(Window, Averaging, Clamp),
    Mean(Requantise, Quantised),
    Reshape,
}

/// The sections of a layer with weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sums<'m> {
    pub(crate) weights: &'m [u8],
    pub(crate) channels: Channels<'m>,
    pub(crate) quantised: Quantised,
    /// Terms of a sum.
    pub(crate) taps: usize,
}

/// The layers of a file in order, each one checked as it is read.
#[derive(Debug, Clone)]
pub struct Steps<'m> {
    file: &'m [u8],
    rest: &'m [u8],
    activation_bytes: u32,
    index: u16,
    left: u16,
    place: Place,
}

impl<'m> Steps<'m> {
    pub(crate) fn open(file: &'m [u8]) -> Result<(Header, Self), Fault> {
        let (prefix, rest) = file
            .split_first_chunk::<PREFIX_BYTES>()
            .ok_or(Fault::NotANetwork)?;
        let [
            m0,
            m1,
            m2,
            m3,
            m4,
            m5,
            m6,
            m7,
            v0,
            v1,
            v2,
            v3,
            h0,
            h1,
            h2,
            h3,
        ] = *prefix;
        if [m0, m1, m2, m3, m4, m5, m6, m7] != MAGIC {
            return Err(Fault::NotANetwork);
        }
        let found = u32::from_le_bytes([v0, v1, v2, v3]);
        if found != VERSION {
            return Err(Fault::Version { found });
        }
        let bytes = usize::try_from(u32::from_le_bytes([h0, h1, h2, h3]));
        let records = bytes.ok().and_then(|bytes| rest.get(..bytes));
        let (header, rest) = records
            .and_then(|records| postcard::take_from_bytes::<Header>(records).ok())
            .ok_or(Fault::Header)?;
        if header.layers > LAYERS_MAX {
            return Err(Fault::TooManyLayers {
                layers: header.layers,
            });
        }
        let place = Place {
            at: header.input_at,
            shape: header.input_shape,
            zero_point: header.input.quantisation.zero_point,
        };
        let activation_bytes = header.activation_bytes;
        if !place.is_within(activation_bytes) || place.shape.elements() == 0 {
            return Err(Fault::InputPlace);
        }
        let steps = Self {
            file,
            rest,
            activation_bytes,
            index: 0,
            left: header.layers,
            place,
        };
        Ok((header, steps))
    }

    /// Where the output of the last step lies; before the first one, the input.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    fn step(&mut self) -> Result<Step<'m>, LayerFault> {
        let (layer, rest) =
            postcard::take_from_bytes::<Layer>(self.rest).map_err(|_| LayerFault::Record)?;
        self.rest = rest;
        let input = self.place;
        let (shape, zero_point, work) = self.resolve(&layer.operator)?;
        let output = Place {
            at: layer.output_at,
            shape,
            zero_point,
        };
        if shape.elements() == 0 {
            return Err(LayerFault::Empty);
        }
        if !output.is_within(self.activation_bytes) {
            return Err(LayerFault::OutputPlace);
        }
        match work {
            Work::Reshape if input.at != output.at => return Err(LayerFault::Reshape),
            Work::Reshape => {}
            Work::Dense(_)
            | Work::Convolution(..)
            | Work::Depthwise(..)
            | Work::MaxPool(..)
            | Work::AveragePool(..)
            | Work::Mean(..) => {
                if input.touches(&output) {
                    return Err(LayerFault::Overlap);
                }
            }
        }
        self.place = output;
        Ok(Step {
            operator: layer.operator,
            input,
            output,
            work,
        })
    }

    /// The shape and zero point of a layer's output, and its sections.
    fn resolve(&self, operator: &Operator) -> Result<(Shape, i8, Work<'m>), LayerFault> {
        let Place {
            shape, zero_point, ..
        } = self.place;
        let windowed = |window: &Window, channels| {
            let [height, width] = window.output(shape).ok_or(LayerFault::Window)?;
            Ok(Shape {
                height,
                width,
                channels,
            })
        };
        let pooled = |window: &Window, clamp: Clamp| {
            if window.is_dilated() {
                return Err(LayerFault::Dilation);
            }
            if !clamp.is_sound() {
                return Err(LayerFault::Clamp);
            }
            windowed(window, shape.channels)
        };
        Ok(match operator {
            Operator::Dense(weights) => {
                let sums = self.sums(weights, shape.elements())?;
                let output = Shape::vector(weights.outputs);
                (output, sums.quantised.zero_point, Work::Dense(sums))
            }
            Operator::Convolution(window, weights) => {
                let output = windowed(window, weights.outputs)?;
                let taps = window.positions() * u64::from(shape.channels);
                let sums = self.sums(weights, taps)?;
                let zero_point = sums.quantised.zero_point;
                (output, zero_point, Work::Convolution(*window, sums))
            }
            Operator::Depthwise(window, weights) => {
                if weights.outputs != shape.channels {
                    return Err(LayerFault::Depthwise);
                }
                let output = windowed(window, weights.outputs)?;
                let sums = self.sums(weights, window.positions())?;
                let zero_point = sums.quantised.zero_point;
                (output, zero_point, Work::Depthwise(*window, sums))
            }
            Operator::MaxPool(window, clamp) => {
                let output = pooled(window, *clamp)?;
                (output, zero_point, Work::MaxPool(*window, *clamp))
            }
            Operator::AveragePool(window, averaging, clamp) => {
                let output = pooled(window, *clamp)?;
                let work = Work::AveragePool(*window, *averaging, *clamp);
                (output, zero_point, work)
            }
            Operator::Mean(requantise, quantised) => {
                sound(*quantised)?;
                if !requantise.is_sound() {
                    return Err(LayerFault::Requantise);
                }
                let output = Shape::vector(shape.channels);
                (
                    output,
                    quantised.zero_point,
                    Work::Mean(*requantise, *quantised),
                )
            }
            Operator::Reshape(output) => {
                if output.elements() != shape.elements() {
                    return Err(LayerFault::Reshape);
                }
                (*output, zero_point, Work::Reshape)
            }
        })
    }

    /// The sections of a layer.
    fn sums(&self, weights: &Weights, taps: u64) -> Result<Sums<'m>, LayerFault> {
        sound(weights.quantised)?;
        let taps = u32::try_from(taps).ok().filter(|taps| *taps <= TAPS_MAX);
        let taps = taps
            .and_then(|taps| usize::try_from(taps).ok())
            .ok_or(LayerFault::TooManyTaps)?;
        let rows = usize::from(weights.outputs).next_multiple_of(BLOCK);
        let bytes = taps.checked_mul(rows).ok_or(LayerFault::Section)?;
        Ok(Sums {
            weights: section(self.file, weights.weights_at, bytes)?,
            channels: Channels::read(self.file, weights.channels_at, weights.outputs)?,
            quantised: weights.quantised,
            taps,
        })
    }
}

impl<'m> Iterator for Steps<'m> {
    type Item = Result<Step<'m>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let index = self.index;
        self.index += 1;
        let step = self.step();
        if step.is_err() {
            self.left = 0;
        }
        Some(step.map_err(|fault| Fault::Layer { index, fault }))
    }
}

fn sound(quantised: Quantised) -> Result<(), LayerFault> {
    if quantised.clamp.is_sound() {
        Ok(())
    } else {
        Err(LayerFault::Clamp)
    }
}
