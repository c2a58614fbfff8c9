//! Files from anywhere: refused in words, never a panic.

use tract_onnx::pb::{StringStringEntryProto, TensorProto};
use weir_pack::{OnnxError, OnnxFile, Runner, inspect_int8, inspect_onnx, pack};

use crate::graph::{Graph, Value, samples};

fn small() -> Graph {
    Graph::new(&[1, 2, 6])
        .weights("a", &[2, 2, 3])
        .node("Conv", &["x", "a"], "c", &[("pads", Value::Ints(&[1, 1]))])
        .node("Relu", &["c"], "r", &[])
        .node("GlobalAveragePool", &["r"], "g", &[])
        .node("Flatten", &["g"], "f", &[])
        .weights("b", &[2, 3])
        .node("Gemm", &["f", "b"], "y", &[])
}

/// Whatever the bytes are: looked into and packed, or refused.
fn try_all(bytes: &[u8]) -> bool {
    let Ok(onnx) = OnnxFile::read(bytes) else {
        return false;
    };
    let facts = inspect_onnx(&onnx);
    assert!(facts.inputs.len() < 1_000);
    pack(&onnx, &samples(2, &[1, 2, 6]), None, &mut |_| {}).is_ok()
}

#[test]
fn files_that_are_cut_off() {
    let whole = small().bytes();
    assert!(try_all(&whole));
    for end in 0..whole.len() {
        assert!(!try_all(&whole[..end]), "cut at {end}");
    }
}

#[test]
fn files_with_one_byte_changed() {
    let whole = small().bytes();
    let mut packed = 0;
    for at in 0..whole.len() {
        for value in [0x00, 0x01, 0x7f, 0xff] {
            let mut changed = whole.clone();
            changed[at] = value;
            packed += usize::from(try_all(&changed));
        }
    }
    assert!(packed > 0, "a changed weight is still a weight");
}

#[test]
fn packed_files_that_are_cut_off_or_changed() {
    let onnx = OnnxFile::read(&small().bytes()).expect("an ONNX file");
    let packed = pack(&onnx, &samples(2, &[1, 2, 6]), None, &mut |_| {}).expect("packs");
    for end in 0..packed.file.len() {
        assert!(inspect_int8(&packed.file[..end]).is_err(), "cut at {end}");
    }
    for at in 0..packed.file.len() {
        let mut changed = packed.file.clone();
        changed[at] ^= 0x40;
        if let Ok(mut runner) = Runner::open(&changed) {
            let input = vec![0.5; 12];
            assert!(runner.run(&input).map_or(true, |output| !output.is_empty()));
        }
    }
}

fn fault(graph: &Graph) -> OnnxError {
    OnnxFile::read(&graph.bytes()).expect_err("is refused")
}

#[test]
fn weights_in_other_files() {
    let mut graph = small();
    graph.proto.initializer[0].external_data = vec![StringStringEntryProto {
        key: "location".to_owned(),
        value: "/etc/passwd".to_owned(),
    }];
    assert!(matches!(fault(&graph), OnnxError::External { tensor } if tensor == "a"));
    let mut graph = small();
    graph.proto.initializer[1].data_location = Some(1);
    assert!(matches!(fault(&graph), OnnxError::External { tensor } if tensor == "b"));
}

#[test]
fn weights_that_are_missing_or_of_other_sizes() {
    let mut graph = small();
    graph.proto.initializer.remove(0);
    assert!(
        matches!(fault(&graph), OnnxError::Undefined { node, value } if node == "the-c" && value == "a")
    );
    for dims in [
        vec![i64::MAX, i64::MAX],
        vec![-1, 4],
        vec![1; 9],
        vec![1 << 62],
    ] {
        let mut graph = small();
        graph.proto.initializer[0].dims = dims;
        assert!(matches!(fault(&graph), OnnxError::Dims { tensor, .. } if tensor == "a"));
    }
    let mut graph = small();
    graph.proto.initializer[0].dims = vec![2, 2, 4];
    assert!(matches!(
        fault(&graph),
        OnnxError::Cut {
            expected: 16,
            found: 12,
            ..
        }
    ));
    let mut graph = small();
    graph.proto.initializer[0] = TensorProto {
        float_data: Vec::new(),
        raw_data: vec![0; 47],
        ..graph.proto.initializer[0].clone()
    };
    assert!(matches!(
        fault(&graph),
        OnnxError::Cut {
            expected: 48,
            found: 47,
            ..
        }
    ));
}

#[test]
fn cycles_and_values_made_twice() {
    let cycle = Graph::new(&[1, 4])
        .node("Relu", &["b"], "a", &[])
        .node("Relu", &["a"], "b", &[])
        .node("Relu", &["b"], "y", &[]);
    assert!(matches!(fault(&cycle), OnnxError::Undefined { value, .. } if value == "b"));
    let itself = Graph::new(&[1, 4]).node("Relu", &["y"], "y", &[]);
    assert!(matches!(fault(&itself), OnnxError::Undefined { .. }));
    let twice = Graph::new(&[1, 4])
        .node("Relu", &["x"], "y", &[])
        .node("Relu", &["x"], "y", &[]);
    assert!(matches!(fault(&twice), OnnxError::MadeTwice { value } if value == "y"));
    let nowhere = Graph::new(&[1, 4]).node("Relu", &["x"], "z", &[]);
    assert!(matches!(fault(&nowhere), OnnxError::NoOutput { output } if output == "y"));
}

#[test]
fn sizes_beyond_any_chip() {
    for dims in [
        vec![1, 1 << 40],
        vec![1, 60_000, 60_000],
        vec![1, 3, 65_535, 65_535],
    ] {
        let graph = Graph::new(&dims).node("GlobalAveragePool", &["x"], "y", &[]);
        let onnx = OnnxFile::read(&graph.bytes()).expect("an ONNX file");
        let refused = pack(&onnx, &samples(1, &[1, 2]), None, &mut |_| {});
        assert!(
            refused
                .expect_err("is refused")
                .to_string()
                .contains("input")
        );
    }
    let graph = Graph::new(&[1, 1, 60_000])
        .weights("a", &[1, 1, 1])
        .floats("wide", &[60_000, 1, 1], vec![0.5; 60_000])
        .node("Conv", &["x", "wide"], "y", &[]);
    let onnx = OnnxFile::read(&graph.bytes()).expect("an ONNX file");
    let refused = pack(&onnx, &samples(1, &[1, 1, 60_000]), None, &mut |_| {});
    assert!(
        refused
            .expect_err("is refused")
            .to_string()
            .contains("60000")
    );
}

#[test]
fn numbers_that_are_none() {
    let mut graph = small();
    graph.proto.initializer[1].float_data[0] = f32::NAN;
    let onnx = OnnxFile::read(&graph.bytes()).expect("an ONNX file");
    let refused = pack(&onnx, &samples(2, &[1, 2, 6]), None, &mut |_| {});
    assert!(refused.is_err());
}
