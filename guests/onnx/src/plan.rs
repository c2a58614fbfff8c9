use std::{collections::HashMap, sync::Arc};

use tract_onnx::{
    prelude::*,
    tract_hir::{
        infer::{Factoid, GenericFactoid, InferenceModelExt, ShapeFactoid},
        tract_core::internal::{IntoTValue, TDim, ToDim, bail},
    },
};
use weir_guest::Error;

use crate::signature::Signature;

/// An optimised model with its working memory.
pub(crate) struct Plan {
    model: Arc<TypedRunnableModel>,
    memory: TypedSimpleState,
}

/// Fixes what can be fixed, optimises, and runs once: what the first run sets up is then part of
/// a snapshot.
pub(crate) fn compile(mut model: InferenceModel) -> Result<(Signature, Plan), Error> {
    fix_dimensions(&mut model).map_err(refused)?;
    let model = model.into_optimized().map_err(refused)?;
    let signature = Signature::of(&model)?;
    let model = model.into_runnable().map_err(refused)?;
    let memory = model.spawn().map_err(refused)?;
    let mut plan = Plan { model, memory };
    if let Some(zeros) = signature.zeros() {
        // Zeros may be no sound input of this model: a failure says nothing about it.
        drop(plan.run(zeros));
    }
    Ok((signature, plan))
}

impl Plan {
    /// One inference. Nothing of it is remembered.
    pub(crate) fn run(&mut self, inputs: Vec<Tensor>) -> Result<TVec<TValue>, Error> {
        let inputs = inputs.into_iter().map(Tensor::into_tvalue).collect();
        let result = self.memory.run(inputs);
        let remembers = self.memory.op_states.iter().any(Option::is_some);
        if remembers || result.is_err() {
            self.memory = self.model.spawn().map_err(failed)?;
        }
        result.map_err(failed)
    }
}

/// A first dimension that varies becomes 1 where there are others; one without a name gets one.
fn fix_dimensions(model: &mut InferenceModel) -> TractResult<()> {
    let mut ones = HashMap::new();
    for outlet in model.input_outlets()?.to_vec() {
        let fact = model.outlet_fact(outlet)?.clone();
        if !fact.shape.rank().is_concrete() {
            let name = &model.node(outlet.node).name;
            bail!("the input {name:?} does not say how many dimensions it has");
        }
        let mut dims: TVec<GenericFactoid<TDim>> = fact.shape.dims().cloned().collect();
        for dim in &mut dims {
            if !dim.is_concrete() {
                *dim = model.symbols.new_with_prefix("varies").to_dim().into();
            }
        }
        if let [GenericFactoid::Only(batch), _, ..] = dims.as_slice() {
            ones.extend(
                batch
                    .symbols()
                    .into_iter()
                    .map(|symbol| (symbol, 1.to_dim())),
            );
        }
        model.set_outlet_fact(outlet, fact.with_shape(ShapeFactoid::closed(dims)))?;
    }
    model.set_symbols(&ones)
}

fn refused(cause: TractError) -> Error {
    Error::ModelUnsupported(format!("the model cannot be prepared: {cause:#}").into())
}

fn failed(cause: TractError) -> Error {
    Error::Failed(format!("the model failed: {cause:#}").into())
}
