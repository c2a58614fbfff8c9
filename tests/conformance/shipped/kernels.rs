//! The kernels of guest `onnx`, at the sizes where their loops end: the same numbers as tract's own outside of the
//! sandbox, and the same bits from every engine.

use std::{io::Cursor, sync::Arc, time::Duration};

use guest_abi::DType;
use prost::Message;
use tract_onnx::{
    pb::{
        AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
        TensorShapeProto, TypeProto, ValueInfoProto,
        tensor_shape_proto::{Dimension, dimension},
        type_proto,
    },
    prelude::*,
};
use weir_engine::{Engine, Limits, Signature, TensorRef};

use super::built;
use crate::bench::{floats, le_bytes, limits, open_with, tensor, wasmi, wasmtime};

const FLOAT: i32 = 1;
/// No width here or after a stride is a multiple of a vector; most are wide enough for tract to convolve row by row.
const INPUT: [i64; 4] = [1, 2, 9, 390];
/// Of what the greatest value of an output is: the sandbox multiplies and adds in two steps, the host in one.
const TOLERANCE: f32 = 2e-6;

/// A node from `x` to an output of the graph, and what it is given.
struct Case {
    operator: &'static str,
    weights: &'static [i64],
    attributes: &'static [(&'static str, &'static [i64])],
    /// An operator after it that is made part of the same product.
    then: Option<&'static str>,
}

const fn conv(
    weights: &'static [i64],
    attributes: &'static [(&'static str, &'static [i64])],
    then: Option<&'static str>,
) -> Case {
    Case {
        operator: "Conv",
        weights,
        attributes,
        then,
    }
}

const fn product(weights: &'static [i64], then: Option<&'static str>) -> Case {
    Case {
        operator: "MatMul",
        weights,
        attributes: &[],
        then,
    }
}

const PADDED: (&str, &[i64]) = ("pads", &[1, 1, 1, 1]);

const CASES: [Case; 18] = [
    conv(&[8, 2, 3, 3], &[PADDED], None),
    conv(&[8, 2, 3, 3], &[PADDED, ("strides", &[2, 2])], None),
    conv(&[6, 2, 3, 3], &[("strides", &[1, 2])], None),
    conv(&[8, 2, 2, 2], &[("strides", &[3, 3])], None),
    conv(&[4, 2, 3, 3], &[("dilations", &[2, 2])], None),
    conv(&[2, 1, 3, 3], &[PADDED, ("group", &[2])], None),
    conv(
        &[2, 1, 3, 3],
        &[PADDED, ("group", &[2]), ("strides", &[2, 2])],
        None,
    ),
    conv(
        &[2, 1, 5, 5],
        &[("group", &[2]), ("strides", &[1, 3])],
        None,
    ),
    conv(
        &[2, 1, 1, 3],
        &[("group", &[2]), ("strides", &[1, 56])],
        None,
    ),
    conv(&[13, 2, 1, 1], &[], Some("Relu")),
    conv(&[3, 2, 1, 1], &[], Some("LeakyRelu")),
    conv(&[16, 2, 1, 1], &[("strides", &[4, 4])], None),
    conv(&[9, 2, 1, 1], &[("strides", &[9, 55])], Some("Tanh")),
    conv(&[17, 2, 9, 389], &[], None),
    conv(&[5, 2, 8, 390], &[], Some("Neg")),
    conv(&[12, 2, 9, 5], &[], None),
    product(&[390, 11], Some("Sigmoid")),
    product(&[390, 72], None),
];

#[test]
fn kernels_give_the_numbers_of_tract_and_the_same_bits_everywhere() {
    let model = model();
    let input = random(2, INPUT.iter().product());
    let wanted = outside(&model, &input);
    let compiled = inside(&wasmtime(), &model, &input, &wanted);
    let interpreted = inside(&wasmi(), &model, &input, &wanted);
    for (at, (wanted, compiled)) in wanted.iter().zip(&compiled).enumerate() {
        let wanted = wanted
            .try_as_plain_ram()
            .and_then(|plain| plain.as_slice::<f32>())
            .expect("floats");
        assert_eq!(wanted.len(), compiled.len(), "case {at}");
        let largest = wanted
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(largest > 0.1, "case {at} computes something");
        for (wanted, found) in wanted.iter().zip(compiled) {
            let off = (wanted - found).abs();
            assert!(
                off <= TOLERANCE * largest,
                "case {at}: {found} instead of {wanted}"
            );
        }
    }
    let bits = |outputs: &[Vec<f32>]| -> Vec<Vec<u32>> {
        let of = |output: &Vec<f32>| output.iter().map(|value| value.to_bits()).collect();
        outputs.iter().map(of).collect()
    };
    assert_eq!(bits(&compiled), bits(&interpreted), "wasmtime and wasmi");
}

fn outside(model: &[u8], input: &[f32]) -> Vec<TValue> {
    let plan = onnx()
        .model_for_read(&mut Cursor::new(model))
        .and_then(InferenceModelExt::into_optimized)
        .and_then(TypedModel::into_runnable)
        .expect("a sound model");
    let input = Tensor::from_shape(&INPUT.map(size), input).expect("its size");
    let outputs = plan.run(tvec![input.into_tvalue()]).expect("it runs");
    outputs.into_iter().collect()
}

fn inside(engine: &dyn Engine, model: &[u8], input: &[f32], wanted: &[TValue]) -> Vec<Vec<f32>> {
    let limits = Limits {
        memory_bytes_max: 256 * 1024 * 1024,
        table_elements_max: 100_000,
        model_bytes_max: model.len(),
        load_deadline: Duration::from_secs(120),
        output_bytes_max: 4 * 1024 * 1024,
        simd: engine.enforces().simd,
        ..limits()
    };
    let outputs = wanted.iter().enumerate().map(|(at, output)| {
        let dims: Vec<i32> = output.shape().iter().map(|size| number(*size)).collect();
        let bytes = u32::try_from(output.len() * 4).expect("small");
        tensor(&format!("y{at}"), DType::F32, &dims, bytes)
    });
    let dims = INPUT.map(|size| i32::try_from(size).expect("small"));
    let bytes = u32::try_from(input.len() * 4).expect("small");
    let inputs = vec![tensor("x", DType::F32, &dims, bytes)];
    let signature = Signature::new(inputs, outputs.collect(), Vec::new()).expect("sound");
    let code = built("wasm32-unknown-unknown", "onnx");
    let mut guest =
        open_with(engine, &code, Arc::new(signature), Some(model), &limits).expect("it opens");
    let mut found = Vec::new();
    let input = TensorRef {
        dtype: DType::F32,
        dims: &INPUT.map(|size| u32::try_from(size).expect("small")),
        data: &le_bytes(input),
    };
    guest
        .predict(&[input], None, &mut found)
        .expect("it answers");
    found.iter().map(floats).collect()
}

/// Every case as a branch of one graph.
fn model() -> Vec<u8> {
    let mut graph = GraphProto {
        input: vec![value("x", Some(&INPUT))],
        ..GraphProto::default()
    };
    for (at, case) in (0_u32..).zip(&CASES) {
        let count = case.weights.iter().product();
        let (weights, between, output) = (format!("w{at}"), format!("h{at}"), format!("y{at}"));
        graph.initializer.push(TensorProto {
            name: weights.clone(),
            dims: case.weights.to_vec(),
            data_type: FLOAT,
            float_data: random(at + 3, count),
            ..TensorProto::default()
        });
        let made = if case.then.is_some() {
            &between
        } else {
            &output
        };
        graph.node.push(NodeProto {
            op_type: case.operator.to_owned(),
            input: vec!["x".to_owned(), weights],
            output: vec![made.clone()],
            attribute: case.attributes.iter().map(attribute).collect(),
            ..NodeProto::default()
        });
        if let Some(then) = case.then {
            graph.node.push(NodeProto {
                op_type: then.to_owned(),
                input: vec![between],
                output: vec![output.clone()],
                ..NodeProto::default()
            });
        }
        graph.output.push(value(&output, None));
    }
    let model = ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            version: 17,
            ..OperatorSetIdProto::default()
        }],
        graph: Some(graph),
        ..ModelProto::default()
    };
    model.encode_to_vec()
}

fn value(name: &str, dims: Option<&[i64]>) -> ValueInfoProto {
    let dim = |size: &i64| Dimension {
        value: Some(dimension::Value::DimValue(*size)),
        ..Dimension::default()
    };
    let shape = |dims: &[i64]| TensorShapeProto {
        dim: dims.iter().map(dim).collect(),
    };
    let tensor = type_proto::Tensor {
        elem_type: FLOAT,
        shape: dims.map(shape),
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

fn attribute((name, values): &(&str, &[i64])) -> AttributeProto {
    let whole = *name == "group";
    AttributeProto {
        name: (*name).to_owned(),
        r#type: if whole { 2 } else { 7 },
        i: if whole { values[0] } else { 0 },
        ints: if whole { Vec::new() } else { values.to_vec() },
        ..AttributeProto::default()
    }
}

/// Numbers between −1 and 1, the same each time.
fn random(seed: u32, count: i64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(u64::from(seed));
    (0..count).map(|_| random.f32() * 2.0 - 1.0).collect()
}

fn size(size: i64) -> usize {
    usize::try_from(size).expect("small")
}

fn number(size: usize) -> i32 {
    i32::try_from(size).expect("small")
}
