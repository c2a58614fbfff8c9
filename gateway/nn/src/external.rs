use tract_onnx::{
    pb::{AttributeProto, GraphProto, ModelProto, TensorProto, tensor_proto::DataLocation},
    prelude::Framework,
};

use crate::PrepareError;

/// Reads a model; one whose weights lie in another file is refused, wherever in the graph they are: a path in a model
/// would be opened by the backend, with the node's rights.
pub(crate) fn read(mut onnx: &[u8]) -> Result<ModelProto, PrepareError> {
    let proto = tract_onnx::onnx().proto_model_for_read(&mut onnx);
    let proto = proto.map_err(|error| PrepareError::NotOnnx {
        words: format!("{error:#}"),
    })?;
    let functions = proto.functions.iter().flat_map(|function| &function.node);
    let attributes = functions.flat_map(|node| &node.attribute);
    let elsewhere = proto.graph.as_ref().and_then(of_graph);
    match elsewhere.or_else(|| attributes.into_iter().find_map(of_attribute)) {
        Some(tensor) => Err(PrepareError::OtherFile {
            tensor: tensor.name.clone(),
        }),
        None if proto.graph.is_none() => Err(PrepareError::NotOnnx {
            words: "it has no graph".to_owned(),
        }),
        None => Ok(proto),
    }
}

/// The decoder limits how deep graphs nest.
fn of_graph(graph: &GraphProto) -> Option<&TensorProto> {
    let sparse = graph.sparse_initializer.iter();
    let sparse = sparse.flat_map(|tensor| tensor.values.iter().chain(&tensor.indices));
    let mut weights = graph.initializer.iter().chain(sparse);
    weights.find(|tensor| is_elsewhere(tensor)).or_else(|| {
        let mut attributes = graph.node.iter().flat_map(|node| &node.attribute);
        attributes.find_map(of_attribute)
    })
}

fn of_attribute(attribute: &AttributeProto) -> Option<&TensorProto> {
    let sparse = attribute.sparse_tensor.iter();
    let sparse = sparse.chain(&attribute.sparse_tensors);
    let sparse = sparse.flat_map(|tensor| tensor.values.iter().chain(&tensor.indices));
    let mut tensors = attribute.t.iter().chain(&attribute.tensors).chain(sparse);
    let mut graphs = attribute.g.iter().chain(&attribute.graphs);
    tensors
        .find(|tensor| is_elsewhere(tensor))
        .or_else(|| graphs.find_map(of_graph))
}

fn is_elsewhere(tensor: &TensorProto) -> bool {
    tensor.data_location == Some(i32::from(DataLocation::External))
        || !tensor.external_data.is_empty()
}
