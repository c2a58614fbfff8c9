use super::{Cursor, Fault};
use crate::onnx::{NodeRef, OnnxFile};

/// `Softmax` over the channels, as the last layer.
pub(super) fn lower(onnx: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    let rank = cursor.dims.len();
    let usual = if onnx.opset() < 13 { 1 } else { -1 };
    let axis = node.integer("axis", usual);
    let signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let axis = if axis < 0 { axis + signed } else { axis };
    let axis = usize::try_from(axis).unwrap_or(rank);
    // Below opset 13 it goes over all axes from this one on: the same where only one of them counts.
    let others = cursor.dims.iter().enumerate().filter(|(at, _)| *at != axis);
    let is_vector = others.map(|(_, size)| size).product::<usize>() == 1;
    let channels = usize::from(cursor.shape.channels);
    let over_channels = cursor.dims.get(axis) == Some(&channels)
        && (is_vector || (axis == 1 && onnx.opset() >= 13 && cursor.dims[0] == 1));
    if !over_channels || cursor.layers.is_empty() {
        let words = format!("goes over axis {axis} of {:?}", cursor.dims);
        return Err(Fault::new(
            words,
            "an int8 network has it over the channels, as its last layer",
        ));
    }
    cursor.softmax = true;
    Ok(())
}
