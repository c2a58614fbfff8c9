use int8_network::{Shape, Window};

use super::Fault;
use crate::onnx::NodeRef;

/// The window of a convolution or a pool over one or two axes, and the sizes of its output.
pub(crate) fn window(
    node: NodeRef<'_>,
    kernel: &[usize],
    input: Shape,
) -> Result<(Window, [u16; 2]), Fault> {
    let axes = kernel.len();
    if !(1..=2).contains(&axes) {
        let words = format!("has {axes} dimensions, 1 or 2 are possible");
        return Err(Fault::elsewhere(words));
    }
    let kernel = pair(kernel)?;
    let stride = attribute(node, "strides", axes)?;
    let dilation = attribute(node, "dilations", axes)?;
    let mut window = Window {
        kernel,
        stride,
        dilation,
        padding_before: [0; 2],
        padding_after: [0; 2],
    };
    pad(node, axes, input, &mut window)?;
    if node.integer("ceil_mode", 0) != 0 {
        round_up(&mut window, input);
    }
    let output = window.output(input).ok_or_else(|| {
        let words = format!(
            "has a window {:?} with padding {:?} and {:?} that does not fit its input of {} × {}",
            window.kernel, window.padding_before, window.padding_after, input.height, input.width
        );
        Fault::elsewhere(words)
    })?;
    Ok((window, output))
}

/// A window over everything.
pub(super) const fn whole(input: Shape) -> Window {
    Window {
        kernel: [input.height, input.width],
        stride: [1, 1],
        dilation: [1, 1],
        padding_before: [0; 2],
        padding_after: [0; 2],
    }
}

/// A window over one position.
pub(super) const ONE: Window = Window {
    kernel: [1; 2],
    stride: [1; 2],
    dilation: [1; 2],
    padding_before: [0; 2],
    padding_after: [0; 2],
};

fn attribute(node: NodeRef<'_>, name: &str, axes: usize) -> Result<[u16; 2], Fault> {
    match node.integers(name) {
        None | Some([]) => Ok([1, 1]),
        Some(values) if values.len() == axes => {
            let values: Option<Vec<usize>> = values
                .iter()
                .map(|value| usize::try_from(*value).ok())
                .collect();
            pair(&values.ok_or_else(|| unusable(name))?)
        }
        Some(_) => Err(unusable(name)),
    }
}

fn unusable(name: &str) -> Fault {
    Fault::elsewhere(format!("has unusable {name}"))
}

/// One axis lies along the width.
fn pair(values: &[usize]) -> Result<[u16; 2], Fault> {
    let size = |value: usize| u16::try_from(value).map_err(|_| unusable("sizes"));
    match *values {
        [width] => Ok([1, size(width)?]),
        [height, width] => Ok([size(height)?, size(width)?]),
        _ => Err(unusable("sizes")),
    }
}

fn pad(node: NodeRef<'_>, axes: usize, input: Shape, window: &mut Window) -> Result<(), Fault> {
    match node.text("auto_pad").unwrap_or("NOTSET") {
        "NOTSET" | "" => {
            let pads = node.integers("pads").unwrap_or_default();
            if pads.is_empty() {
                return Ok(());
            }
            if pads.len() != 2 * axes {
                return Err(unusable("pads"));
            }
            let (before, after) = pads.split_at(axes);
            window.padding_before = padding(before)?;
            window.padding_after = padding(after)?;
            Ok(())
        }
        "VALID" => Ok(()),
        same @ ("SAME_UPPER" | "SAME_LOWER") => {
            for (axis, size) in [input.height, input.width].into_iter().enumerate() {
                let total = same_padding(window, axis, size);
                let (less, more) = (total / 2, total - total / 2);
                let (before, after) = if same == "SAME_UPPER" {
                    (less, more)
                } else {
                    (more, less)
                };
                window.padding_before[axis] = before;
                window.padding_after[axis] = after;
            }
            Ok(())
        }
        other => Err(Fault::elsewhere(format!("has auto_pad {other:?}"))),
    }
}

fn padding(values: &[i64]) -> Result<[u16; 2], Fault> {
    let values: Option<Vec<u16>> = values
        .iter()
        .map(|value| u16::try_from(*value).ok())
        .collect();
    match values.as_deref() {
        Some([width]) => Ok([0, *width]),
        Some([height, width]) => Ok([*height, *width]),
        Some(_) | None => Err(unusable("pads")),
    }
}

/// So much that the output has ⌈size / stride⌉ positions.
fn same_padding(window: &Window, axis: usize, size: u16) -> u16 {
    let stride = u32::from(window.stride[axis]).max(1);
    let kernel = u32::from(window.kernel[axis]).max(1);
    let reach = u32::from(window.dilation[axis])
        .saturating_mul(kernel - 1)
        .saturating_add(1);
    let covered = (u32::from(size).div_ceil(stride).saturating_sub(1))
        .saturating_mul(stride)
        .saturating_add(reach);
    u16::try_from(covered.saturating_sub(size.into())).unwrap_or(u16::MAX)
}

/// More padding behind, so that a last window that is only partly inside counts; one that would begin behind the input
/// does not.
fn round_up(window: &mut Window, input: Shape) {
    for (axis, size) in [input.height, input.width].into_iter().enumerate() {
        let stride = u32::from(window.stride[axis]).max(1);
        let kernel = u32::from(window.kernel[axis]).max(1);
        let reach = u32::from(window.dilation[axis])
            .saturating_mul(kernel - 1)
            .saturating_add(1);
        let before = u32::from(window.padding_before[axis]);
        let after = u32::from(window.padding_after[axis]);
        let padded = u32::from(size).saturating_add(before).saturating_add(after);
        let Some(room) = padded.checked_sub(reach) else {
            continue;
        };
        let last = room.div_ceil(stride).saturating_mul(stride);
        if last > room && last < u32::from(size).saturating_add(before) {
            let after = after.saturating_add(last - room);
            window.padding_after[axis] = u16::try_from(after).unwrap_or(u16::MAX);
        }
    }
}
