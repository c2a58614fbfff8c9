//! Every operator: what the int8 network gives is what the graph gives, within a few steps of its output.

use weir_pack::{OnnxFile, RangeKind, Runner, pack};

use crate::graph::{Graph, Value, samples};

/// Steps of the output's quantisation that an output may be off: each layer rounds once, and weights are rounded too.
const STEPS_MAX: f64 = 8.0;

/// Packs with the full ranges and compares; gives the operators of the layers.
fn agrees(graph: &Graph, dims: &[i64]) -> Vec<Vec<String>> {
    let onnx = OnnxFile::read(&graph.bytes()).expect("an ONNX file");
    let packed = pack(
        &onnx,
        &samples(64, dims),
        Some(RangeKind::MinMax),
        &mut |_| {},
    );
    let packed = packed.expect("packs");
    let runner = Runner::open(&packed.file).expect("runs");
    let step = if runner.network().has_softmax() {
        1.0 / 64.0
    } else {
        f64::from(runner.network().header().output.quantisation.scale)
    };
    assert_eq!(packed.agreement.samples, 64);
    assert!(
        packed.agreement.error_max <= STEPS_MAX * step,
        "{:?}, a step is {step}",
        packed.agreement
    );
    assert!(
        packed.agreement.error_mean > 0.0,
        "quantised outputs differ a little, else nothing was compared"
    );
    packed
        .layers
        .into_iter()
        .map(|layer| layer.operators)
        .collect()
}

#[test]
fn dense_with_relu_and_softmax() {
    let graph = Graph::new(&[1, 12])
        .weights("a", &[8, 12])
        .weights("b", &[8])
        .node("Gemm", &["x", "a", "b"], "h", &[("transB", Value::Int(1))])
        .node("Relu", &["h"], "r", &[])
        .weights("c", &[8, 5])
        .weights("d", &[5])
        .node("MatMul", &["r", "c"], "m", &[])
        .node("Add", &["m", "d"], "s", &[])
        .node("Softmax", &["s"], "y", &[("axis", Value::Int(-1))]);
    let layers = agrees(&graph, &[1, 12]);
    assert_eq!(
        layers,
        [vec!["Gemm", "Relu"], vec!["MatMul", "Add", "Softmax"]]
    );
}

#[test]
fn a_signal_through_convolutions_pools_and_a_mean() {
    let graph = Graph::new(&[1, 3, 32])
        .weights("a", &[6, 3, 5])
        .weights("b", &[6])
        .node(
            "Conv",
            &["x", "a", "b"],
            "c",
            &[("pads", Value::Ints(&[2, 2]))],
        )
        .node("Relu", &["c"], "r", &[])
        .node(
            "MaxPool",
            &["r"],
            "p",
            &[
                ("kernel_shape", Value::Ints(&[2])),
                ("strides", Value::Ints(&[2])),
            ],
        )
        .weights("d", &[4, 6, 3])
        .node(
            "Conv",
            &["p", "d"],
            "e",
            &[
                ("dilations", Value::Ints(&[2])),
                ("strides", Value::Ints(&[2])),
            ],
        )
        .node("GlobalAveragePool", &["e"], "g", &[])
        .node("Flatten", &["g"], "f", &[])
        .weights("h", &[3, 4])
        .node("Gemm", &["f", "h"], "y", &[("transB", Value::Int(1))]);
    let layers = agrees(&graph, &[1, 3, 32]);
    assert_eq!(
        layers,
        [
            vec!["Conv", "Relu"],
            vec!["MaxPool"],
            vec!["Conv"],
            vec!["GlobalAveragePool", "Flatten"],
            vec!["Gemm"]
        ]
    );
}

#[test]
fn an_image_is_flattened_into_a_dense_layer_in_the_order_of_onnx() {
    let graph = Graph::new(&[1, 2, 6, 5])
        .weights("a", &[4, 2, 3, 3])
        .weights("b", &[4])
        .node(
            "Conv",
            &["x", "a", "b"],
            "c",
            &[("pads", Value::Ints(&[1, 1, 1, 1]))],
        )
        .floats("min", &[], vec![0.0])
        .floats("max", &[], vec![6.0])
        .node("Clip", &["c", "min", "max"], "r", &[])
        .node(
            "AveragePool",
            &["r"],
            "p",
            &[
                ("kernel_shape", Value::Ints(&[2, 2])),
                ("strides", Value::Ints(&[2, 1])),
            ],
        )
        .integers("to", &[1, -1])
        .node("Reshape", &["p", "to"], "f", &[])
        .weights("d", &[48, 3])
        .node("Gemm", &["f", "d"], "y", &[]);
    let layers = agrees(&graph, &[1, 2, 6, 5]);
    assert_eq!(layers.len(), 3);
    assert_eq!(layers[1], ["AveragePool", "Reshape"]);
}

#[test]
fn depthwise_and_grouped_convolutions_with_batch_normalisation() {
    let positive = |values: usize| {
        (1..=values)
            .map(|it| 0.5 + 0.1 * f32::from(u8::try_from(it).expect("few")))
            .collect()
    };
    let graph = Graph::new(&[1, 4, 8, 8])
        .weights("a", &[4, 1, 3, 3])
        .node(
            "Conv",
            &["x", "a"],
            "c",
            &[
                ("group", Value::Int(4)),
                ("auto_pad", Value::Text("SAME_UPPER")),
                ("strides", Value::Ints(&[2, 2])),
            ],
        )
        .weights("s", &[4])
        .weights("t", &[4])
        .weights("m", &[4])
        .floats("v", &[4], positive(4))
        .node("BatchNormalization", &["c", "s", "t", "m", "v"], "n", &[])
        .node("Relu", &["n"], "r", &[])
        .weights("d", &[6, 2, 1, 1])
        .node("Conv", &["r", "d"], "e", &[("group", Value::Int(2))])
        .node(
            "ReduceMean",
            &["e"],
            "y",
            &[("axes", Value::Ints(&[2, 3])), ("keepdims", Value::Int(0))],
        );
    let layers = agrees(&graph, &[1, 4, 8, 8]);
    assert_eq!(
        layers,
        [
            vec!["Conv", "BatchNormalization", "Relu"],
            vec!["Conv"],
            vec!["ReduceMean"]
        ]
    );
}

#[test]
fn an_affine_without_a_sum_before_it_is_a_layer() {
    let graph = Graph::new(&[1, 3, 10])
        .weights("mean", &[1, 3, 1])
        .floats("std", &[3, 1], vec![0.5, 2.0, 1.5])
        .node("Sub", &["x", "mean"], "s", &[])
        .node("Div", &["s", "std"], "d", &[])
        .node("Relu", &["d"], "r", &[])
        .floats("two", &[], vec![2.0])
        .node("Mul", &["two", "r"], "y", &[]);
    let layers = agrees(&graph, &[1, 3, 10]);
    assert_eq!(layers, [vec!["Sub", "Div", "Relu"], vec!["Mul"]]);
}

#[test]
fn an_input_with_channels_last_is_turned_round() {
    let graph = Graph::new(&[1, 6, 5, 3])
        .node(
            "Transpose",
            &["x"],
            "t",
            &[("perm", Value::Ints(&[0, 3, 1, 2]))],
        )
        .weights("a", &[4, 3, 3, 3])
        .node("Conv", &["t", "a"], "c", &[])
        .node("GlobalMaxPool", &["c"], "g", &[])
        .integers("axes", &[2, 3])
        .node("Squeeze", &["g", "axes"], "y", &[]);
    assert_eq!(agrees(&graph, &[1, 6, 5, 3]).len(), 2);
}

#[test]
fn a_map_of_channels_comes_out_as_onnx_orders_it() {
    let graph = Graph::new(&[1, 2, 4, 3])
        .weights("a", &[3, 2, 1, 1])
        .weights("b", &[3])
        .node("Conv", &["x", "a", "b"], "c", &[])
        .node("Softmax", &["c"], "y", &[("axis", Value::Int(1))]);
    assert_eq!(agrees(&graph, &[1, 2, 4, 3]), [vec!["Conv", "Softmax"]]);
}

#[test]
fn a_vector_becomes_a_signal_of_one_channel() {
    let graph = Graph::new(&[1, 16])
        .integers("axes", &[1])
        .node("Unsqueeze", &["x", "axes"], "u", &[])
        .weights("a", &[2, 1, 4])
        .node("Conv", &["u", "a"], "c", &[("strides", Value::Ints(&[4]))])
        .node("Relu", &["c"], "y", &[]);
    let layers = agrees(&graph, &[1, 16]);
    assert_eq!(
        layers.last(),
        Some(&vec!["Conv".to_owned(), "Relu".to_owned()])
    );
}

#[test]
fn pools_that_round_up_keep_the_rest_of_the_signal() {
    let graph = Graph::new(&[1, 2, 9])
        .weights("a", &[2, 2, 1])
        .node("Conv", &["x", "a"], "c", &[])
        .node(
            "MaxPool",
            &["c"],
            "y",
            &[
                ("kernel_shape", Value::Ints(&[2])),
                ("strides", Value::Ints(&[2])),
                ("ceil_mode", Value::Int(1)),
            ],
        );
    agrees(&graph, &[1, 2, 9]);
}

#[test]
fn older_operator_sets_state_bounds_and_axes_as_attributes() {
    let graph = Graph::new(&[1, 5])
        .opset(10)
        .weights("a", &[5, 4])
        .node("MatMul", &["x", "a"], "m", &[])
        .node(
            "Clip",
            &["m"],
            "c",
            &[("min", Value::Float(0.0)), ("max", Value::Float(0.5))],
        )
        .node("Dropout", &["c"], "d", &[])
        .node("Identity", &["d"], "y", &[]);
    assert_eq!(
        agrees(&graph, &[1, 5]),
        [vec!["MatMul", "Clip", "Dropout", "Identity"]]
    );
}
