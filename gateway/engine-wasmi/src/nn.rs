//! The functions of `wasi_ephemeral_nn`, for guests that have an nn backend.

use std::{fmt, time::Instant};

use guest_abi::{export, import::NN};
use wasmi::{Caller, Error, Extern, Linker, errors::HostError};
use weir_engine::{NnCall, NnFunction, NoGraphs};

use crate::instance::Host;

/// A backend came back after the deadline of the call.
#[derive(Debug)]
pub(crate) struct Late;

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the nn backend came back after the deadline")
    }
}

impl HostError for Late {}

pub(crate) fn link(linker: &mut Linker<Host>) -> Result<(), Error> {
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

/// A backend that comes back after the deadline does not come back to the guest: the clock is looked at where a slice
/// ends, and the guest may be done before.
fn call(mut caller: Caller<'_, Host>, function: NnFunction, args: [i32; 5]) -> Result<i32, Error> {
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
        Err(Error::host(Late))
    }
}
