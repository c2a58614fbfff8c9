/// Where the channels of a tensor lie, after its batch axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `[1, channels, time]`, `[1, channels, height, width]`
    ChannelsFirst,
    /// `[1, time, channels]`, `[1, height, width, channels]`
    ChannelsLast,
}

/// What a model (or a guest that needs none) says of its data, beyond the signature.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelFacts {
    /// Its inputs, by name; one that is not here has no layout and no preparation of its own.
    pub inputs: Vec<InputFacts>,
    /// Whether the first output gives logits, which softmax turns into probabilities.
    pub logits: bool,
    /// The labels of the first output's elements: the model's, else the guest's.
    pub labels: Vec<String>,
}

/// What a model says of one input.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InputFacts {
    /// Its name in the signature.
    pub name: String,
    /// Where its channels lie; none = found by the shape, channels first in doubt.
    pub layout: Option<Layout>,
    /// Mean of the training data, one for all channels or one for each; empty = 0.
    pub mean: Vec<f32>,
    /// Standard deviation of the training data, likewise; empty = 1.
    pub std: Vec<f32>,
}

impl ModelFacts {
    pub(crate) fn input(&self, name: &str) -> Option<&InputFacts> {
        self.inputs.iter().find(|input| input.name == name)
    }
}
