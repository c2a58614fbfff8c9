use std::collections::HashSet;

use tract_onnx::pb::GraphProto;

use super::{NodeRef, OnnxError};

/// Every value is made once, and before it is used: so there is no cycle.
pub(super) fn check(graph: &GraphProto) -> Result<(), OnnxError> {
    let mut made: HashSet<&str> = HashSet::new();
    let inputs = graph.input.iter().map(|input| input.name.as_str());
    let weights = graph.initializer.iter().map(|tensor| tensor.name.as_str());
    made.extend(inputs.chain(weights));
    for node in &graph.node {
        let words = NodeRef::new(node);
        let missing = node.input.iter().find(|input| {
            let input = input.as_str();
            !input.is_empty() && !made.contains(input)
        });
        if let Some(value) = missing {
            return Err(OnnxError::Undefined {
                node: words.name().to_owned(),
                value: value.clone(),
            });
        }
        for output in node.output.iter().filter(|output| !output.is_empty()) {
            if !made.insert(output) {
                return Err(OnnxError::MadeTwice {
                    value: output.clone(),
                });
            }
        }
    }
    match graph
        .output
        .iter()
        .find(|output| !made.contains(output.name.as_str()))
    {
        Some(output) => Err(OnnxError::NoOutput {
            output: output.name.clone(),
        }),
        None => Ok(()),
    }
}
