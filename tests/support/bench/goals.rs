//! What the project wants to hold, in one place: the benches judge by it, and the page shows it with what was reached.

/// What a figure, or its ratio to a reference, has to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

/// One goal.
#[derive(Debug, Clone, Copy)]
pub struct ProjectGoal {
    /// In the words of the page.
    pub what: &'static str,
    /// What it is compared with, in the words of the page.
    pub compared_with: &'static str,
    /// The bench that measures it.
    pub bench: &'static str,
    /// The figure.
    pub measure: &'static str,
    /// The figure of the same run that it is divided by; none: the goal is about the value.
    pub reference: Option<&'static str>,
    /// What is wanted.
    pub target: Target,
}

use Target::{AtLeast, AtMost};

const fn value(
    what: &'static str,
    compared_with: &'static str,
    (bench, measure): (&'static str, &'static str),
    target: Target,
) -> ProjectGoal {
    ProjectGoal {
        what,
        compared_with,
        bench,
        measure,
        reference: None,
        target,
    }
}

const fn ratio(
    what: &'static str,
    compared_with: &'static str,
    (bench, measure, reference): (&'static str, &'static str, &'static str),
    target: Target,
) -> ProjectGoal {
    ProjectGoal {
        what,
        compared_with,
        bench,
        measure,
        reference: Some(reference),
        target,
    }
}

/// Every goal, in the order of the page.
pub const GOALS: [ProjectGoal; 24] = [
    value(
        "new instance with loaded model, small net",
        "1.8 ms, < 1 ms, 3 ms *without* a model, as others state",
        ("coldstart", "instance/onnx + vibration-bands"),
        AtMost(10.0),
    ),
    value(
        "new instance with loaded model, MobileNetV2-96",
        "the same",
        ("coldstart", "instance/onnx + mobilenet-v2-96"),
        AtMost(40.0),
    ),
    value(
        "process start → first result, warm cache, guest `onnx` with MobileNetV2-96",
        "–",
        ("coldstart", "first-result/onnx + mobilenet-v2-96"),
        AtMost(150.0),
    ),
    value(
        "`fresh` against `warm` per message, small net",
        "`warm`: the goal is the difference",
        ("coldstart", "fresh-more-than-warm/onnx + vibration-bands"),
        AtMost(60.0),
    ),
    ratio(
        "guest `nn` with backend tract, MobileNetV2-224",
        "tract native, same thread count",
        (
            "nn",
            "predict/mobilenet-v2-224/nn-tract",
            "predict/mobilenet-v2-224/tract-native",
        ),
        AtMost(1.05),
    ),
    ratio(
        "guest `nn` with backend ONNX Runtime, MobileNetV2-224",
        "ONNX Runtime from Python, one thread",
        (
            "nn",
            "predict/mobilenet-v2-224/nn-onnxruntime",
            "predict/mobilenet-v2-224/onnxruntime-python",
        ),
        AtMost(1.05),
    ),
    ratio(
        "guest `onnx`, the graph in the sandbox, MobileNetV2-224",
        "tract native",
        (
            "nn",
            "predict/mobilenet-v2-224/onnx-sandbox",
            "predict/mobilenet-v2-224/tract-native",
        ),
        AtMost(1.35),
    ),
    value(
        "drone's detector (YOLO-nano, int8), one image, p99",
        "a budget of 30 ms",
        ("nn", "image-p99/yolo-nano-int8/nn-onnxruntime"),
        AtMost(30.0),
    ),
    ratio(
        "end to end, QoS 1, window 500, small net on Wasmtime: results/s",
        "rumqttc echo with the same promise",
        ("e2e", "rate/weir-wasmtime", "rate/echo"),
        AtLeast(0.85),
    ),
    ratio(
        "the same",
        "paho + ONNX Runtime",
        ("e2e", "rate/weir-wasmtime", "rate/python"),
        AtLeast(5.0),
    ),
    ratio(
        "end to end, QoS 1, window 1: p50",
        "rumqttc echo",
        ("e2e", "alone-p50/weir-wasmtime", "alone-p50/echo"),
        AtMost(1.4),
    ),
    ratio(
        "the same: p99",
        "rumqttc echo",
        ("e2e", "alone-p99/weir-wasmtime", "alone-p99/echo"),
        AtMost(2.0),
    ),
    ratio(
        "end to end, small int8 net on wasmi, window 500: results/s",
        "rumqttc echo",
        ("e2e", "rate/weir-wasmi-int8", "rate/echo"),
        AtLeast(0.6),
    ),
    ratio(
        "results/s of 64 pipelines",
        "1 pipeline",
        ("e2e", "rate/pipelines-64", "rate/pipelines-1"),
        AtLeast(0.9),
    ),
    ratio(
        "results/s of 10,000 devices",
        "1 device",
        ("e2e", "rate/devices-10000", "rate/devices-1"),
        AtLeast(0.9),
    ),
    value(
        "PSS of an idle node, whole process tree, wasmi profile",
        "Greengrass nucleus lite 12–16 MB, thin-edge 34 MB, as published",
        ("footprint", "pss-idle/wasmi"),
        AtMost(12.0),
    ),
    value(
        "the same, Wasmtime with a small model",
        "the same",
        ("footprint", "pss-idle/wasmtime"),
        AtMost(25.0),
    ),
    value(
        "memory of a further small pipeline, wasmi",
        "–",
        ("footprint", "pss-per-pipeline/wasmi"),
        AtMost(1.0),
    ),
    value(
        "memory of a further small pipeline, Wasmtime",
        "–",
        ("footprint", "pss-per-pipeline/wasmtime"),
        AtMost(1.0),
    ),
    value(
        "package for arm64",
        "–",
        ("footprint", "package/arm64"),
        AtMost(15.0),
    ),
    value(
        "the same, installed",
        "–",
        ("footprint", "installed/arm64"),
        AtMost(40.0),
    ),
    value(
        "package for armhf, installed",
        "–",
        ("footprint", "installed/armhf"),
        AtMost(25.0),
    ),
    value(
        "allocations of ours per message after decode, raw payload, JSON result",
        "–",
        ("allocations", "after-decode/raw/json"),
        AtMost(0.0),
    ),
    value(
        "allocations of ours per message after decode, JSON payload, JSON result",
        "–",
        ("allocations", "after-decode/json/json"),
        AtMost(0.0),
    ),
];

/// What is wanted of a figure.
pub(super) fn target(bench: &str, measure: &str, reference: Option<&str>) -> Option<Target> {
    let mut goals = GOALS.iter();
    let goal = goals.find(|goal| {
        goal.bench == bench && goal.measure == measure && goal.reference == reference
    })?;
    Some(goal.target)
}

impl Target {
    /// Whether a figure is as wanted.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        match self {
            AtMost(limit) => value <= limit,
            AtLeast(limit) => value >= limit,
        }
    }

    /// As a reader wants it: `≤ 10 us`.
    #[must_use]
    pub fn words(self, unit: &str) -> String {
        match self {
            AtMost(limit) => format!("≤ {limit} {unit}"),
            AtLeast(limit) => format!("≥ {limit} {unit}"),
        }
    }

    /// Of the least and the greatest round, the one that is nearer to what is wanted.
    pub(super) fn better(self, min: f64, max: f64) -> f64 {
        match self {
            AtMost(_) => min,
            AtLeast(_) => max,
        }
    }
}
