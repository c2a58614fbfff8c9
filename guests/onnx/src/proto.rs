use std::{collections::HashSet, path::Path, sync::Arc};

use prost::Message;
use tract_onnx::{
    Onnx,
    data_resolver::ModelDataResolver,
    model::ParseResult,
    pb::{GraphProto, ModelProto, NodeProto, tensor_proto::DataLocation},
    prelude::{InferenceModel, TractResult},
    tract_core::internal::bail,
};
use weir_guest::Error;

/// Operators whose result is random: with no random numbers at hand they would always be the same.
const RANDOM: [&str; 6] = [
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
];

/// How many operators a refusal names.
const NAMED_MAX: usize = 4;

/// Reads a model and says in words what of it cannot be run.
pub(crate) fn parse(bytes: &[u8]) -> Result<InferenceModel, Error> {
    let proto = ModelProto::decode(bytes)
        .map_err(|cause| corrupt(format!("the model is not an ONNX file: {cause}")))?;
    let graph = proto
        .graph
        .as_ref()
        .ok_or_else(|| corrupt("the model is not an ONNX file: it has no graph".into()))?;
    let onnx = Onnx {
        provider: Arc::new(NoFiles),
        ..tract_onnx::onnx()
    };
    refuse_missing_operators(&onnx, graph)?;
    refuse_missing_outputs(graph)?;
    refuse_other_files(graph)?;

    let ParseResult {
        model,
        unresolved_inputs,
        ..
    } = onnx
        .parse(&proto, None)
        .map_err(|cause| unsupported(format!("the model cannot be read: {cause:#}")))?;
    match unresolved_inputs.first() {
        None => Ok(model),
        Some(name) => Err(corrupt(format!(
            "the model's graph uses {name:?}, which nothing in it makes"
        ))),
    }
}

/// Never reached while the parser is given no path: a second lock on the same door.
struct NoFiles;

impl ModelDataResolver for NoFiles {
    fn read_bytes_from_path(
        &self,
        _: &mut Vec<u8>,
        _: &Path,
        _: usize,
        _: Option<usize>,
    ) -> TractResult<()> {
        bail!("a guest has no files")
    }
}

fn refuse_missing_operators(onnx: &Onnx, graph: &GraphProto) -> Result<(), Error> {
    let mut missing = Vec::new();
    visit(graph, &mut |node| {
        let known = onnx.op_register.0.contains_key(&node.op_type);
        if !known || RANDOM.contains(&node.op_type.as_str()) {
            missing.push(named(node));
        }
    });
    if missing.is_empty() {
        return Ok(());
    }
    let more = match missing.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    missing.truncate(NAMED_MAX);
    let missing = missing.join(", ");
    Err(unsupported(format!(
        "the model needs operators that this guest does not have: {missing}{more}"
    )))
}

fn named(node: &NodeProto) -> String {
    let name = if node.name.is_empty() {
        node.output.first().map_or("", String::as_str)
    } else {
        &node.name
    };
    let domain = if node.domain.is_empty() {
        String::new()
    } else {
        format!("{}.", node.domain)
    };
    format!("{domain}{} (node {name:?})", node.op_type)
}

fn refuse_missing_outputs(graph: &GraphProto) -> Result<(), Error> {
    let inputs = graph.input.iter().map(|input| &input.name);
    let weights = graph.initializer.iter().map(|tensor| &tensor.name);
    let results = graph.node.iter().flat_map(|node| &node.output);
    let made: HashSet<&String> = inputs.chain(weights).chain(results).collect();
    match graph
        .output
        .iter()
        .find(|output| !made.contains(&output.name))
    {
        None => Ok(()),
        Some(output) => Err(corrupt(format!(
            "the model's output {:?} is made by nothing in its graph",
            output.name
        ))),
    }
}

fn refuse_other_files(graph: &GraphProto) -> Result<(), Error> {
    let external = i32::from(DataLocation::External);
    let elsewhere = graph
        .initializer
        .iter()
        .find(|tensor| tensor.data_location == Some(external));
    match elsewhere {
        None => Ok(()),
        Some(tensor) => Err(unsupported(format!(
            "the weights {:?} lie in another file: export the model as one file",
            tensor.name
        ))),
    }
}

/// Every node, those of the branches of `If` and of the bodies of loops too. The decoder limits how
/// deep they nest.
fn visit(graph: &GraphProto, see: &mut dyn FnMut(&NodeProto)) {
    for node in &graph.node {
        see(node);
        for attribute in &node.attribute {
            for inner in attribute.g.iter().chain(&attribute.graphs) {
                visit(inner, see);
            }
        }
    }
}

fn corrupt(words: String) -> Error {
    Error::ModelCorrupt(words.into())
}

fn unsupported(words: String) -> Error {
    Error::ModelUnsupported(words.into())
}
