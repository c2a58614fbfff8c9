//! ONNX files of one operator, written field by field: onnx.proto says which number is which field.

use crate::artefacts::leb128;

const FLOAT: usize = 1;

/// A model that puts its input `x` through one operator: `y = operator(x)`.
pub(crate) fn one_operator(operator: &str, dims: &[i32]) -> Vec<u8> {
    let node = [
        text(1, "x"),
        text(2, "y"),
        text(3, "the-node"),
        text(4, operator),
    ]
    .concat();
    let graph = [
        message(1, &node),
        text(2, "graph"),
        message(11, &value("x", dims)),
        message(12, &value("y", dims)),
    ];
    let opset = [text(1, ""), number(2, 17)].concat();
    [
        number(1, 8),
        message(7, &graph.concat()),
        message(8, &opset),
    ]
    .concat()
}

/// `ValueInfoProto`: a tensor of 32-bit floats.
fn value(name: &str, dims: &[i32]) -> Vec<u8> {
    let size = |dim: &i32| message(1, &number(1, usize::try_from(*dim).unwrap_or(0)));
    let shape: Vec<u8> = dims.iter().flat_map(size).collect();
    let tensor = [number(1, FLOAT), message(2, &shape)].concat();
    [text(1, name), message(2, &message(1, &tensor))].concat()
}

fn number(field: usize, value: usize) -> Vec<u8> {
    [leb128(field << 3), leb128(value)].concat()
}

fn message(field: usize, bytes: &[u8]) -> Vec<u8> {
    [leb128(field << 3 | 2), leb128(bytes.len()), bytes.to_vec()].concat()
}

fn text(field: usize, text: &str) -> Vec<u8> {
    message(field, text.as_bytes())
}
