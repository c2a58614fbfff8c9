//! ONNX files, built in the test.

use prost::Message;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto,
    tensor_shape_proto::{Dimension, dimension},
    type_proto,
};
use weir_pack::Samples;

const FLOAT: i32 = 1;
const INT64: i32 = 7;

/// A graph from `x` to `y`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    pub(crate) proto: GraphProto,
    opset: i64,
    random: u32,
}

/// An attribute of a node.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Int(i64),
    Float(f32),
    Ints(&'a [i64]),
    Text(&'a str),
}

impl Graph {
    pub(crate) fn new(input: &[i64]) -> Self {
        let proto = GraphProto {
            input: vec![value("x", input)],
            output: vec![value("y", &[])],
            ..GraphProto::default()
        };
        Self {
            proto,
            opset: 17,
            random: 1,
        }
    }

    pub(crate) fn opset(mut self, opset: i64) -> Self {
        self.opset = opset;
        self
    }

    /// A node named after its output; the last one gives `y`.
    pub(crate) fn node(
        mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, Value<'_>)],
    ) -> Self {
        self.proto.node.push(NodeProto {
            name: format!("the-{output}"),
            op_type: operator.to_owned(),
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: vec![output.to_owned()],
            attribute: attributes.iter().map(attribute).collect(),
            ..NodeProto::default()
        });
        self
    }

    /// Weights between −1 and 1, the same each time.
    pub(crate) fn weights(mut self, name: &str, dims: &[i64]) -> Self {
        let count: i64 = dims.iter().product();
        let values = (0..count).map(|_| self.number()).collect();
        self.floats(name, dims, values)
    }

    pub(crate) fn floats(mut self, name: &str, dims: &[i64], values: Vec<f32>) -> Self {
        self.proto.initializer.push(TensorProto {
            name: name.to_owned(),
            dims: dims.to_vec(),
            data_type: FLOAT,
            float_data: values,
            ..TensorProto::default()
        });
        self
    }

    pub(crate) fn integers(mut self, name: &str, values: &[i64]) -> Self {
        self.proto.initializer.push(TensorProto {
            name: name.to_owned(),
            dims: vec![i64::try_from(values.len()).expect("few")],
            data_type: INT64,
            int64_data: values.to_vec(),
            ..TensorProto::default()
        });
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let model = ModelProto {
            ir_version: 8,
            opset_import: vec![OperatorSetIdProto {
                version: self.opset,
                ..OperatorSetIdProto::default()
            }],
            graph: Some(self.proto.clone()),
            ..ModelProto::default()
        };
        model.encode_to_vec()
    }

    /// xorshift, scaled.
    fn number(&mut self) -> f32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        let [a, b, ..] = self.random.to_le_bytes();
        f32::from(i16::from_le_bytes([a, b])) / 32_768.0
    }
}

/// Samples between −1 and 1.
pub(crate) fn samples(count: usize, dims: &[i64]) -> Samples {
    let mut all = vec![i64::try_from(count).expect("few")];
    all.extend_from_slice(&dims[1..]);
    let graph = Graph::new(dims).weights("samples", &all);
    let values = &graph.proto.initializer[0].float_data;
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    Samples::read(&npy("<f4", &all, &bytes)).expect("samples")
}

/// An array as NumPy writes it.
pub(crate) fn npy(descr: &str, dims: &[i64], data: &[u8]) -> Vec<u8> {
    let sizes: String = dims.iter().map(|size| format!("{size}, ")).collect();
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let header = format!("{text:<117}\n");
    assert_eq!(header.len(), 118, "the header of {dims:?} is too long");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

fn value(name: &str, dims: &[i64]) -> ValueInfoProto {
    let dim = |size: &i64| Dimension {
        value: Some(dimension::Value::DimValue(*size)),
        ..Dimension::default()
    };
    let shape = TensorShapeProto {
        dim: dims.iter().map(dim).collect(),
    };
    let tensor = type_proto::Tensor {
        elem_type: FLOAT,
        shape: (!dims.is_empty()).then_some(shape),
    };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

fn attribute((name, value): &(&str, Value<'_>)) -> AttributeProto {
    let mut attribute = AttributeProto {
        name: (*name).to_owned(),
        ..AttributeProto::default()
    };
    match value {
        Value::Int(value) => {
            attribute.i = *value;
            attribute.r#type = 2;
        }
        Value::Float(value) => {
            attribute.f = *value;
            attribute.r#type = 1;
        }
        Value::Ints(values) => {
            attribute.ints = values.to_vec();
            attribute.r#type = 7;
        }
        Value::Text(value) => {
            attribute.s = value.as_bytes().to_vec();
            attribute.r#type = 3;
        }
    }
    attribute
}
