use super::{
    Cursor, Fault, Kind, Linear, Work,
    convolution::{bias, weights},
    window::ONE,
};
use crate::onnx::{NodeRef, OnnxFile};

/// `BatchNormalization`: `(x − mean) / √(variance + ε) × scale + shift`, for each channel.
pub(super) fn normalise(
    onnx: &OnnxFile,
    node: NodeRef<'_>,
    cursor: &mut Cursor,
) -> Result<(), Fault> {
    if node.integer("training_mode", 0) != 0 {
        let advice = "export the network in evaluation mode";
        return Err(Fault::new("is in training mode", advice));
    }
    let channels = channels(cursor)?;
    let of = |position| bias(onnx, node, position, channels);
    let (scale, shift, mean, variance) = (of(1)?, of(2)?, of(3)?, of(4)?);
    let epsilon = node.float("epsilon", 1e-5);
    let affine = (0..channels).map(|channel| {
        let factor = scale[channel] / (variance[channel] + epsilon).sqrt();
        (factor, shift[channel] - mean[channel] * factor)
    });
    let affine = affine.collect();
    apply(node, cursor, affine)
}

/// `Add` of something known: a bias.
pub(super) fn add(onnx: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    let (other, _) = other(onnx, node, cursor)?;
    apply(
        node,
        cursor,
        other.iter().map(|value| (1.0, *value)).collect(),
    )
}

/// `Sub` of something known.
pub(super) fn subtract(
    onnx: &OnnxFile,
    node: NodeRef<'_>,
    cursor: &mut Cursor,
) -> Result<(), Fault> {
    let (other, is_second) = other(onnx, node, cursor)?;
    let one = |value: &f32| {
        if is_second {
            (1.0, -value)
        } else {
            (-1.0, *value)
        }
    };
    apply(node, cursor, other.iter().map(one).collect())
}

/// `Mul` by something known.
pub(super) fn multiply(
    onnx: &OnnxFile,
    node: NodeRef<'_>,
    cursor: &mut Cursor,
) -> Result<(), Fault> {
    let (other, _) = other(onnx, node, cursor)?;
    apply(
        node,
        cursor,
        other.iter().map(|value| (*value, 0.0)).collect(),
    )
}

/// `Div` by something known.
pub(super) fn divide(onnx: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    let (other, is_second) = other(onnx, node, cursor)?;
    if !is_second {
        return Err(Fault::elsewhere("divides by what the network computes"));
    }
    apply(
        node,
        cursor,
        other.iter().map(|value| (1.0 / value, 0.0)).collect(),
    )
}

fn channels(cursor: &Cursor) -> Result<usize, Fault> {
    match *cursor.dims.as_slice() {
        [channels] | [1, channels, ..] => Ok(channels),
        _ => Err(Fault::elsewhere(format!(
            "takes a value of the sizes {:?}",
            cursor.dims
        ))),
    }
}

/// The known operand, one number for each channel, and whether it is the second.
fn other(onnx: &OnnxFile, node: NodeRef<'_>, cursor: &Cursor) -> Result<(Vec<f32>, bool), Fault> {
    let is_second = node.input(0) == Some(cursor.value.as_str());
    let constant = weights(onnx, node, usize::from(is_second), "operands")?;
    let channels = channels(cursor)?;
    let values = constant
        .floats()
        .ok_or_else(|| Fault::elsewhere("has an operand that is not f32"))?;
    if let [value] = values {
        return Ok((vec![*value; channels], is_second));
    }
    // Broadcast from the right: what has one number for each channel has ones behind it.
    let behind = cursor.dims.len().saturating_sub(2);
    let dims = constant.dims.as_slice();
    let axis = dims.len().checked_sub(behind + 1);
    let along = axis
        .is_some_and(|axis| dims[axis] == channels && dims.iter().product::<usize>() == channels);
    if along && values.len() == channels {
        Ok((values.to_vec(), is_second))
    } else {
        let words = format!(
            "has an operand of the sizes {dims:?} for a value of {:?}: not one number for each channel",
            cursor.dims
        );
        Err(Fault::elsewhere(words))
    }
}

/// Into the sum of products before it; a layer of its own where there is none.
fn apply(node: NodeRef<'_>, cursor: &mut Cursor, affine: Vec<(f32, f32)>) -> Result<(), Fault> {
    if affine
        .iter()
        .any(|(a, b)| !(a.is_finite() && b.is_finite()))
    {
        return Err(Fault::elsewhere("has a factor that is not finite"));
    }
    let channels = usize::from(cursor.shape.channels);
    if let Some(last) = cursor.layers.last_mut()
        && let Work::Linear(linear) = &mut last.work
        && last.clamp.is_none()
        && channels == affine.len()
    {
        let taps = linear.taps().max(1);
        let rows = linear.weights.chunks_exact_mut(taps);
        for ((row, bias), (factor, shift)) in rows.zip(&mut linear.bias).zip(&affine) {
            row.iter_mut().for_each(|weight| *weight *= factor);
            *bias = *bias * factor + shift;
        }
        return Ok(());
    }
    let dims = cursor.dims.clone();
    if dims.len() == 1 {
        cursor.rename(vec![1, affine.len()])?;
    }
    cursor.positions()?;
    let (weights, bias) = affine.into_iter().unzip();
    let linear = Linear {
        kind: Kind::Depthwise(ONE),
        weights,
        bias,
    };
    let sizes = cursor.dims.clone();
    cursor.layer(node.name(), Work::Linear(linear), sizes)?;
    cursor.rename(dims)
}
