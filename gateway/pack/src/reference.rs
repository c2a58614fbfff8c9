//! The graph in floating point, run by tract: what the int8 network is measured against.

use std::sync::Arc;

use tract_onnx::{prelude::*, tract_core::internal::IntoTValue};

use crate::{PackError, guard::guarded, onnx::OnnxFile};

/// A graph that is ready to run, one sample at a time.
pub(crate) struct Reference {
    plan: Arc<TypedRunnableModel>,
    dims: Vec<usize>,
}

impl Reference {
    /// Prepares the graph to give these values.
    pub(crate) fn open(
        onnx: &OnnxFile,
        input: &str,
        dims: &[usize],
        values: &[String],
    ) -> Result<Self, PackError> {
        let proto = onnx.with_outputs(input, dims, values);
        let plan = guarded(|| {
            let parsed = tract_onnx::onnx()
                .with_ignore_value_info(true)
                .parse(&proto, None)?;
            parsed.model.into_optimized()?.into_runnable()
        });
        let plan = plan
            .map_err(PackError::Reference)?
            .map_err(|cause| PackError::Reference(format!("{cause:#}")))?;
        Ok(Self {
            plan,
            dims: dims.to_vec(),
        })
    }

    /// The values for one sample, in the order in which they were asked for.
    pub(crate) fn run(&self, sample: &[f32]) -> Result<TVec<TValue>, PackError> {
        let outputs = guarded(|| {
            let input = Tensor::from_shape(&self.dims, sample)?;
            self.plan.run(tvec![input.into_tvalue()])
        });
        outputs
            .map_err(PackError::Reference)?
            .map_err(|cause| PackError::Reference(format!("{cause:#}")))
    }
}

/// The elements of a value, in ONNX's order.
pub(crate) fn floats(value: &TValue) -> Result<&[f32], PackError> {
    let view = value
        .to_plain_array_view::<f32>()
        .map_err(|cause| PackError::Reference(format!("{cause:#}")))?;
    view.to_slice()
        .ok_or_else(|| PackError::Reference("a value lies scattered in memory".to_owned()))
}
