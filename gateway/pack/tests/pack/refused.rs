//! What cannot be packed is named: operator, node, and what to do.

use weir_pack::{OnnxFile, pack};

use crate::graph::{Graph, Value, samples};

fn refusal(graph: &Graph, dims: &[i64]) -> String {
    let onnx = OnnxFile::read(&graph.bytes()).expect("an ONNX file");
    let refused = pack(&onnx, &samples(4, dims), None, &mut |_| {});
    refused.expect_err("is refused").to_string()
}

#[track_caller]
fn says(words: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(words.contains(wanted), "{wanted:?} is not in {words:?}");
    }
}

#[test]
fn operators_that_are_not_there() {
    let graph = |operator: &str| {
        Graph::new(&[1, 4])
            .weights("a", &[4, 4])
            .node("MatMul", &["x", "a"], "m", &[])
            .node(operator, &["m"], "y", &[])
    };
    for (operator, advice) in [
        ("LeakyRelu", "ReLU"),
        ("Sigmoid", "logits"),
        ("LogSoftmax", "logits"),
        ("LSTM", "guest onnx"),
        ("Shape", "constant folding"),
        ("QuantizeLinear", "floating-point"),
        ("NoSuchThing", "guest onnx under an sbc profile"),
    ] {
        says(
            &refusal(&graph(operator), &[1, 4]),
            &[operator, "the-y", advice],
        );
    }
}

#[test]
fn every_missing_operator_is_named_at_once() {
    let graph = Graph::new(&[1, 4])
        .node("Tanh", &["x"], "a", &[])
        .node("Erf", &["a"], "b", &[])
        .node("Sin", &["b"], "y", &[]);
    says(&refusal(&graph, &[1, 4]), &["Tanh", "the-a", "Erf", "Sin"]);
}

#[test]
fn branches() {
    let graph = Graph::new(&[1, 4])
        .node("Relu", &["x"], "r", &[])
        .weights("a", &[4, 4])
        .node("MatMul", &["r", "a"], "m", &[])
        .node("Add", &["m", "r"], "y", &[]);
    says(
        &refusal(&graph, &[1, 4]),
        &["\"r\"", "the-m", "the-y", "one chain", "guest onnx"],
    );
    let twice = Graph::new(&[1, 4]).node("Mul", &["x", "x"], "y", &[]);
    says(&refusal(&twice, &[1, 4]), &["the-y", "2 times"]);
}

#[test]
fn weights_that_are_computed() {
    let graph = Graph::new(&[1, 4])
        .weights("a", &[4, 4])
        .node("Relu", &["a"], "b", &[])
        .node("MatMul", &["x", "b"], "y", &[]);
    says(&refusal(&graph, &[1, 4]), &["the-y", "constant folding"]);
}

#[test]
fn sizes_that_do_not_fit() {
    let convolution =
        Graph::new(&[1, 3, 4])
            .weights("a", &[2, 5, 3])
            .node("Conv", &["x", "a"], "y", &[]);
    says(
        &refusal(&convolution, &[1, 3, 4]),
        &["Conv", "the-y", "channels"],
    );
    let window =
        Graph::new(&[1, 3, 4])
            .weights("a", &[2, 3, 9])
            .node("Conv", &["x", "a"], "y", &[]);
    says(&refusal(&window, &[1, 3, 4]), &["the-y", "does not fit"]);
    let batch =
        Graph::new(&[2, 6])
            .integers("to", &[1, 12])
            .node("Reshape", &["x", "to"], "y", &[]);
    says(&refusal(&batch, &[2, 6]), &["batch of 1"]);
}

#[test]
fn softmax_anywhere_but_at_the_end() {
    let graph = Graph::new(&[1, 4])
        .weights("a", &[4, 4])
        .node("MatMul", &["x", "a"], "m", &[])
        .node("Softmax", &["m"], "s", &[])
        .node("Relu", &["s"], "y", &[]);
    says(
        &refusal(&graph, &[1, 4]),
        &["Relu", "the-y", "after Softmax"],
    );
}

#[test]
fn axes_that_move() {
    let graph = Graph::new(&[1, 3, 4])
        .weights("a", &[2, 3, 1])
        .node("Conv", &["x", "a"], "c", &[])
        .node(
            "Transpose",
            &["c"],
            "y",
            &[("perm", Value::Ints(&[0, 2, 1]))],
        );
    says(
        &refusal(&graph, &[1, 3, 4]),
        &["Transpose", "the-y", "channels first"],
    );
}

#[test]
fn graphs_that_compute_nothing() {
    let graph = Graph::new(&[1, 4]).node("Identity", &["x"], "y", &[]);
    says(&refusal(&graph, &[1, 4]), &["computes anything"]);
}
