//! Calibration data and labels as NumPy writes them.

use std::io::{Cursor, Write};

use weir_pack::{OnnxFile, Runnable, Samples, evaluate, pack, read_labels};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::graph::{Graph, npy, samples};

fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn npz(arrays: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in arrays {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .expect("an entry");
        archive.write_all(array).expect("in memory");
    }
    archive.finish().expect("in memory").into_inner()
}

fn words(bytes: &[u8]) -> String {
    Samples::read(bytes).expect_err("is refused").to_string()
}

#[test]
fn an_array_alone_or_in_an_archive() {
    let array = npy("<f4", &[2, 3], &floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    for bytes in [array.clone(), npz(&[("inputs.npy", &array)])] {
        let samples = Samples::read(&bytes).expect("two samples");
        assert_eq!(samples.count(), 2);
        let rows: Vec<&[f32]> = samples.iter().collect();
        assert_eq!(rows, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    }
    assert!(words(&npz(&[("a.npy", &array), ("b.npy", &array)])).contains("2 arrays"));
}

#[test]
fn arrays_that_are_none_of_f32() {
    let data = floats(&[1.0; 6]);
    assert!(words(&npy("<f8", &[1, 3], &data)).contains("<f8"));
    assert!(words(&npy(">f4", &[2, 3], &data)).contains("big-endian"));
    assert!(words(&npy("<f4", &[6], &data)).contains("[6]"));
    assert!(words(&npy("<f4", &[0, 3], &[])).contains("[0, 3]"));
    assert!(words(b"PK\x03\x04 and no more").contains(".npz"));
    assert!(words(b"1.0, 2.0").contains("no NumPy array"));
    for (dims, data) in [
        (vec![3, 3], data.clone()),
        (vec![1, 3], data.clone()),
        (vec![i64::MAX, i64::MAX], data.clone()),
    ] {
        assert!(words(&npy("<f4", &dims, &data)).contains("cannot be read"));
    }
    let whole = npy("<f4", &[2, 3], &data);
    for end in 0..whole.len() {
        assert!(Samples::read(&whole[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn headers_that_nest_are_not_parsed() {
    let mut bytes = b"\x93NUMPY\x01\x00\xff\xff".to_vec();
    bytes.extend(std::iter::repeat_n(b'(', 65_535));
    assert!(words(&bytes).contains("header of 65535 bytes"));
}

#[test]
fn labels_of_every_usual_type() {
    let wide: Vec<u8> = [2_i64, 0]
        .iter()
        .flat_map(|label| label.to_le_bytes())
        .collect();
    let narrow: Vec<u8> = [2_i32, 0]
        .iter()
        .flat_map(|label| label.to_le_bytes())
        .collect();
    for array in [
        npy("|u1", &[2], &[2, 0]),
        npy("<i8", &[2], &wide),
        npy("<i4", &[2], &narrow),
    ] {
        assert_eq!(read_labels(&array).expect("labels"), [2, 0]);
    }
    let below: Vec<u8> = (-1_i64).to_le_bytes().to_vec();
    let refused = read_labels(&npy("<i8", &[1], &below)).expect_err("is refused");
    assert!(refused.to_string().contains("below 0"));
}

fn threes() -> OnnxFile {
    let graph = Graph::new(&[1, 3])
        .floats(
            "a",
            &[3, 3],
            vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        )
        .node("MatMul", &["x", "a"], "y", &[]);
    OnnxFile::read(&graph.bytes()).expect("an ONNX file")
}

#[test]
fn data_that_are_not_what_the_graph_takes() {
    let refused = pack(&threes(), &samples(2, &[1, 4]), None, &mut |_| {});
    let words = refused.expect_err("is refused").to_string();
    assert!(
        words.contains("[2, 4]") && words.contains("[samples, 3]"),
        "{words}"
    );
    let none = npy("<f4", &[1, 3], &floats(&[1.0, f32::NAN, 0.0]));
    let none = Samples::read(&none).expect("samples");
    let refused = pack(&threes(), &none, None, &mut |_| {});
    assert!(
        refused
            .expect_err("is refused")
            .to_string()
            .contains("not finite")
    );
}

#[test]
fn accuracy_is_counted_by_label_and_answer() {
    let inputs = floats(&[9.0, 1.0, 0.0, 0.0, 8.0, 1.0, 7.0, 2.0, 1.0, 0.0, 1.0, 9.0]);
    let inputs = Samples::read(&npy("<f4", &[4, 3], &inputs)).expect("samples");
    let labels = [0, 1, 1, 2];
    let onnx = threes();
    let packed = pack(&onnx, &inputs, None, &mut |_| {}).expect("packs");
    for model in [Runnable::Onnx(&onnx), Runnable::Int8(&packed.file)] {
        let found = evaluate(model, &inputs, &labels, &mut |_| {}).expect("runs");
        assert_eq!(found.samples, 4);
        assert!((found.accuracy - 0.75).abs() < 1e-12);
        assert_eq!(found.confusion, [[1, 0, 0], [1, 1, 0], [0, 0, 1]]);
        assert!(evaluate(model, &inputs, &[0, 1, 1, 3], &mut |_| {}).is_err());
        assert!(evaluate(model, &inputs, &[0, 1, 1], &mut |_| {}).is_err());
    }
}
