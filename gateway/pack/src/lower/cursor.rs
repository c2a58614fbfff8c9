use int8_network::{Layout, Shape};

use super::{Fault, FloatEdge, FloatLayer, FloatNet, Work};

/// Elements of a value.
const ELEMENTS_MAX: usize = 1 << 24;

/// How far the graph was followed.
#[derive(Debug)]
pub(super) struct Cursor {
    /// The name of the value.
    pub(super) value: String,
    /// Its sizes in ONNX, the batch included.
    pub(super) dims: Vec<usize>,
    /// How it lies in memory.
    pub(super) shape: Shape,
    pub(super) layers: Vec<FloatLayer>,
    pub(super) softmax: bool,
    input: FloatEdge,
    input_shape: Shape,
}

impl Cursor {
    /// At the input of the graph.
    pub(super) fn start(value: &str, dims: Vec<usize>) -> Result<Self, String> {
        let shape = shape_of(&dims)
            .filter(|_| elements(&dims).is_some())
            .ok_or_else(|| format!("of the sizes {dims:?}"))?;
        Ok(Self {
            value: value.to_owned(),
            dims: dims.clone(),
            shape,
            layers: Vec::new(),
            softmax: false,
            input: FloatEdge {
                value: value.to_owned(),
                dims,
                layout: Layout::ChannelsFirst,
            },
            input_shape: shape,
        })
    }

    /// The chain as a whole; none where it computes nothing.
    pub(super) fn finish(self, output: &str) -> Option<FloatNet> {
        if self.layers.is_empty() {
            return None;
        }
        Some(FloatNet {
            input: self.input,
            input_shape: self.input_shape,
            layers: self.layers,
            output: FloatEdge {
                value: output.to_owned(),
                dims: self.dims,
                layout: Layout::ChannelsFirst,
            },
            softmax: self.softmax,
        })
    }

    /// The graph takes `[1, height, width, channels]` and turns it round itself.
    pub(super) fn input_is_channels_last(&mut self, dims: Vec<usize>) -> Result<(), Fault> {
        let shape = shape_of(&dims).ok_or_else(|| too_large(&dims))?;
        self.input.layout = Layout::ChannelsLast;
        self.input_shape = shape;
        self.shape = shape;
        self.dims = dims;
        Ok(())
    }

    /// Whether nothing was done to the input yet.
    pub(super) fn is_at_input(&self) -> bool {
        self.layers.is_empty() && self.value == self.input.value
    }

    /// The value behind a node.
    pub(super) fn pass(&mut self, operator: &str, value: &str) {
        value.clone_into(&mut self.value);
        if let Some(last) = self.layers.last_mut() {
            if !self.softmax && last.work != Work::Reshape {
                value.clone_into(&mut last.value);
            }
            last.operators.push(operator.to_owned());
        }
    }

    /// Sizes that ONNX gives the value, while memory stays as it is.
    pub(super) fn rename(&mut self, dims: Vec<usize>) -> Result<(), Fault> {
        if elements(&dims) != elements(&self.dims) {
            let words = format!("makes {dims:?} of {:?}", self.dims);
            return Err(Fault::elsewhere(words));
        }
        self.dims = dims;
        Ok(())
    }

    /// The value as an operator over channels and positions sees it: `[1, C, …]`. Where its elements would have to
    /// move for that: refused.
    pub(super) fn positions(&mut self) -> Result<Shape, Fault> {
        let wanted = shape_of(&self.dims).ok_or_else(|| too_large(&self.dims))?;
        if wanted == self.shape {
            return Ok(wanted);
        }
        let stays = wanted.channels == self.shape.channels;
        let plain = |shape: Shape| shape.channels == 1 || shape.positions() == 1;
        let moves = !(stays || plain(wanted) && plain(self.shape));
        if moves {
            let words = format!("takes {:?} out of a map that was reshaped", self.dims);
            return Err(Fault::elsewhere(words));
        }
        let node = self.value.clone();
        self.push(&node, Work::Reshape, wanted);
        Ok(wanted)
    }

    /// Adds a layer whose output has these sizes in ONNX.
    pub(super) fn layer(&mut self, node: &str, work: Work, dims: Vec<usize>) -> Result<(), Fault> {
        let output = shape_of(&dims)
            .filter(|_| elements(&dims).is_some())
            .ok_or_else(|| too_large(&dims))?;
        self.dims = dims;
        self.push(node, work, output);
        Ok(())
    }

    fn push(&mut self, node: &str, work: Work, output: Shape) {
        self.layers.push(FloatLayer {
            node: node.to_owned(),
            operators: Vec::new(),
            value: self.value.clone(),
            input: self.shape,
            output,
            work,
            clamp: None,
        });
        self.shape = output;
    }
}

fn too_large(dims: &[usize]) -> Fault {
    Fault::elsewhere(format!("makes a value of the sizes {dims:?}"))
}

/// `[1, C, H, W]`, `[1, C, W]`, `[1, C]` or `[C]` in memory; none for others.
fn shape_of(dims: &[usize]) -> Option<Shape> {
    let size = |size: usize| u16::try_from(size).ok().filter(|size| *size > 0);
    let (height, width, channels) = match *dims {
        [1, channels, height, width] => (height, width, channels),
        [1, channels, width] => (1, width, channels),
        [1, channels] | [channels] => (1, 1, channels),
        _ => return None,
    };
    Some(Shape {
        height: size(height)?,
        width: size(width)?,
        channels: size(channels)?,
    })
}

/// Their number, within its bound.
fn elements(dims: &[usize]) -> Option<usize> {
    let product = dims
        .iter()
        .try_fold(1_usize, |product, size| product.checked_mul(*size))?;
    Some(product).filter(|product| (1..=ELEMENTS_MAX).contains(product))
}
