//! ONNX nodes → layers of an int8 network, still in floating point. One file for each kind of operator.
//!
//! Activations lie channels last in memory. What always holds on the way: a value's elements in ONNX's order are those
//! of [`Cursor::shape`] read channels first, whatever sizes ONNX gives the value.

mod activation;
mod affine;
mod convolution;
mod cursor;
mod dense;
mod mean;
mod net;
mod pool;
mod shape;
mod softmax;
pub(crate) mod window;

use crate::{
    PackError,
    onnx::{NodeRef, OnnxFile, Port},
};

use cursor::Cursor;
pub(crate) use net::{FloatEdge, FloatLayer, FloatNet, Kind, Linear, Work};

/// What is wrong with a node, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    fault: String,
    advice: String,
}

/// What to do about a model that can only run elsewhere.
const ELSEWHERE: &str = "use guest onnx under an sbc profile, or a network without it";

impl Fault {
    fn new(fault: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            fault: fault.into(),
            advice: advice.into(),
        }
    }

    fn elsewhere(fault: impl Into<String>) -> Self {
        Self::new(fault, ELSEWHERE)
    }
}

type Lower = fn(&OnnxFile, NodeRef<'_>, &mut Cursor) -> Result<(), Fault>;

/// Every operator that can be packed.
const OPERATORS: [(&str, Lower); 23] = [
    ("Add", affine::add),
    ("AveragePool", pool::average),
    ("BatchNormalization", affine::normalise),
    ("Clip", activation::clip),
    ("Conv", convolution::lower),
    ("Div", affine::divide),
    ("Dropout", shape::identity),
    ("Flatten", shape::flatten),
    ("Gemm", dense::gemm),
    ("GlobalAveragePool", mean::global),
    ("GlobalMaxPool", pool::global_max),
    ("Identity", shape::identity),
    ("MatMul", dense::matmul),
    ("MaxPool", pool::max),
    ("Mul", affine::multiply),
    ("ReduceMean", mean::reduce),
    ("Relu", activation::relu),
    ("Reshape", shape::reshape),
    ("Softmax", softmax::lower),
    ("Squeeze", shape::squeeze),
    ("Sub", affine::subtract),
    ("Transpose", shape::transpose),
    ("Unsqueeze", shape::unsqueeze),
];

/// The operators that can be packed, by name.
pub(crate) fn is_packable(operator: &str) -> bool {
    OPERATORS.iter().any(|(name, _)| *name == operator)
}

/// The graph as a chain of layers.
pub(crate) fn lower(onnx: &OnnxFile) -> Result<FloatNet, PackError> {
    refuse_operators(onnx)?;
    let (input, dims) = single_input(onnx)?;
    let output = single(onnx.outputs(), "outputs", "output")?;
    let mut cursor = Cursor::start(&input.name, dims).map_err(|fault| PackError::Edges {
        side: "inputs",
        found: fault,
        wanted: "input of a batch of 1",
    })?;
    let steps = onnx.nodes().count();
    for _ in 0..=steps {
        if cursor.value == output.name {
            return cursor.finish(&output.name).ok_or(PackError::Empty);
        }
        let node = next(onnx, &cursor.value)?;
        step(onnx, node, &mut cursor)?;
    }
    Err(PackError::Empty)
}

/// Names every operator that cannot be packed at once, not one after the other.
fn refuse_operators(onnx: &OnnxFile) -> Result<(), PackError> {
    let mut missing = onnx.nodes().filter(|node| {
        let operator = node.operator();
        operator != "Constant" && !is_packable(&operator)
    });
    let Some(first) = missing.next() else {
        return Ok(());
    };
    let rest: std::collections::BTreeSet<String> = missing.map(|node| node.operator()).collect();
    let rest: Vec<String> = rest
        .into_iter()
        .filter(|operator| *operator != first.operator())
        .collect();
    let more = if rest.is_empty() {
        String::new()
    } else {
        format!(" (nor are there: {})", rest.join(", "))
    };
    Err(PackError::Operator {
        operator: first.operator(),
        node: first.name().to_owned(),
        fault: format!("is not one of int8 networks{more}"),
        advice: advice(&first.operator()).to_owned(),
    })
}

/// What to do about an operator that cannot be packed.
fn advice(operator: &str) -> &'static str {
    match operator {
        "LogSoftmax" | "Sigmoid" | "ArgMax" | "TopK" => {
            "export the network without it, with logits as its output: the pipeline ranks them"
        }
        "LeakyRelu" | "PRelu" | "Elu" | "Selu" | "Gelu" | "HardSwish" | "HardSigmoid" | "Tanh"
        | "Erf" => "train with ReLU or ReLU6 in its place, or use guest onnx under an sbc profile",
        "Shape" | "Gather" | "ConstantOfShape" | "Range" | "Slice" => {
            "export with a fixed batch of 1 and constant folding, so that no shape is computed"
        }
        "QuantizeLinear"
        | "DequantizeLinear"
        | "QLinearConv"
        | "QLinearMatMul"
        | "ConvInteger"
        | "MatMulInteger"
        | "DynamicQuantizeLinear" => {
            "pack the floating-point model: quantising is what this command does"
        }
        "LSTM" | "GRU" | "RNN" | "Loop" | "If" | "Scan" => {
            "use guest onnx under an sbc profile, or a convolutional network over a window"
        }
        _ => ELSEWHERE,
    }
}

fn step(onnx: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), PackError> {
    let operator = node.operator();
    let refused = |Fault { fault, advice }| PackError::Operator {
        operator: operator.clone(),
        node: node.name().to_owned(),
        fault,
        advice,
    };
    let found = OPERATORS.iter().find(|(name, _)| *name == operator);
    let (_, lower) =
        found.ok_or_else(|| refused(Fault::elsewhere("is not one of int8 networks")))?;
    if cursor.softmax && !is_free(&operator) {
        let words = "comes after Softmax, which can only be the last layer";
        return Err(refused(Fault::elsewhere(words)));
    }
    let output = node
        .output(0)
        .ok_or_else(|| refused(Fault::elsewhere("has no output")))?;
    lower(onnx, node, cursor).map_err(refused)?;
    cursor.pass(&operator, output);
    Ok(())
}

/// Whether the operator moves no number.
fn is_free(operator: &str) -> bool {
    matches!(
        operator,
        "Dropout" | "Flatten" | "Identity" | "Reshape" | "Squeeze" | "Unsqueeze"
    )
}

/// The one node that uses a value.
fn next<'o>(onnx: &'o OnnxFile, value: &str) -> Result<NodeRef<'o>, PackError> {
    let users: Vec<NodeRef<'o>> = onnx
        .nodes()
        .filter(|node| node.inputs().any(|input| input == value))
        .collect();
    match users.as_slice() {
        [node] => match node.inputs().filter(|input| *input == value).count() {
            1 => Ok(*node),
            times => Err(PackError::Branch {
                value: value.to_owned(),
                users: format!("node {:?} {times} times", node.name()),
            }),
        },
        [] => Err(PackError::Branch {
            value: value.to_owned(),
            users: "no node".to_owned(),
        }),
        nodes => {
            let names: Vec<String> = nodes
                .iter()
                .take(4)
                .map(|node| format!("{:?}", node.name()))
                .collect();
            Err(PackError::Branch {
                value: value.to_owned(),
                users: format!("{} nodes ({})", nodes.len(), names.join(", ")),
            })
        }
    }
}

/// The graph's one input, a batch of 1.
pub(crate) fn single_input(onnx: &OnnxFile) -> Result<(Port, Vec<usize>), PackError> {
    let port = single(onnx.inputs(), "inputs", "input")?;
    let mut dims = Vec::new();
    for (axis, size) in port.dims.iter().enumerate() {
        let size = match size {
            None if axis == 0 && port.dims.len() > 1 => 1,
            None => {
                return Err(PackError::Edges {
                    side: "inputs",
                    found: format!("of varying size (axis {axis} of {:?})", port.name),
                    wanted: "input of fixed size: export with fixed sizes",
                });
            }
            Some(size) => usize::try_from(*size).unwrap_or(usize::MAX),
        };
        dims.push(size);
    }
    Ok((port, dims))
}

fn single(
    mut ports: Vec<Port>,
    side: &'static str,
    wanted: &'static str,
) -> Result<Port, PackError> {
    let found = match ports.len() {
        1 if matches!(ports[0].dtype.as_str(), "f32" | "unknown") => return Ok(ports.remove(0)),
        1 => format!("of {}", ports[0].dtype),
        count => format!("{count}"),
    };
    let wanted = if wanted == "input" {
        "input of f32"
    } else {
        "output of f32"
    };
    Err(PackError::Edges {
        side,
        found,
        wanted,
    })
}
