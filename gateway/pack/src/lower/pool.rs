use int8_network::Averaging;

use super::{
    Cursor, Fault, Work,
    convolution::dims,
    window::{whole, window},
};
use crate::onnx::{NodeRef, OnnxFile};

/// `MaxPool`.
pub(super) fn max(_: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    if node.output(1).is_some() {
        return Err(Fault::elsewhere("gives indices too"));
    }
    pool(node, cursor, |window| Ok(Work::MaxPool(window)))
}

/// `AveragePool`.
pub(super) fn average(_: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    let all = node.integer("count_include_pad", 0) != 0;
    if all && node.integer("ceil_mode", 0) != 0 {
        return Err(Fault::new(
            "rounds sizes up and counts padding",
            "export with ceil_mode off",
        ));
    }
    let averaging = if all {
        Averaging::Window
    } else {
        Averaging::Inside
    };
    pool(node, cursor, |window| {
        Ok(Work::AveragePool(window, averaging))
    })
}

/// `GlobalMaxPool`.
pub(super) fn global_max(
    _: &OnnxFile,
    node: NodeRef<'_>,
    cursor: &mut Cursor,
) -> Result<(), Fault> {
    let input = cursor.positions()?;
    let mut sizes = cursor.dims.clone();
    sizes.iter_mut().skip(2).for_each(|size| *size = 1);
    cursor.layer(node.name(), Work::MaxPool(whole(input)), sizes)
}

fn pool(
    node: NodeRef<'_>,
    cursor: &mut Cursor,
    work: impl Fn(int8_network::Window) -> Result<Work, Fault>,
) -> Result<(), Fault> {
    let kernel: Option<Vec<usize>> = node
        .integers("kernel_shape")
        .unwrap_or_default()
        .iter()
        .map(|size| usize::try_from(*size).ok())
        .collect();
    let kernel = kernel.ok_or_else(|| Fault::elsewhere("has an unusable kernel_shape"))?;
    if cursor.dims.len() != kernel.len() + 2 {
        let words = format!(
            "takes a value of the sizes {:?} with a kernel of {kernel:?}",
            cursor.dims
        );
        return Err(Fault::elsewhere(words));
    }
    let input = cursor.positions()?;
    let (window, size) = window(node, &kernel, input)?;
    if window.dilation != [1, 1] {
        return Err(Fault::elsewhere("is dilated"));
    }
    let sizes = dims(usize::from(input.channels), size, kernel.len());
    cursor.layer(node.name(), work(window)?, sizes)
}
