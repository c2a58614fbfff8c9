use int8_network::{Shape, Window};

use super::{Cursor, Fault, Kind, Linear, Work, window::window};
use crate::onnx::{Constant, NodeRef, OnnxFile};

/// Weights that a convolution in groups may have once it is written as one without.
const EXPANDED_MAX: usize = 1 << 24;

/// `Conv` over one or two axes, in groups too.
pub(super) fn lower(onnx: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    let weights = weights(onnx, node, 1, "weights")?;
    let values = weights
        .floats()
        .ok_or_else(|| Fault::elsewhere("has weights that are not f32"))?;
    let &[outputs, per_group, ref kernel @ ..] = weights.dims.as_slice() else {
        return Err(Fault::elsewhere("has weights of less than 3 dimensions"));
    };
    if cursor.dims.len() != kernel.len() + 2 {
        let words = format!(
            "takes a value of the sizes {:?} with a kernel of {kernel:?}",
            cursor.dims
        );
        return Err(Fault::elsewhere(words));
    }
    let input = cursor.positions()?;
    let groups = usize::try_from(node.integer("group", 1)).unwrap_or(0);
    let fits = groups > 0
        && per_group.checked_mul(groups) == Some(usize::from(input.channels))
        && outputs % groups == 0
        && outputs > 0;
    if !fits {
        let words = format!(
            "has {outputs} × {per_group} channels in {groups} groups over {} channels",
            input.channels
        );
        return Err(Fault::elsewhere(words));
    }
    let (window, size) = window(node, kernel, input)?;
    let bias = bias(onnx, node, 2, outputs)?;
    let taps = kernel.iter().product::<usize>();
    let groups = Groups {
        groups,
        per_group,
        outputs,
        taps,
    };
    let linear = groups.linear(values, bias, input, window)?;
    let dims = dims(outputs, size, kernel.len());
    cursor.layer(node.name(), Work::Linear(linear), dims)
}

/// `[1, C, …]`.
pub(super) fn dims(channels: usize, [height, width]: [u16; 2], axes: usize) -> Vec<usize> {
    let (height, width) = (usize::from(height), usize::from(width));
    match axes {
        1 => vec![1, channels, width],
        _ => vec![1, channels, height, width],
    }
}

/// An input that must be known: weights.
pub(super) fn weights<'o>(
    onnx: &'o OnnxFile,
    node: NodeRef<'_>,
    position: usize,
    what: &str,
) -> Result<&'o Constant, Fault> {
    let name = node
        .input(position)
        .ok_or_else(|| Fault::elsewhere(format!("has no {what}")))?;
    onnx.constant(name).ok_or_else(|| {
        Fault::new(
            format!("has {what} that are computed"),
            "export with constant folding, so that weights are initialisers",
        )
    })
}

/// The bias where there is one, else zeros.
pub(super) fn bias(
    onnx: &OnnxFile,
    node: NodeRef<'_>,
    position: usize,
    outputs: usize,
) -> Result<Vec<f32>, Fault> {
    if node.input(position).is_none() {
        return Ok(vec![0.0; outputs]);
    }
    let bias = weights(onnx, node, position, "a bias")?;
    match bias.floats() {
        Some(values) if values.len() == outputs => Ok(values.to_vec()),
        Some([value]) => Ok(vec![*value; outputs]),
        Some(_) | None => Err(Fault::elsewhere("has a bias of other sizes")),
    }
}

struct Groups {
    groups: usize,
    /// Input channels of a group.
    per_group: usize,
    outputs: usize,
    /// Positions of the window.
    taps: usize,
}

impl Groups {
    /// One group is a convolution, one group for each channel a depthwise one; others become a convolution with zeros.
    fn linear(
        &self,
        values: &[f32],
        bias: Vec<f32>,
        input: Shape,
        window: Window,
    ) -> Result<Linear, Fault> {
        if self.per_group == 1 && self.groups == self.outputs && self.groups > 1 {
            return Ok(Linear {
                kind: Kind::Depthwise(window),
                weights: values.to_vec(),
                bias,
            });
        }
        let channels = usize::from(input.channels);
        let size = self
            .outputs
            .checked_mul(self.taps)
            .and_then(|size| size.checked_mul(channels))
            .filter(|size| *size <= EXPANDED_MAX)
            .ok_or_else(|| Fault::elsewhere("has more weights than an int8 network can hold"))?;
        let mut weights = vec![0.0; size];
        let in_group = self.outputs / self.groups;
        let rows = weights.chunks_exact_mut((self.taps * channels).max(1));
        let filters = values.chunks_exact((self.per_group * self.taps).max(1));
        for (output, (row, filter)) in rows.zip(filters).enumerate() {
            let first = output / in_group * self.per_group;
            for (channel, taps) in filter.chunks_exact(self.taps.max(1)).enumerate() {
                for (tap, weight) in taps.iter().enumerate() {
                    row[tap * channels + first + channel] = *weight;
                }
            }
        }
        Ok(Linear {
            kind: Kind::Convolution(window),
            weights,
            bias,
        })
    }
}
