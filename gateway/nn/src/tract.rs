use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

use guest_abi::DType;
use tract_onnx::{
    model::ParseResult,
    pb::ModelProto,
    prelude::*,
    tract_core::{
        internal::{TractResult, bail},
        plan,
    },
    tract_hir::infer::Factoid,
};

use crate::{
    Backend, Facts, Graph, PrepareError, TensorFact,
    backend::{Fault, Plan, Run},
    external, registers,
};

const NAME: &str = "tract";

/// tract, which is part of this program. It computes on the thread of the guest that asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tract;

impl Backend for Tract {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prepare(
        &self,
        description: &nn_graph::Graph,
        onnx: &[u8],
    ) -> Result<Arc<Graph>, PrepareError> {
        let facts = Facts::of(description)?;
        let proto = external::read(onnx)?;
        let refused = |words| PrepareError::Refused {
            backend: NAME,
            words,
        };
        let optimised = guarded(|| optimise(&proto, &facts)).map_err(refused)?;
        registers::clean();
        let found = found(&optimised).map_err(|error| refused(format!("{error:#}")))?;
        let stated: Vec<String> = facts.outputs.iter().map(TensorFact::words).collect();
        if found != stated {
            return Err(PrepareError::Differs {
                backend: NAME,
                stated: stated.join(", "),
                found: found.join(", "),
            });
        }
        let plan = guarded(|| optimised.into_runnable()).map_err(refused)?;
        let prepared = Prepared {
            plan,
            inputs: facts.inputs.clone(),
        };
        Ok(Arc::new(Graph::new(NAME, facts, Box::new(prepared))))
    }
}

fn optimise(proto: &ModelProto, facts: &Facts) -> TractResult<TypedModel> {
    let ParseResult {
        mut model,
        unresolved_inputs,
        ..
    } = tract_onnx::onnx().parse(proto, None)?;
    if let Some(name) = unresolved_inputs.first() {
        bail!("its graph uses {name:?}, which nothing in it makes");
    }
    let (takes, stated) = (model.input_outlets()?.len(), facts.inputs.len());
    if takes != stated {
        bail!("it takes {takes} inputs, its model.toml states {stated}");
    }
    for (index, fact) in facts.inputs.iter().enumerate() {
        let own = model.input_fact(index)?.datum_type.concretize();
        let wanted = datum_type(fact.dtype);
        if own.is_some() && own != wanted {
            bail!("its input {:?} is not {}", fact.name, fact.dtype.name());
        }
        let dims: TVec<usize> = sizes(fact)?;
        let wanted = wanted.unwrap_or(DatumType::F32);
        model.set_input_fact(index, InferenceFact::dt_shape(wanted, dims))?;
    }
    model.into_optimized()
}

/// The outputs as tract knows them, in words.
fn found(model: &TypedModel) -> TractResult<Vec<String>> {
    let words = |outlet: &OutletId| {
        let fact = model.outlet_fact(*outlet)?;
        let dims: Vec<String> = fact.shape.iter().map(|dim| dim.to_string()).collect();
        let dtype = DType::ALL
            .into_iter()
            .find(|dtype| datum_type(*dtype) == Some(fact.datum_type));
        let dtype = dtype.map_or_else(
            || format!("{:?}", fact.datum_type),
            |dtype| dtype.name().to_owned(),
        );
        Ok(format!("{dtype} {}", dims.join("×")))
    };
    model.output_outlets()?.iter().map(words).collect()
}

fn sizes(fact: &TensorFact) -> TractResult<TVec<usize>> {
    fact.dims
        .iter()
        .map(|dim| Ok(usize::try_from(*dim)?))
        .collect()
}

const fn datum_type(dtype: DType) -> Option<DatumType> {
    match dtype {
        DType::F16 => Some(DatumType::F16),
        DType::F32 => Some(DatumType::F32),
        DType::F64 => Some(DatumType::F64),
        DType::U8 => Some(DatumType::U8),
        DType::I32 => Some(DatumType::I32),
        DType::I64 => Some(DatumType::I64),
        DType::I8 | DType::I16 => None,
    }
}

/// tract checks by panicking where it must: a panic is an error here.
fn guarded<T>(work: impl FnOnce() -> TractResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| format!("{error:#}")),
        Err(_) => Err("it panicked".to_owned()),
    }
}

struct Prepared {
    plan: Arc<TypedRunnableModel>,
    inputs: Vec<TensorFact>,
}

impl Plan for Prepared {
    fn open(&self) -> Result<Box<dyn Run>, Fault> {
        let opened = guarded(|| {
            let zeros = self.inputs.iter().map(zeros);
            Ok(Context {
                inputs: zeros.collect::<TractResult<_>>()?,
                memory: Some(self.plan.spawn()?),
                plan: Arc::clone(&self.plan),
                facts: self.inputs.clone(),
                outputs: TVec::new(),
            })
        });
        let context = opened.map_err(Fault::Failed)?;
        Ok(Box::new(context))
    }
}

fn zeros(fact: &TensorFact) -> TractResult<Arc<Tensor>> {
    let dtype = datum_type(fact.dtype).unwrap_or(DatumType::F32);
    Ok(Arc::new(Tensor::zero_dt(dtype, &sizes(fact)?)?))
}

struct Context {
    plan: Arc<TypedRunnableModel>,
    facts: Vec<TensorFact>,
    /// None after a panic, which may have left it half done.
    memory: Option<TypedSimpleState>,
    inputs: Vec<Arc<Tensor>>,
    outputs: TVec<TValue>,
}

impl Run for Context {
    /// A graph that hands an input on as an output still has it: then it gets another.
    fn input(&mut self, index: usize) -> Option<&mut [u8]> {
        let input = self.inputs.get_mut(index)?;
        if Arc::get_mut(input).is_none() {
            self.outputs.clear();
        }
        if Arc::get_mut(input).is_none() {
            *input = zeros(self.facts.get(index)?).ok()?;
        }
        Some(Arc::get_mut(input)?.as_bytes_mut())
    }

    /// Looks at the clock before each node: a node is never interrupted.
    fn compute(&mut self, ends: Instant) -> Result<(), Fault> {
        self.outputs.clear();
        let given = self.inputs.iter().cloned().map(TValue::from_const);
        let given: TVec<TValue> = given.collect();
        let mut memory = match self.memory.take() {
            Some(memory) => memory,
            None => guarded(|| self.plan.spawn()).map_err(Fault::Failed)?,
        };
        let mut late = false;
        let run = guarded(|| {
            memory.run_plan_with_eval(given, |context, state, node, inputs| {
                if Instant::now() >= ends {
                    late = true;
                    bail!("the deadline passed");
                }
                let outputs = plan::eval(context, state, node, inputs);
                registers::clean();
                outputs
            })
        });
        registers::clean();
        match run {
            Ok(outputs) => {
                self.outputs = outputs;
                if memory.op_states.iter().all(Option::is_none) {
                    self.memory = Some(memory);
                }
                Ok(())
            }
            Err(_) if late => Err(Fault::Late),
            Err(words) => Err(Fault::Failed(words)),
        }
    }

    fn output(&self, index: usize) -> Option<&[u8]> {
        Some(self.outputs.get(index)?.as_bytes())
    }
}
