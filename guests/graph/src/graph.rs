use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::GraphError;

/// One graph on the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// What `load_by_name` opens it by.
    pub name: String,
    /// What the graph takes, in order.
    pub inputs: Vec<GraphTensor>,
    /// What it gives, in order.
    pub outputs: Vec<GraphTensor>,
    /// What the guest does before.
    pub prepare: Prepare,
    /// What it does after.
    pub finish: Finish,
}

/// A tensor of a graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphTensor {
    /// Its name.
    pub name: String,
    /// The type of its elements: a code of [`DType`](guest_abi::DType).
    pub dtype: u8,
    /// Its sizes, all of them fixed.
    pub dims: Vec<u32>,
}

/// What a guest does before it runs the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Prepare {
    /// Nothing: its inputs are the graph's.
    AsIs,
    /// Its one input is an image, `[1, height, width, channels]` of `u8`, of any size up to a maximum; it makes the
    /// graph's one input of it: 4 sizes, 1 or 3 channels, `f32` or `u8`.
    Image(Image),
}

/// How an image becomes the graph's input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// The greatest number of pixels of an image.
    pub pixels_max: u32,
    /// Where the channels of the graph's input lie.
    pub layout: Layout,
    /// How an image gets the graph's height and width.
    pub fit: Fit,
    /// A value is `(pixel − mean) / std`, pixels from 0 to 255: one number for all channels or one for each; empty = 0.
    /// An input of `u8` takes pixels as they are.
    pub mean: Vec<f32>,
    /// Likewise; empty = 1. None is 0.
    pub std: Vec<f32>,
}

/// Where channels lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layout {
    /// `[1, channels, height, width]`
    ChannelsFirst,
    /// `[1, height, width, channels]`
    ChannelsLast,
}

/// How an image gets another height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fit {
    /// Both sides by themselves.
    Stretch,
    /// In its proportions, in the middle of gray (114).
    Letterbox,
}

/// What a guest does after it has run the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Finish {
    /// Nothing: its outputs are the graph's.
    AsIs,
    /// The same, the first output (`f32`) softmaxed over its last size.
    Softmax,
    /// The graph's one output is `[1, 4 + classes, candidates]` of `f32`: for each candidate the middle of a box, its
    /// width and height in pixels of the graph's input, then a score for each class. The guest gives boxes, best
    /// first, `[n, 6]` of `f32`.
    Boxes(Boxes),
}

/// Which boxes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Boxes {
    /// The greatest number of boxes.
    pub boxes_max: u32,
    /// The greatest number of candidates that are compared with each other: the best ones.
    pub candidates_max: u32,
    /// The least score.
    pub confidence_min: f32,
    /// Of two boxes of one class that overlap more (intersection over union), the better one is kept.
    pub iou_max: f32,
}

impl Graph {
    /// The bytes of this description that `load_model` gets.
    ///
    /// # Errors
    /// Fails where it contradicts itself.
    pub fn encode(&self) -> Result<Vec<u8>, GraphError> {
        self.check()?;
        postcard::to_allocvec(self).map_err(|_| GraphError::Bytes)
    }

    /// Reads and checks a description.
    ///
    /// # Errors
    /// Fails where the bytes are no description, go on after it, or it contradicts itself.
    pub fn decode(bytes: &[u8]) -> Result<Self, GraphError> {
        let (graph, rest) =
            postcard::take_from_bytes::<Self>(bytes).map_err(|_| GraphError::Bytes)?;
        if !rest.is_empty() {
            return Err(GraphError::Bytes);
        }
        graph.check()?;
        Ok(graph)
    }
}
