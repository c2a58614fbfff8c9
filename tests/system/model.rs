use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vibration_generator::{Condition, Split, WINDOW};

use crate::{
    onnx::one_operator,
    program::{Finished, weir},
    site::config,
};

const AXES: usize = 3;

/// A folder with calibration data, labelled data, and a configuration that finds what is packed into it.
struct Bench {
    folder: tempfile::TempDir,
    config: PathBuf,
    _node: weir_tests::NodeConfig,
}

impl Bench {
    fn open() -> Result<Self> {
        let node = config(1)?;
        let folder = tempfile::tempdir()?;
        let text = fs::read_to_string(node.write()?)?;
        let with_ours = format!("models = [{:?}, ", folder.path());
        let config = folder.path().join("weir.toml");
        fs::write(&config, text.replace("models = [", &with_ours))?;
        Ok(Self {
            folder,
            config,
            _node: node,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Windows as the graph takes them, and their labels.
    fn windows(&self, split: Split, per_class: u32) -> Result<(PathBuf, PathBuf)> {
        let (mean, deviation) = preparation()?;
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        for number in 0..per_class {
            for condition in Condition::ALL {
                let window = split.window(condition, number);
                for axis in 0..AXES {
                    let samples = window.iter().map(|sample| f64::from(sample[axis]));
                    let prepared = samples.map(|sample| (sample - mean[axis]) / deviation[axis]);
                    values.extend(prepared.flat_map(bytes_of));
                }
                labels.push(condition.class());
            }
        }
        let rows = labels.len();
        let data = self.path(&format!("{split}.npy"));
        fs::write(
            &data,
            npy("<f4", &format!("{rows}, {AXES}, {WINDOW}"), &values),
        )?;
        let names = self.path(&format!("{split}-labels.npy"));
        fs::write(&names, npy("|u1", &format!("{rows},"), &labels))?;
        Ok((data, names))
    }

    /// Runs `weir` with these words and the bench's configuration.
    async fn weir(&self, words: &[&dyn AsRef<OsStr>]) -> Result<Finished> {
        let mut all: Vec<OsString> = words.iter().map(|word| word.as_ref().to_owned()).collect();
        all.push("--config".into());
        weir(&all, &[&self.config]).await
    }

    /// Packs the vibration model with what is needed for its figures.
    async fn pack(&self, output: &Path) -> Result<Value> {
        let (calibration, _) = self.windows(Split::Train, 100)?;
        let (held_out, labels) = self.windows(Split::Test, 100)?;
        let packed = self
            .weir(&[
                &"model",
                &"pack",
                &"--int8",
                &vibration(),
                &"--calibrate",
                &calibration,
                &"--evaluate",
                &held_out,
                &"--labels",
                &labels,
                &"--json",
                &"-o",
                &output,
            ])
            .await?;
        packed.says(0, &[])?;
        Ok(serde_json::from_str(&packed.out)?)
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a sample as the graph takes it"
)]
fn bytes_of(value: f64) -> [u8; 4] {
    (value as f32).to_le_bytes()
}

fn vibration() -> PathBuf {
    weir_tests::repository().join("models/vibration/model.onnx")
}

/// Mean and deviation of each axis.
fn preparation() -> Result<(Vec<f64>, Vec<f64>)> {
    let text = fs::read_to_string(vibration().with_file_name("model.toml"))?;
    let manifest: toml::Table = text.parse()?;
    let numbers = |key: &str| {
        let numbers = manifest["inputs"][0][key].as_array();
        let numbers = numbers
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_float);
        numbers.collect::<Vec<f64>>()
    };
    Ok((numbers("mean"), numbers("std")))
}

/// An array as NumPy writes it.
fn npy(descr: &str, sizes: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let header = format!("{text:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

fn number(report: &Value, pointer: &str) -> Result<f64> {
    let value = report.pointer(pointer).and_then(Value::as_f64);
    value.with_context(|| format!("{pointer} is no number in {report}"))
}

#[tokio::test]
async fn a_network_is_packed_for_chips_and_stays_as_good() -> Result<()> {
    let bench = Bench::open()?;
    let folder = bench.path("vibration-packed");
    let report = bench.pack(&folder).await?;
    ensure!(number(&report, "/bytes")? < number(&report, "/onnx_bytes")?);
    ensure!(number(&report, "/agreement/top1")? >= 0.97, "{report}");
    let lost = number(&report, "/accuracy/onnx")? - number(&report, "/accuracy/int8")?;
    ensure!(lost <= 0.01, "{lost} of the accuracy is lost: {report}");
    let profiles = report["profiles"].as_array().context("profiles")?;
    let chip = profiles
        .iter()
        .find(|row| row["profile"] == "cortex-m4-256k");
    let chip = chip.context("a row for cortex-m4-256k")?;
    assert_eq!(chip["why_not"], serde_json::json!([]));
    ensure!(number(chip, "/measured_bytes")? <= number(&report, "/memory/memory_bytes")?);

    let words: [&dyn AsRef<OsStr>; 7] = [
        &"guest",
        &"test",
        &"tinynn",
        &"--model",
        &"vibration-packed",
        &"--profile",
        &"calm-chip",
    ];
    let tested = bench.weir(&words).await?;
    tested.says(0, &["ok: wasmi: 16 calls, largest difference 0.00e0"])?;

    let held_out = (bench.path("test.npy"), bench.path("test-labels.npy"));
    let words: [&dyn AsRef<OsStr>; 8] = [
        &"model",
        &"evaluate",
        &"vibration-packed",
        &"--data",
        &held_out.0,
        &"--labels",
        &held_out.1,
        &"--json",
    ];
    let evaluated = bench.weir(&words).await?;
    evaluated.says(0, &["confusion"])?;
    let evaluated: Value = serde_json::from_str(&evaluated.out)?;
    assert_eq!(evaluated["accuracy"], report["accuracy"]["int8"]);

    let inspected = bench
        .weir(&[&"model", &"inspect", &"vibration-packed"])
        .await?;
    inspected.says(
        0,
        &[
            "vibration-packed@1.0.0",
            "int8-network",
            "4 × convolution",
            "bearing_fault",
            "guest      tinynn",
            "cortex-m4-256k",
        ],
    )
}

#[tokio::test]
async fn an_onnx_model_shows_what_it_needs_and_what_can_run_it() -> Result<()> {
    let bench = Bench::open()?;
    let inspected = bench.weir(&[&"model", &"inspect", &"vibration"]).await?;
    inspected.says(
        0,
        &[
            "vibration@",
            "onnx, opset 17",
            "vibration f32 [1, 3, 128]",
            "class f32 [1, 4]",
            "4 × Conv",
            "weights    11076",
            "multiply-accumulates",
            "can be packed",
            "guest      onnx",
            "cortex-m4-256k   cannot run it",
            "pi-4             can run it",
        ],
    )?;
    let json = bench
        .weir(&[&"model", &"inspect", &vibration(), &"--json"])
        .await?;
    json.says(0, &[])?;
    let json: Value = serde_json::from_str(&json.out)?;
    assert_eq!(json["format"], "onnx");
    assert_eq!(json["parameters"], 11_076);
    assert_eq!(json["packing_refused"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_packed_is_refused_in_words() -> Result<()> {
    let bench = Bench::open()?;
    let output = bench.path("none");
    let (calibration, _) = bench.windows(Split::Train, 1)?;
    let cases: [(&str, Vec<u8>, &[&str]); 3] = [
        (
            "tanh.onnx",
            one_operator("Tanh", &[1, 3, 128]),
            &["Tanh", "the-node", "ReLU"],
        ),
        ("words.onnx", b"no model at all".to_vec(), &["not an ONNX"]),
        (
            "relu.onnx",
            one_operator("Relu", &[1, 4]),
            &["[4, 3, 128]", "[samples, 4]"],
        ),
    ];
    for (name, bytes, wanted) in cases {
        let file = bench.path(name);
        fs::write(&file, bytes)?;
        let words: [&dyn AsRef<OsStr>; 8] = [
            &"model",
            &"pack",
            &"--int8",
            &file,
            &"--calibrate",
            &calibration,
            &"-o",
            &output,
        ];
        let refused = bench.weir(&words).await?;
        refused.says(3, wanted)?;
        ensure!(!output.exists(), "nothing is written for {name}");
    }
    bench
        .weir(&[&"model", &"inspect", &"nobody"])
        .await?
        .says(3, &["nobody"])?;
    bench
        .weir(&[&"model", &"inspect", &bench.path("words.onnx")])
        .await?
        .says(3, &["words.onnx"])
}
