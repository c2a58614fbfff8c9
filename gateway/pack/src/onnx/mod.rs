//! An ONNX file, read and checked as far as that needs no knowledge of operators: weights are inside and whole, every
//! value is made once and before it is used.

mod constant;
mod error;
mod node;
mod order;

use std::collections::{HashMap, HashSet};

use prost::Message;
use tract_onnx::pb::{
    GraphProto, ModelProto, TypeProto, ValueInfoProto, tensor_shape_proto::dimension, type_proto,
};

pub(crate) use constant::Constant;
pub use error::OnnxError;
pub(crate) use node::NodeRef;

/// Bytes of an ONNX file that are read.
pub const ONNX_BYTES_MAX: usize = 256 << 20;
/// Nodes of a graph, those of subgraphs included.
const NODES_MAX: usize = 100_000;
/// Dimensions of a tensor.
pub(crate) const RANK_MAX: usize = 8;

/// An ONNX file.
#[derive(Debug)]
pub struct OnnxFile {
    proto: ModelProto,
    opset: i64,
    graph: GraphProto,
    constants: HashMap<String, Constant>,
}

/// An input or an output of a graph.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The type of its elements, as Rust names it.
    pub dtype: String,
    /// Its sizes; none where one varies.
    pub dims: Vec<Option<u32>>,
}

impl OnnxFile {
    /// Reads the file.
    ///
    /// # Errors
    /// Fails where it is no ONNX file, is not whole, or is not what ONNX says of a graph.
    pub fn read(bytes: &[u8]) -> Result<Self, OnnxError> {
        if bytes.len() > ONNX_BYTES_MAX {
            return Err(OnnxError::TooLarge {
                bytes: bytes.len(),
                bytes_max: ONNX_BYTES_MAX,
            });
        }
        let mut proto = ModelProto::decode(bytes).map_err(OnnxError::NotOnnx)?;
        let graph = proto.graph.take().ok_or(OnnxError::NoGraph)?;
        let opset = opset(&proto).ok_or(OnnxError::NoOpset)?;
        let mut count = 0_usize;
        visit(&graph, &mut |_| count += 1);
        if count == 0 {
            return Err(OnnxError::NoNodes);
        }
        if count > NODES_MAX {
            return Err(OnnxError::TooManyNodes {
                nodes: count,
                nodes_max: NODES_MAX,
            });
        }
        if !graph.sparse_initializer.is_empty() {
            return Err(OnnxError::Sparse);
        }
        let mut constants = HashMap::new();
        for tensor in &graph.initializer {
            constants.insert(tensor.name.clone(), Constant::read(tensor)?);
        }
        for node in graph.node.iter().map(NodeRef::new) {
            if let Some((output, constant)) = node.constant(&constants)? {
                constants.insert(output.to_owned(), constant);
            }
        }
        order::check(&graph)?;
        Ok(Self {
            proto,
            opset,
            graph,
            constants,
        })
    }

    /// The version of the standard operators.
    #[must_use]
    pub const fn opset(&self) -> i64 {
        self.opset
    }

    /// What wrote the file.
    #[must_use]
    pub fn producer(&self) -> String {
        let ModelProto {
            producer_name,
            producer_version,
            ..
        } = &self.proto;
        format!("{producer_name} {producer_version}")
            .trim()
            .to_owned()
    }

    /// What the graph takes; initialisers are no inputs.
    #[must_use]
    pub fn inputs(&self) -> Vec<Port> {
        let weights: HashSet<&str> = self
            .graph
            .initializer
            .iter()
            .map(|tensor| tensor.name.as_str())
            .collect();
        let inputs = self.graph.input.iter();
        let inputs = inputs.filter(|input| !weights.contains(input.name.as_str()));
        inputs.map(port).collect()
    }

    /// What the graph gives.
    #[must_use]
    pub fn outputs(&self) -> Vec<Port> {
        self.graph.output.iter().map(port).collect()
    }

    /// The number of weights.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let counts = self.graph.initializer.iter().map(|tensor| {
            let constant = self.constants.get(&tensor.name);
            constant.map_or(0, |constant| constant.elements())
        });
        counts
            .map(|count| u64::try_from(count).unwrap_or(u64::MAX))
            .fold(0, u64::saturating_add)
    }

    /// Every operator with its number of nodes, those of subgraphs included; by name.
    #[must_use]
    pub fn operators(&self) -> Vec<(String, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        visit(&self.graph, &mut |node| {
            *counts.entry(node.operator()).or_insert(0) += 1;
        });
        counts.into_iter().collect()
    }

    /// The graph's own nodes, in its order.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeRef<'_>> {
        self.graph.node.iter().map(NodeRef::new)
    }

    /// A value that is known without running anything.
    pub(crate) fn constant(&self, name: &str) -> Option<&Constant> {
        self.constants.get(name)
    }

    /// The sizes that the file states of a value, where all of them are fixed.
    pub(crate) fn stated_dims(&self, name: &str) -> Option<Vec<usize>> {
        let mut infos = self.graph.value_info.iter().chain(&self.graph.output);
        let info = infos.rfind(|info| info.name == name)?;
        let dims = port(info).dims.into_iter().map(|size| {
            let size = size?;
            usize::try_from(size).ok()
        });
        dims.collect::<Option<Vec<_>>>()
            .filter(|dims| !dims.is_empty())
    }

    /// The model with a single input of these sizes, that gives these values instead of its own outputs.
    pub(crate) fn with_outputs(
        &self,
        input: &str,
        dims: &[usize],
        values: &[String],
    ) -> ModelProto {
        let mut graph = self.graph.clone();
        graph.value_info.clear();
        for info in &mut graph.input {
            if info.name == input {
                *info = value_info(input, dims);
            }
        }
        graph.output = values
            .iter()
            .map(|name| ValueInfoProto {
                name: name.clone(),
                ..ValueInfoProto::default()
            })
            .collect();
        ModelProto {
            graph: Some(graph),
            ..self.proto.clone()
        }
    }
}

fn opset(proto: &ModelProto) -> Option<i64> {
    let standard = |domain: &str| domain.is_empty() || domain == "ai.onnx";
    let mut imports = proto.opset_import.iter();
    let import = imports.find(|import| standard(&import.domain))?;
    Some(import.version)
}

/// `f32` of these sizes.
fn value_info(name: &str, dims: &[usize]) -> ValueInfoProto {
    let dim = |size: &usize| tract_onnx::pb::tensor_shape_proto::Dimension {
        value: Some(dimension::Value::DimValue(
            i64::try_from(*size).unwrap_or(i64::MAX),
        )),
        ..Default::default()
    };
    let shape = tract_onnx::pb::TensorShapeProto {
        dim: dims.iter().map(dim).collect(),
    };
    let tensor = type_proto::Tensor {
        elem_type: constant::FLOAT,
        shape: Some(shape),
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

fn port(info: &ValueInfoProto) -> Port {
    let tensor = info.r#type.as_ref().and_then(|kind| kind.value.as_ref());
    let tensor = tensor.map(|type_proto::Value::TensorType(tensor)| tensor);
    let dims = tensor.and_then(|tensor| tensor.shape.as_ref());
    let dims = dims.map(|shape| &shape.dim).into_iter().flatten();
    let size = |value: &Option<dimension::Value>| match value {
        Some(dimension::Value::DimValue(size)) => {
            u32::try_from(*size).ok().filter(|size| *size > 0)
        }
        Some(dimension::Value::DimParam(_)) | None => None,
    };
    Port {
        name: info.name.clone(),
        dtype: constant::type_name(tensor.map_or(0, |tensor| tensor.elem_type)).to_owned(),
        dims: dims.map(|dim| size(&dim.value)).collect(),
    }
}

/// Every node, those of the branches of `If` and of the bodies of loops too. The decoder limits how deep they nest.
fn visit(graph: &GraphProto, see: &mut dyn FnMut(NodeRef<'_>)) {
    for node in &graph.node {
        see(NodeRef::new(node));
        for attribute in &node.attribute {
            for inner in attribute.g.iter().chain(&attribute.graphs) {
                visit(inner, see);
            }
        }
    }
}
