//! tract outside of the sandbox: what the guest `onnx` is made of.
//!
//! It has a thread of its own: on the same thread, compiled guests took a hundred times as long after it (16 ms instead
//! of 0.14 ms, once, on a processor with AVX-512; why was not found out).

use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use tract_onnx::prelude::*;

use super::Runner;
use crate::workload::{Workload, floats};

/// The way to that thread, which ends with it.
pub(super) struct Native {
    orders: SyncSender<Order>,
    answers: Receiver<Result<Answer>>,
    last: usize,
}

enum Order {
    Run { calls: u32 },
    Output { input: usize },
}

enum Answer {
    Took(Duration),
    Output(Vec<f32>),
}

struct Plan {
    memory: TypedSimpleState,
    inputs: Vec<Tensor>,
}

impl Native {
    pub(super) fn new(workload: &Workload) -> Result<Self> {
        let mut plan = Plan::new(workload)?;
        let (orders, to_do) = sync_channel::<Order>(1);
        let (done, answers) = sync_channel(1);
        thread::Builder::new()
            .name("tract".to_owned())
            .spawn(move || {
                for order in to_do {
                    if done.send(plan.answer(&order)).is_err() {
                        return;
                    }
                }
            })
            .context("no thread for tract")?;
        Ok(Self {
            orders,
            answers,
            last: 0,
        })
    }

    fn ask(&self, order: Order) -> Result<Answer> {
        self.orders
            .send(order)
            .context("tract's thread has ended")?;
        self.answers.recv().context("tract's thread has ended")?
    }
}

impl Plan {
    fn new(workload: &Workload) -> Result<Self> {
        let file = workload.float_model.as_ref().context("no model")?;
        let model = tract_onnx::onnx().model_for_path(file);
        let model = model
            .and_then(|model| model.into_optimized())
            .map_err(failed)?;
        let model = model.into_runnable().map_err(failed)?;
        let dims = workload.dims.iter().copied().map(usize::try_from);
        let dims: Vec<usize> = dims.collect::<Result<_, _>>()?;
        let tensor = |input: &Vec<u8>| Tensor::from_shape(&dims, &floats(input)).map_err(failed);
        Ok(Self {
            memory: model.spawn().map_err(failed)?,
            inputs: workload.inputs.iter().map(tensor).collect::<Result<_>>()?,
        })
    }

    fn answer(&mut self, order: &Order) -> Result<Answer> {
        match order {
            Order::Run { calls } => {
                let started = Instant::now();
                let inputs = self.inputs.len();
                for input in (0..inputs).cycle().take(usize::try_from(*calls)?) {
                    self.infer(input)?;
                }
                Ok(Answer::Took(started.elapsed()))
            }
            Order::Output { input } => {
                let outputs = self.infer(*input)?;
                let first = outputs.first().context("no output")?;
                let is_f32 = first.datum_type() == DatumType::F32;
                ensure!(is_f32, "the output is not f32");
                Ok(Answer::Output(floats(first.as_bytes())))
            }
        }
    }

    fn infer(&mut self, input: usize) -> Result<TVec<TValue>> {
        let input = self.inputs.get(input).context("an input")?;
        let inputs = tvec!(input.clone().into_tvalue());
        self.memory.run(inputs).map_err(failed)
    }
}

impl Runner for Native {
    fn infer(&mut self, input: usize) -> Result<()> {
        self.last = input;
        Ok(())
    }

    fn output(&mut self) -> Result<Vec<f32>> {
        match self.ask(Order::Output { input: self.last })? {
            Answer::Output(values) => Ok(values),
            Answer::Took(_) => Err(anyhow!("tract's thread answers something else")),
        }
    }

    fn run(&mut self, calls: u32, _inputs: usize) -> Result<Duration> {
        match self.ask(Order::Run { calls })? {
            Answer::Took(took) => Ok(took),
            Answer::Output(_) => Err(anyhow!("tract's thread answers something else")),
        }
    }
}

fn failed(error: TractError) -> anyhow::Error {
    anyhow!("{error:#}")
}
