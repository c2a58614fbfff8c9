//! What the packer writes.

mod error;
mod fill;
mod plan;

pub use error::DraftError;

use alloc::vec::Vec;

use crate::{
    Averaging, Clamp, Edge, Finish, Header, Layer, MAGIC, Network, Operator, PREFIX_BYTES,
    Quantised, Requantise, SECTION_ALIGN, Shape, VERSION, Weights, Window,
    sections::{BLOCK, Channel},
};

/// A network to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The tensor that it takes.
    pub input: Edge,
    /// How the input lies inside.
    pub input_shape: Shape,
    /// The tensor that it gives.
    pub output: Edge,
    /// What is done to the output after it was dequantised.
    pub finish: Finish,
    /// The layers, each reading what the one before it wrote.
    pub layers: Vec<DraftLayer>,
}

/// A layer to be written: an [`Operator`] with its weights.
#[derive(Debug, Clone, PartialEq)]
pub enum DraftLayer {
    /// Weights `[output][input element]`, the input's elements in the order height, width, channel.
    Dense(DraftWeights),
    /// Weights `[output][kernel row][kernel column][input channel]`.
    Convolution(Window, DraftWeights),
    /// Weights `[kernel row][kernel column][channel]`.
    Depthwise(Window, DraftWeights),
    /// See [`Operator::MaxPool`].
    MaxPool(Window, Clamp),
    /// See [`Operator::AveragePool`].
    AveragePool(Window, Averaging, Clamp),
    /// See [`Operator::Mean`].
    Mean {
        /// The scale of the input divided by that of the output.
        factor: f64,
        /// How the output is quantised.
        quantised: Quantised,
    },
    /// See [`Operator::Reshape`].
    Reshape(Shape),
}

/// The weights of a layer to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftWeights {
    /// Symmetric: −127 to 127, one scale for each output.
    pub weights: Vec<i8>,
    /// One for each output, of the scale `input scale × weight scale`, zero point 0. What the input's
    /// zero point adds is not in it: the writer folds that in.
    pub biases: Vec<i32>,
    /// One for each output: `input scale × weight scale / output scale`.
    pub factors: Vec<f64>,
    /// How the output is quantised.
    pub quantised: Quantised,
}

impl Draft {
    /// The file, which was read back and checked.
    ///
    /// # Errors
    /// Fails where a layer does not fit the one before it, or is larger than the format allows.
    pub fn write(&self) -> Result<Vec<u8>, DraftError> {
        let places = plan::places(self)?;
        let mut sections = Sections::default();
        let mut layers = Vec::new();
        for (index, (layer, place)) in self.layers.iter().zip(&places.inputs).enumerate() {
            let operator = fill::operator(layer, *place, &mut sections)
                .map_err(|words| DraftError::Layer { index, words })?;
            layers.push((operator, places.outputs[index]));
        }
        let header = Header {
            input: self.input,
            output: self.output,
            input_shape: self.input_shape,
            input_at: places.input_at,
            finish: self.finish,
            activation_bytes: places.activation_bytes,
            layers: u16::try_from(layers.len()).map_err(|_| DraftError::TooLarge)?,
        };
        let file = assemble(&header, &layers, &sections.0)?;
        Network::read(&file).map_err(DraftError::Unreadable)?;
        Ok(file)
    }
}

/// The bytes behind the records, each section aligned.
#[derive(Default)]
struct Sections(Vec<u8>);

impl Sections {
    /// Where the section lies behind the records.
    fn add(&mut self, bytes: &[u8]) -> Result<u32, &'static str> {
        let at = self.0.len().next_multiple_of(SECTION_ALIGN);
        self.0.resize(at, 0);
        self.0.extend_from_slice(bytes);
        u32::try_from(at).map_err(|_| "its weights are larger than 4 GiB")
    }
}

/// Places in sections are numbers of varying length in the records that come before them: the
/// records are written until their length no longer changes it.
fn assemble(
    header: &Header,
    layers: &[(Operator, u32)],
    sections: &[u8],
) -> Result<Vec<u8>, DraftError> {
    let mut base = 0;
    loop {
        let mut records = postcard::to_allocvec(header).map_err(|_| DraftError::TooLarge)?;
        for (operator, output_at) in layers {
            let layer = Layer {
                output_at: *output_at,
                operator: moved(operator, base).ok_or(DraftError::TooLarge)?,
            };
            records = postcard::to_extend(&layer, records).map_err(|_| DraftError::TooLarge)?;
        }
        let end = (PREFIX_BYTES + records.len()).next_multiple_of(SECTION_ALIGN);
        let end = u32::try_from(end).map_err(|_| DraftError::TooLarge)?;
        if end > base {
            base = end;
            continue;
        }
        let bytes = u32::try_from(records.len()).map_err(|_| DraftError::TooLarge)?;
        let mut file = Vec::from(MAGIC);
        file.extend_from_slice(&VERSION.to_le_bytes());
        file.extend_from_slice(&bytes.to_le_bytes());
        file.extend_from_slice(&records);
        file.resize(usize::try_from(base).map_err(|_| DraftError::TooLarge)?, 0);
        file.extend_from_slice(sections);
        return Ok(file);
    }
}

fn moved(operator: &Operator, base: u32) -> Option<Operator> {
    let weights = |weights: &Weights| {
        Some(Weights {
            weights_at: weights.weights_at.checked_add(base)?,
            channels_at: weights.channels_at.checked_add(base)?,
            ..*weights
        })
    };
    Some(match operator {
        Operator::Dense(it) => Operator::Dense(weights(it)?),
        Operator::Convolution(window, it) => Operator::Convolution(*window, weights(it)?),
        Operator::Depthwise(window, it) => Operator::Depthwise(*window, weights(it)?),
        Operator::MaxPool(..)
        | Operator::AveragePool(..)
        | Operator::Mean(..)
        | Operator::Reshape(_) => *operator,
    })
}
