use tract_onnx::{prelude::*, tract_core::internal::DimLike};
use weir_guest::{Dims, Error, Input, Inputs};

use crate::tensors::{self, wire_type};

/// What a model takes and how many outputs it makes.
pub(crate) struct Signature {
    inputs: Vec<Expected>,
    outputs: usize,
}

struct Expected {
    name: String,
    dtype: DatumType,
    /// None = varies.
    dims: Vec<Option<usize>>,
}

impl Signature {
    pub(crate) fn of(model: &TypedModel) -> Result<Self, Error> {
        let unknown = |cause: TractError| Error::ModelUnsupported(format!("{cause:#}").into());
        let mut inputs = Vec::new();
        for outlet in model.input_outlets().map_err(unknown)? {
            let fact = model.outlet_fact(*outlet).map_err(unknown)?;
            let expected = Expected {
                name: model.node(outlet.node).name.clone(),
                dtype: fact.datum_type,
                dims: fact.shape.iter().map(|dim| dim.to_usize().ok()).collect(),
            };
            wire_type(expected.dtype)?;
            inputs.push(expected);
        }
        let outputs = model.output_outlets().map_err(unknown)?;
        for outlet in outputs {
            wire_type(model.outlet_fact(*outlet).map_err(unknown)?.datum_type)?;
        }
        Ok(Self {
            inputs,
            outputs: outputs.len(),
        })
    }

    /// The call's inputs as the model takes them.
    pub(crate) fn read(&self, inputs: &Inputs<'_>) -> Result<Vec<Tensor>, Error> {
        if inputs.count() != self.inputs.len() {
            return Err(Error::InputCount {
                expected: self.inputs.len(),
                got: inputs.count(),
            });
        }
        let expected = self.inputs.iter().enumerate();
        expected
            .map(|(position, expected)| expected.read(position, inputs.get(position)?))
            .collect()
    }

    pub(crate) fn count_outputs(&self, got: usize) -> Result<(), Error> {
        if got == self.outputs {
            return Ok(());
        }
        Err(Error::OutputCount {
            expected: self.outputs,
            got,
        })
    }

    /// Inputs of zeros; none where a dimension varies.
    pub(crate) fn zeros(&self) -> Option<Vec<Tensor>> {
        let zero = |expected: &Expected| {
            let dims: Option<Vec<usize>> = expected.dims.iter().copied().collect();
            Tensor::zero_dt(expected.dtype, &dims?).ok()
        };
        self.inputs.iter().map(zero).collect()
    }
}

impl Expected {
    fn read(&self, position: usize, input: Input<'_>) -> Result<Tensor, Error> {
        let expected = wire_type(self.dtype)?;
        if input.dtype != expected {
            return Err(Error::InputType {
                input: position,
                expected,
                got: input.dtype.code(),
            });
        }
        if !self.fits(&input.dims) {
            return Err(Error::InputShape {
                input: position,
                expected: self.words().into(),
                got: input.dims,
            });
        }
        tensors::read(&input, self.dtype)
    }

    fn fits(&self, dims: &Dims) -> bool {
        let fixed = self.dims.iter().zip(dims.iter());
        self.dims.len() == dims.len()
            && fixed
                .map(|(expected, got)| (*expected, usize::try_from(*got).ok()))
                .all(|(expected, got)| expected.is_none() || expected == got)
    }

    fn words(&self) -> String {
        let size = |dim: &Option<usize>| dim.map_or("varies".into(), |size| size.to_string());
        let dims: Vec<String> = self.dims.iter().map(size).collect();
        format!("{:?} of [{}]", self.name, dims.join(", "))
    }
}
