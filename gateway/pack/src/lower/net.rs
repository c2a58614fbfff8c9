use int8_network::{Averaging, Layout, Shape, Window};

/// A chain of layers in floating point, in the geometry of int8 networks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FloatNet {
    pub(crate) input: FloatEdge,
    pub(crate) input_shape: Shape,
    pub(crate) layers: Vec<FloatLayer>,
    pub(crate) output: FloatEdge,
    /// Softmax at the end.
    pub(crate) softmax: bool,
}

/// The input or the output of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FloatEdge {
    /// Its name in the graph.
    pub(crate) value: String,
    pub(crate) dims: Vec<usize>,
    pub(crate) layout: Layout,
}

/// One layer with what was fused into it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FloatLayer {
    /// The node that it began as.
    pub(crate) node: String,
    /// Every operator in it, in order.
    pub(crate) operators: Vec<String>,
    /// The value of the graph that it ends in.
    pub(crate) value: String,
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) work: Work,
    /// Least and greatest output.
    pub(crate) clamp: Option<(f32, f32)>,
}

/// What a layer computes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    Linear(Linear),
    MaxPool(Window),
    AveragePool(Window, Averaging),
    /// Of each channel over all positions.
    Mean,
    Reshape,
}

/// A sum of products: dense layers and convolutions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Linear {
    pub(crate) kind: Kind,
    /// For each output its taps, in the order in which the elements of the input lie in memory: rows, positions,
    /// channels.
    pub(crate) weights: Vec<f32>,
    /// One for each output.
    pub(crate) bias: Vec<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Dense,
    Convolution(Window),
    Depthwise(Window),
}

impl Linear {
    /// Products for each output element.
    pub(crate) fn taps(&self) -> usize {
        self.weights.len() / self.bias.len().max(1)
    }
}

impl FloatLayer {
    /// Multiply-accumulates of one inference.
    pub(crate) fn multiplications(&self) -> u64 {
        match &self.work {
            Work::Linear(linear) => {
                let taps = u64::try_from(linear.taps()).unwrap_or(u64::MAX);
                self.output.elements().saturating_mul(taps)
            }
            Work::MaxPool(_) | Work::AveragePool(..) | Work::Mean | Work::Reshape => 0,
        }
    }

    /// Whether its output has a range of its own; else it is quantised as the input is.
    pub(crate) const fn has_own_range(&self) -> bool {
        match self.work {
            Work::Linear(_) | Work::Mean => true,
            Work::MaxPool(_) | Work::AveragePool(..) | Work::Reshape => false,
        }
    }
}
