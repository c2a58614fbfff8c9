//! The functions of `wasi_ephemeral_nn`, for guests that have an nn backend.

use std::time::Instant;

use guest_abi::{export, import::NN};
use wasmtime::{Caller, Extern, Linker};
use weir_engine::{NnCall, NnFunction, NoGraphs};

use crate::instance::Host;

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    for function in NnFunction::ALL {
        let name = function.name();
        match function {
            NnFunction::Load | NnFunction::GetOutput => {
                linker.func_wrap(NN, name, move |caller: Caller<'_, Host>, a, b, c, d, e| {
                    call(caller, function, [a, b, c, d, e])
                })?;
            }
            NnFunction::LoadByName | NnFunction::SetInput => {
                linker.func_wrap(NN, name, move |caller: Caller<'_, Host>, a, b, c| {
                    call(caller, function, [a, b, c, 0, 0])
                })?;
            }
            NnFunction::InitExecutionContext => {
                linker.func_wrap(NN, name, move |caller: Caller<'_, Host>, a, b| {
                    call(caller, function, [a, b, 0, 0, 0])
                })?;
            }
            NnFunction::Compute => {
                linker.func_wrap(NN, name, move |caller: Caller<'_, Host>, a| {
                    call(caller, function, [a, 0, 0, 0, 0])
                })?;
            }
        }
    }
    Ok(())
}

/// A backend that comes back after the deadline does not come back to the guest: epochs are looked at in loops and
/// at the beginning of functions only, and the guest may be done without either.
fn call(
    mut caller: Caller<'_, Host>,
    function: NnFunction,
    args: [i32; 5],
) -> wasmtime::Result<i32> {
    let Some(Extern::Memory(memory)) = caller.get_export(export::MEMORY) else {
        return Ok(NoGraphs::ANSWER);
    };
    let (memory, host) = memory.data_and_store_mut(&mut caller);
    let ends = host.ends;
    let Some(nn) = &mut host.nn else {
        return Ok(NoGraphs::ANSWER);
    };
    let code = nn.call(NnCall {
        function,
        args,
        memory,
        ends,
    });
    if Instant::now() < ends {
        Ok(code)
    } else {
        Err(wasmtime::Trap::Interrupt.into())
    }
}
