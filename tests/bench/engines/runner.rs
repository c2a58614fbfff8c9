//! Those who compute a workload: one file each.

mod engine;
mod int8;
mod onnxruntime;
mod tract;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;

pub(crate) use self::engine::EngineRunner;
use crate::{
    engines::{Engines, Who},
    workload::Workload,
};

/// Somebody who computes a workload.
pub(crate) trait Runner {
    /// One inference of the input with this number.
    fn infer(&mut self, input: usize) -> Result<()>;

    /// The first output of the last inference.
    fn output(&mut self) -> Result<Vec<f32>>;

    /// So many inferences, one input after the other.
    fn run(&mut self, calls: u32, inputs: usize) -> Result<Duration> {
        let started = Instant::now();
        for input in (0..inputs).cycle().take(usize::try_from(calls)?) {
            self.infer(input)?;
        }
        Ok(started.elapsed())
    }
}

/// The runner of a contestant; none where this one has no way to compute the workload.
pub(crate) fn start<'w>(
    who: Who,
    workload: &'w Workload,
    engines: &Engines,
    python: Option<&Path>,
) -> Result<Option<Box<dyn Runner + 'w>>> {
    let onnx_runtime = |int8: bool| -> Result<Option<Box<dyn Runner + 'w>>> {
        let (Some(python), Some(model)) = (python, &workload.float_model) else {
            return Ok(None);
        };
        let runner = onnxruntime::OnnxRuntime::start(python, model, workload, int8)?;
        Ok(Some(Box::new(runner)))
    };
    match who {
        Who::Native => native(workload),
        Who::Engine(kind) => {
            let engine = engines.get(kind);
            if workload.limits.simd && !engine.enforces().simd {
                return Ok(None);
            }
            Ok(Some(Box::new(EngineRunner::open(engine, workload)?)))
        }
        Who::OnnxRuntimeInt8 if workload.quantised => onnx_runtime(true),
        Who::OnnxRuntimeInt8 => Ok(None),
        Who::OnnxRuntimeFloat => onnx_runtime(false),
    }
}

/// None where the guest is nothing but a wasm module.
fn native(workload: &Workload) -> Result<Option<Box<dyn Runner + '_>>> {
    Ok(match workload.code.name.as_str() {
        "tinynn" => Some(Box::new(int8::Native::new(workload)?)),
        "onnx" => Some(Box::new(tract::Native::new(workload)?)),
        _ => None,
    })
}
