use super::{Cursor, Fault, Work, convolution::weights, window::ONE};
use crate::onnx::{NodeRef, OnnxFile};

/// `Relu`.
pub(super) fn relu(_: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    clamp(node, cursor, 0.0, f32::INFINITY)
}

/// `Clip`, such as ReLU6.
pub(super) fn clip(onnx: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    let bound = |position: usize, name: &str, usual: f32| match node.input(position) {
        None => Ok(node.float(name, usual)),
        Some(_) => match weights(onnx, node, position, "bounds")?.floats() {
            Some([value]) => Ok(*value),
            Some(_) | None => Err(Fault::elsewhere("has bounds that are not one f32")),
        },
    };
    let min = bound(1, "min", f32::NEG_INFINITY)?;
    let max = bound(2, "max", f32::INFINITY)?;
    if min <= max && min <= 0.0 && max >= 0.0 {
        clamp(node, cursor, min, max)
    } else {
        let words = format!("keeps values from {min} to {max}");
        Err(Fault::new(words, "0 must lie between the bounds"))
    }
}

/// Into the layer before; a layer of its own where there is none.
fn clamp(node: NodeRef<'_>, cursor: &mut Cursor, min: f32, max: f32) -> Result<(), Fault> {
    if cursor.layers.is_empty() {
        cursor.positions()?;
        let dims = cursor.dims.clone();
        cursor.layer(node.name(), Work::MaxPool(ONE), dims)?;
    }
    if let Some(last) = cursor.layers.last_mut() {
        let (least, greatest) = last.clamp.unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
        last.clamp = Some((least.max(min), greatest.min(max)));
    }
    Ok(())
}
