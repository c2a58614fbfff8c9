//! The sizes of a graph's values, as far as they follow from its inputs and weights, and the work that follows from them.
//!
//! For counting only: nothing is computed, so that no file can make it long or large.

use std::collections::HashMap;

use int8_network::Shape;

use crate::{
    lower::window,
    onnx::{NodeRef, OnnxFile, RANK_MAX},
};

type Dims = Vec<usize>;

/// Operators whose output has the sizes of their first input.
const KEEPS: [&str; 25] = [
    "Abs",
    "BatchNormalization",
    "Cast",
    "Clip",
    "Dropout",
    "Elu",
    "Erf",
    "Exp",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "InstanceNormalization",
    "LayerNormalization",
    "LeakyRelu",
    "Log",
    "LogSoftmax",
    "Neg",
    "PRelu",
    "Relu",
    "Selu",
    "Sigmoid",
    "Softmax",
    "Sqrt",
    "Tanh",
];

/// Multiply-accumulates of an inference, or the first node whose output's sizes are not known.
pub(super) fn work(onnx: &OnnxFile) -> Result<u64, String> {
    let mut sizes: HashMap<String, Dims> = HashMap::new();
    for port in onnx.inputs() {
        let dims = port.dims.iter().enumerate().map(|(axis, size)| match size {
            None if axis == 0 => Some(1),
            size => size.and_then(|size| usize::try_from(size).ok()),
        });
        if let Some(dims) = dims.collect() {
            sizes.insert(port.name, dims);
        }
    }
    let mut macs = 0_u64;
    for node in onnx.nodes() {
        let Some(output) = node.output(0) else {
            continue;
        };
        if onnx.constant(output).is_some() {
            continue;
        }
        let known = Known {
            onnx,
            sizes: &sizes,
        };
        let found = known.output(node).filter(|(dims, _)| is_sound(dims));
        let stated = || onnx.stated_dims(output).map(|dims| (dims, Some(0)));
        match found.or_else(stated) {
            Some((dims, Some(work))) if is_sound(&dims) => {
                macs = macs.saturating_add(work);
                sizes.insert(output.to_owned(), dims);
            }
            Some(_) | None => return Err(format!("{} ({:?})", node.operator(), node.name())),
        }
    }
    Ok(macs)
}

fn is_sound(dims: &[usize]) -> bool {
    let product = dims
        .iter()
        .try_fold(1_usize, |product, size| product.checked_mul(*size));
    dims.len() <= RANK_MAX && product.is_some()
}

/// What is known so far.
struct Known<'k> {
    onnx: &'k OnnxFile,
    sizes: &'k HashMap<String, Dims>,
}

impl Known<'_> {
    fn dims(&self, node: NodeRef<'_>, position: usize) -> Option<&[usize]> {
        let name = node.input(position)?;
        let constant = self.onnx.constant(name).map(|constant| &constant.dims);
        Some(self.sizes.get(name).or(constant)?)
    }

    /// The sizes of a node's output and its multiply-accumulates.
    fn output(&self, node: NodeRef<'_>) -> Option<(Dims, Option<u64>)> {
        let first = self.dims(node, 0)?;
        let (dims, work) = match node.operator().as_str() {
            "Conv" => return self.convolution(node),
            "Gemm" | "MatMul" => return self.product(node),
            "MaxPool" | "AveragePool" | "LpPool" => {
                let kernel: Option<Dims> = node
                    .integers("kernel_shape")?
                    .iter()
                    .map(|size| usize::try_from(*size).ok())
                    .collect();
                (self.windowed(node, &kernel?, *first.get(1)?)?, 0)
            }
            "GlobalAveragePool" | "GlobalMaxPool" => {
                let ones = std::iter::repeat_n(1, first.len().saturating_sub(2));
                (first.iter().copied().take(2).chain(ones).collect(), 0)
            }
            same if KEEPS.contains(&same) => (first.to_vec(), 0),
            "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Max" | "Min" => {
                (broadcast(first, self.dims(node, 1)?)?, 0)
            }
            "Flatten" => {
                let axis = usize::try_from(node.integer("axis", 1)).ok()?;
                let (before, behind) = first.split_at_checked(axis)?;
                (vec![before.iter().product(), behind.iter().product()], 0)
            }
            "Reshape" => (self.reshaped(node, first)?, 0),
            "Transpose" => {
                let axes = node.integers("perm")?.iter();
                let dims: Option<Dims> = axes
                    .map(|axis| first.get(usize::try_from(*axis).ok()?).copied())
                    .collect();
                (dims?, 0)
            }
            "Concat" => (self.joined(node, first)?, 0),
            "ReduceMean" if node.integer("keepdims", 1) != 0 => (averaged(node, first)?, 0),
            _ => return None,
        };
        Some((dims, Some(work)))
    }

    /// `[1, C, …]` behind a window.
    fn windowed(&self, node: NodeRef<'_>, kernel: &[usize], channels: usize) -> Option<Dims> {
        let &[batch, _, ref spatial @ ..] = self.dims(node, 0)? else {
            return None;
        };
        let size = |size: usize| u16::try_from(size).ok();
        let (height, width) = match *spatial {
            [width] => (1, width),
            [height, width] => (height, width),
            _ => return None,
        };
        let input = Shape {
            height: size(height)?,
            width: size(width)?,
            channels: 1,
        };
        let (_, [height, width]) = window::window(node, kernel, input).ok()?;
        let mut dims = vec![batch, channels];
        if spatial.len() == 2 {
            dims.push(height.into());
        }
        dims.push(width.into());
        Some(dims)
    }

    fn convolution(&self, node: NodeRef<'_>) -> Option<(Dims, Option<u64>)> {
        let &[outputs, per_group, ref kernel @ ..] = self.dims(node, 1)? else {
            return None;
        };
        let dims = self.windowed(node, kernel, outputs)?;
        let taps = kernel
            .iter()
            .try_fold(per_group, |taps, size| taps.checked_mul(*size));
        let work = multiplications(&dims, taps?);
        Some((dims, work))
    }

    fn product(&self, node: NodeRef<'_>) -> Option<(Dims, Option<u64>)> {
        let (left, right) = (self.dims(node, 0)?, self.dims(node, 1)?);
        let turned = |name: &str| node.integer(name, 0) != 0;
        let (&[.., rows, inner], &[.., a, b]) = (left, right) else {
            return None;
        };
        let rows_and_inner = if turned("transA") {
            (inner, rows)
        } else {
            (rows, inner)
        };
        let (rows, inner) = rows_and_inner;
        let columns = if turned("transB") { a } else { b };
        let batch = broadcast(&left[..left.len() - 2], &right[..right.len() - 2])?;
        let mut dims = batch;
        dims.extend([rows, columns]);
        let work = multiplications(&dims, inner);
        Some((dims, work))
    }

    fn reshaped(&self, node: NodeRef<'_>, first: &[usize]) -> Option<Dims> {
        let target = self.onnx.constant(node.input(1)?)?.as_integers()?;
        let mut dims = Vec::new();
        let mut open = None;
        for (axis, size) in target.iter().enumerate() {
            match usize::try_from(*size) {
                Ok(0) => dims.push(*first.get(axis)?),
                Ok(size) => dims.push(size),
                Err(_) => {
                    open = Some(axis);
                    dims.push(1);
                }
            }
        }
        let product = |dims: &[usize]| {
            dims.iter()
                .try_fold(1_usize, |product, size| product.checked_mul(*size))
        };
        if let Some(axis) = open {
            dims[axis] = product(first)?.checked_div(product(&dims)?)?;
        }
        Some(dims)
    }

    fn joined(&self, node: NodeRef<'_>, first: &[usize]) -> Option<Dims> {
        let axis = usize::try_from(node.integer("axis", -1)).ok()?;
        let mut dims = first.to_vec();
        let mut sum = 0_usize;
        for position in 0..node.inputs().count() {
            sum = sum.checked_add(*self.dims(node, position)?.get(axis)?)?;
        }
        *dims.get_mut(axis)? = sum;
        Some(dims)
    }
}

/// Sizes after the mean over some axes, which stay as ones.
fn averaged(node: NodeRef<'_>, first: &[usize]) -> Option<Dims> {
    let axes = node.integers("axes")?;
    let signed = i64::try_from(first.len()).ok()?;
    let gone = |at: usize| {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        axes.contains(&at) || axes.contains(&(at - signed))
    };
    let sizes = first.iter().enumerate();
    Some(
        sizes
            .map(|(at, size)| if gone(at) { 1 } else { *size })
            .collect(),
    )
}

/// Sizes of two operands together.
fn broadcast(left: &[usize], right: &[usize]) -> Option<Dims> {
    let rank = left.len().max(right.len());
    let size = |dims: &[usize], at: usize| match (at + dims.len()).checked_sub(rank) {
        Some(at) => dims[at],
        None => 1,
    };
    (0..rank)
        .map(|at| match (size(left, at), size(right, at)) {
            (a, b) if a == b => Some(a),
            (1, size) | (size, 1) => Some(size),
            _ => None,
        })
        .collect()
}

/// Elements × taps.
fn multiplications(dims: &[usize], taps: usize) -> Option<u64> {
    let elements = dims
        .iter()
        .try_fold(1_usize, |product, size| product.checked_mul(*size))?;
    u64::try_from(elements.checked_mul(taps)?).ok()
}
