use super::{Cursor, Fault, Work};
use crate::onnx::{NodeRef, OnnxFile};

/// `GlobalAveragePool`.
pub(super) fn global(_: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    mean(node, cursor, true)
}

/// `ReduceMean` over every axis behind the channels.
pub(super) fn reduce(onnx: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    let stated = node.integers("axes").map(<[i64]>::to_vec);
    let given = || {
        let constant = onnx.constant(node.input(1)?)?;
        constant.as_integers().map(<[i64]>::to_vec)
    };
    let rank = i64::try_from(cursor.dims.len()).unwrap_or(i64::MAX);
    let axes = stated.or_else(given).unwrap_or_default();
    let mut axes: Vec<i64> = axes
        .iter()
        .map(|axis| if *axis < 0 { axis + rank } else { *axis })
        .collect();
    axes.sort_unstable();
    if rank < 3 || !axes.iter().copied().eq(2..rank) {
        let words = format!("takes the mean over the axes {axes:?} of {:?}", cursor.dims);
        return Err(Fault::new(
            words,
            "an int8 network has the mean over all axes behind the channels only",
        ));
    }
    mean(node, cursor, node.integer("keepdims", 1) != 0)
}

fn mean(node: NodeRef<'_>, cursor: &mut Cursor, keeps: bool) -> Result<(), Fault> {
    if cursor.dims.len() < 3 {
        let words = format!("takes a value of the sizes {:?}", cursor.dims);
        return Err(Fault::elsewhere(words));
    }
    cursor.positions()?;
    let mut dims = cursor.dims.clone();
    if keeps {
        dims.iter_mut().skip(2).for_each(|size| *size = 1);
    } else {
        dims.truncate(2);
    }
    cursor.layer(node.name(), Work::Mean, dims)
}
