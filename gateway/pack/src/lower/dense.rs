use super::{
    Cursor, Fault, Kind, Linear, Work,
    convolution::{bias, weights},
};
use crate::onnx::{NodeRef, OnnxFile};

/// `Gemm`: `alpha × A × B + beta × C`.
pub(super) fn gemm(onnx: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    if node.integer("transA", 0) != 0 || cursor.dims.len() != 2 {
        let words = format!("takes a value of the sizes {:?}, or turned", cursor.dims);
        return Err(Fault::elsewhere(words));
    }
    let matrix = Matrix::read(onnx, node, cursor, node.integer("transB", 0) != 0)?;
    let (alpha, beta) = (node.float("alpha", 1.0), node.float("beta", 1.0));
    let mut bias = bias(onnx, node, 2, matrix.outputs)?;
    bias.iter_mut().for_each(|value| *value *= beta);
    let dims = vec![1, matrix.outputs];
    matrix.push(node, cursor, alpha, bias, dims)
}

/// `MatMul` with known weights; a bias comes as `Add` behind it.
pub(super) fn matmul(onnx: &OnnxFile, node: NodeRef<'_>, cursor: &mut Cursor) -> Result<(), Fault> {
    let rows = cursor.dims.iter().rev().skip(1).product::<usize>();
    if node.input(0) != Some(cursor.value.as_str()) || rows != 1 {
        let words = format!(
            "is no vector times known weights: it takes {:?}",
            cursor.dims
        );
        return Err(Fault::elsewhere(words));
    }
    let matrix = Matrix::read(onnx, node, cursor, false)?;
    let mut dims = cursor.dims.clone();
    if let Some(last) = dims.last_mut() {
        *last = matrix.outputs;
    }
    let bias = vec![0.0; matrix.outputs];
    matrix.push(node, cursor, 1.0, bias, dims)
}

/// Weights of `[inputs, outputs]`, or turned.
struct Matrix<'o> {
    values: &'o [f32],
    inputs: usize,
    outputs: usize,
    turned: bool,
}

impl<'o> Matrix<'o> {
    fn read(
        onnx: &'o OnnxFile,
        node: NodeRef<'_>,
        cursor: &Cursor,
        turned: bool,
    ) -> Result<Self, Fault> {
        let weights = weights(onnx, node, 1, "weights")?;
        let (values, inputs, outputs) = match (weights.floats(), weights.dims.as_slice()) {
            (Some(values), &[outputs, inputs]) if turned => (values, inputs, outputs),
            (Some(values), &[inputs, outputs]) if !turned => (values, inputs, outputs),
            _ => return Err(Fault::elsewhere("has weights that are no matrix of f32")),
        };
        let elements = cursor.dims.iter().product::<usize>();
        if cursor.dims.last() != Some(&inputs) || elements != inputs || outputs == 0 {
            let words = format!(
                "has weights of the sizes {:?} over {:?}",
                weights.dims, cursor.dims
            );
            return Err(Fault::elsewhere(words));
        }
        Ok(Self {
            values,
            inputs,
            outputs,
            turned,
        })
    }

    fn push(
        self,
        node: NodeRef<'_>,
        cursor: &mut Cursor,
        alpha: f32,
        bias: Vec<f32>,
        dims: Vec<usize>,
    ) -> Result<(), Fault> {
        let weights = self.in_memory_order(cursor, alpha);
        let work = Work::Linear(Linear {
            kind: Kind::Dense,
            weights,
            bias,
        });
        // What is one row has one position, whatever its rank.
        cursor.layer(node.name(), work, vec![1, self.outputs])?;
        cursor.rename(dims)
    }

    /// ONNX counts the input's elements channels first, memory channels last.
    fn in_memory_order(&self, cursor: &Cursor, alpha: f32) -> Vec<f32> {
        let positions = usize::try_from(cursor.shape.positions()).unwrap_or(1);
        let channels = usize::from(cursor.shape.channels);
        let mut weights = Vec::with_capacity(self.values.len());
        for output in 0..self.outputs {
            for position in 0..positions {
                for channel in 0..channels {
                    let input = channel * positions + position;
                    let at = if self.turned {
                        output * self.inputs + input
                    } else {
                        input * self.outputs + output
                    };
                    weights.push(alpha * self.values[at]);
                }
            }
        }
        weights
    }
}
