use super::{Cursor, Fault, convolution::weights};
use crate::onnx::{NodeRef, OnnxFile};

/// `Identity` and `Dropout`: nothing is done when a network runs.
pub(super) fn identity(_: &OnnxFile, _: NodeRef<'_>, _: &mut Cursor) -> Result<(), Fault> {
    Ok(())
}

/// `Flatten`.
pub(super) fn flatten(_: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    let rank = cursor.dims.len();
    let axis = axis(node.integer("axis", 1), rank)?;
    let (before, behind) = cursor.dims.split_at(axis);
    let dims = vec![before.iter().product(), behind.iter().product()];
    cursor.rename(dims)
}

/// `Reshape` to known sizes.
pub(super) fn reshape(
    onnx: &OnnxFile,
    node: NodeRef<'_>,
    cursor: &mut Cursor,
) -> Result<(), Fault> {
    let target = weights(onnx, node, 1, "sizes")?;
    let target = target
        .as_integers()
        .ok_or_else(|| Fault::elsewhere("has sizes that are no integers"))?;
    let mut dims = Vec::with_capacity(target.len());
    let mut open = None;
    for (axis, size) in target.iter().enumerate() {
        match usize::try_from(*size) {
            Ok(0) if node.integer("allowzero", 0) == 0 => {
                dims.push(cursor.dims.get(axis).copied().unwrap_or(0));
            }
            Ok(size) => dims.push(size),
            Err(_) if *size == -1 && open.is_none() => {
                open = Some(axis);
                dims.push(1);
            }
            Err(_) => return Err(Fault::elsewhere(format!("has the sizes {target:?}"))),
        }
    }
    if let Some(axis) = open {
        let known = dims
            .iter()
            .try_fold(1_usize, |product, size| product.checked_mul(*size));
        let elements = cursor.dims.iter().product::<usize>();
        dims[axis] = known
            .and_then(|known| elements.checked_div(known))
            .unwrap_or(0);
    }
    cursor.rename(dims)
}

/// `Squeeze`.
pub(super) fn squeeze(
    onnx: &OnnxFile,
    node: NodeRef<'_>,
    cursor: &mut Cursor,
) -> Result<(), Fault> {
    let rank = cursor.dims.len();
    let axes = axes(onnx, node, rank)?;
    let gone = |at: usize, size: usize| match &axes {
        Some(axes) => axes.contains(&at),
        None => size == 1,
    };
    let sizes = cursor.dims.iter().enumerate();
    let dims = sizes
        .filter(|(at, size)| !gone(*at, **size))
        .map(|(_, size)| *size)
        .collect();
    cursor.rename(dims)
}

/// `Unsqueeze`.
pub(super) fn unsqueeze(
    onnx: &OnnxFile,
    node: NodeRef<'_>,
    cursor: &mut Cursor,
) -> Result<(), Fault> {
    let stated = listed(onnx, node)?.map_or(0, |axes| axes.len());
    let rank = cursor.dims.len() + stated;
    let axes = axes(onnx, node, rank)?.unwrap_or_default();
    let mut old = cursor.dims.iter().copied();
    let dims = (0..rank)
        .map(|at| {
            if axes.contains(&at) {
                1
            } else {
                old.next().unwrap_or(0)
            }
        })
        .collect();
    cursor.rename(dims)
}

/// `Transpose` that moves nothing, or that turns an input of `[1, height, width, channels]` round.
pub(super) fn transpose(_: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    let rank = cursor.dims.len();
    let permutation: Vec<usize> = match node.integers("perm") {
        None => (0..rank).rev().collect(),
        Some(axes) => axes
            .iter()
            .map(|at| axis(*at, rank))
            .collect::<Result<_, _>>()?,
    };
    let mut sorted = permutation.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank) {
        return Err(Fault::elsewhere(format!(
            "has the permutation {permutation:?}"
        )));
    }
    let dims: Vec<usize> = permutation.iter().map(|at| cursor.dims[*at]).collect();
    let moved = permutation.iter().filter(|at| cursor.dims[**at] != 1);
    if moved.is_sorted() {
        return cursor.rename(dims);
    }
    if cursor.is_at_input() && matches!(permutation.as_slice(), [0, 3, 1, 2] | [0, 2, 1]) {
        return cursor.input_is_channels_last(dims);
    }
    let words = format!("moves the axes {:?} to {permutation:?}", cursor.dims);
    Err(Fault::new(
        words,
        "an int8 network can turn its input round, nothing else: export with channels first",
    ))
}

fn axis(axis: i64, rank: usize) -> Result<usize, Fault> {
    let signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let at = if axis < 0 { axis + signed } else { axis };
    usize::try_from(at)
        .ok()
        .filter(|at| *at <= rank)
        .ok_or_else(|| Fault::elsewhere(format!("has the axis {axis} of {rank}")))
}

/// The axes, by attribute or input.
fn listed(onnx: &OnnxFile, node: NodeRef<'_>) -> Result<Option<Vec<i64>>, Fault> {
    if let Some(axes) = node.integers("axes") {
        return Ok(Some(axes.to_vec()));
    }
    if node.input(1).is_none() {
        return Ok(None);
    }
    let axes = weights(onnx, node, 1, "axes")?.as_integers();
    axes.map(|axes| Some(axes.to_vec()))
        .ok_or_else(|| Fault::elsewhere("has axes that are no integers"))
}

fn axes(onnx: &OnnxFile, node: NodeRef<'_>, rank: usize) -> Result<Option<Vec<usize>>, Fault> {
    let Some(axes) = listed(onnx, node)? else {
        return Ok(None);
    };
    axes.iter()
        .map(|at| axis(*at, rank))
        .collect::<Result<Vec<_>, _>>()
        .map(Some)
}
