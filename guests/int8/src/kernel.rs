//! What the layers compute. Written for interpreters: few instructions for each product, no call and
//! no check of a bound inside.

mod convolution;
mod dense;
mod dot;
mod finish;
mod mean;
mod patch;
mod pool;
mod window;

use convolution::{Buffers, Inputs};

use crate::{Fault, Step, steps::Work};

/// Runs one layer. Its input and output lie apart, and inside the activations: [`Steps`](crate::Steps)
/// looked. `room` holds the input of a convolution with its padding.
pub(crate) fn run(
    step: &Step<'_>,
    activations: &mut [i8],
    room: &mut [i8],
    scratch: &mut [i64],
) -> Result<(), Fault> {
    if matches!(step.work, Work::Reshape) {
        return Ok(());
    }
    let scratch = scratch.get_mut(..step.scratch_words());
    let scratch = scratch.ok_or(Fault::Memory)?;
    let places = [step.input.range(), step.output.range()];
    let [input, output] = activations
        .get_disjoint_mut(places)
        .map_err(|_| Fault::Memory)?;
    let (from, to) = (step.input, step.output);
    match &step.work {
        Work::Dense(sums) => dense::run(sums, input, output),
        Work::Convolution(window, sums) => {
            let buffers = Buffers {
                input,
                output,
                patch: scratch,
                room,
            };
            convolution::run(window, sums, (from, to), buffers, Inputs::All);
        }
        Work::Depthwise(window, sums) => {
            let buffers = Buffers {
                input,
                output,
                patch: scratch,
                room,
            };
            let own = Inputs::Own(from.shape.channels.into());
            convolution::run(window, sums, (from, to), buffers, own);
        }
        Work::MaxPool(window, clamp) => pool::max(window, *clamp, (from, to), input, output),
        Work::AveragePool(window, averaging, clamp) => {
            let how = (*averaging, *clamp);
            pool::average(window, how, (from, to), input, output, scratch);
        }
        Work::Mean(requantise, quantised) => {
            mean::run(*requantise, *quantised, from, input, output, scratch);
        }
        Work::Reshape => {}
    }
    Ok(())
}
