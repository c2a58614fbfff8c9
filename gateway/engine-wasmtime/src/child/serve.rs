//! The compiler's side: one order, then the end.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::{fd::AsFd, unix::net::UnixStream},
    sync::Arc,
    thread,
};

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, set_dumpable_behavior,
    set_parent_process_death_signal, setpriority_process, setrlimit,
};

use super::{
    budget::Budget,
    wire::{Head, Parts, Said},
};
use crate::{
    make::{Fault, Order, Task, make},
    ticker::Ticker,
};

/// The priority of what runs where nothing else would.
const LEAST_NICE: i32 = 19;
/// See proc(5), `oom_score_adj`.
const FIRST_TO_END: &str = "1000";
/// Files that a compiler may have open.
const FILES_MAX: u64 = 64;

/// Why a compiler cannot answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Its standard input is not the gateway.
    #[error("failed to read an order from standard input (this command is for weir's own use)")]
    Order(#[source] io::Error),
    /// It cannot limit itself, and then takes no order.
    #[error("the kernel refuses {what}")]
    Limit {
        /// What was asked of it.
        what: &'static str,
        /// Its answer.
        #[source]
        cause: io::Error,
    },
    /// The gateway does not listen, or the file cannot be written.
    #[error("failed to answer")]
    Answer(#[source] io::Error),
}

/// Takes an order from the socket that is standard input, limits itself to the order's budget, and carries it out: the
/// compiled code goes to the file that is standard output.
///
/// # Errors
/// Fails where nobody gives an order, or nobody takes the answer. That a guest cannot be compiled is an answer.
pub fn compile_for_gateway() -> Result<(), ServeError> {
    let refused = |what| move |cause: rustix::io::Errno| limit(what, cause);
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(refused("PR_SET_PDEATHSIG"))?;
    let input = io::stdin().as_fd().try_clone_to_owned();
    let mut gateway = UnixStream::from(input.map_err(ServeError::Order)?);
    let output = io::stdout().as_fd().try_clone_to_owned();
    let mut file = File::from(output.map_err(ServeError::Answer)?);
    let head = Head::read(&mut gateway).map_err(ServeError::Order)?;
    if !head.waits {
        let_others_go_first();
    }
    // Not before: what is not dumpable cannot say of itself that it is to end first.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(refused("PR_SET_DUMPABLE"))?;
    keep_within(head.budget)?;
    let wasm = read(&mut gateway, head.wasm_bytes)?;
    let (model_bytes, loader_bytes) = match head.parts {
        Parts::Cold | Parts::Loader => (0, 0),
        Parts::Snapshot { model, loader } => (model, loader),
    };
    let model = read(&mut gateway, model_bytes)?;
    let loader = read(&mut gateway, loader_bytes)?;
    let order = Order {
        setup: head.setup,
        limits: &head.limits,
        wasm: &wasm,
        task: match head.parts {
            Parts::Cold => Task::Cold,
            Parts::Loader => Task::Loader,
            Parts::Snapshot { .. } => Task::Snapshot {
                model: &model,
                loader: &loader,
            },
        },
        nn: head.nn,
        waits: head.waits,
    };
    let said = match carried_out(&order, &mut gateway) {
        Ok(code) => {
            file.write_all(&code).map_err(ServeError::Answer)?;
            Said::Done(u64::try_from(code.len()).unwrap_or(u64::MAX))
        }
        Err(fault) => Said::Fault(fault),
    };
    said.write(&mut gateway).map_err(ServeError::Answer)
}

fn carried_out(order: &Order<'_>, gateway: &mut UnixStream) -> Result<Vec<u8>, Fault> {
    let ticker = Ticker::start().map_err(|error| Fault::Compile(error.to_string()))?;
    make(order, &Arc::new(ticker), &mut |phase| {
        if let Err(error) = Said::Phase(phase).write(gateway) {
            tracing::debug!(%error, "the gateway does not listen");
        }
    })
}

/// Nobody waits for this: processors are for those that serve, and where memory runs out this process ends, not they.
fn let_others_go_first() {
    if let Err(error) = setpriority_process(None, LEAST_NICE) {
        tracing::debug!(%error, "the compiler has the usual priority");
    }
    if let Err(error) = fs::write("/proc/self/oom_score_adj", FIRST_TO_END) {
        tracing::debug!(%error, "the compiler is not the first to end where memory runs out");
    }
}

/// From here on no more than the budget.
fn keep_within(budget: Budget) -> Result<(), ServeError> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let processors = u64::try_from(processors).unwrap_or(1);
    let seconds = budget.seconds_max.saturating_mul(processors).max(1);
    let limits = [
        ("RLIMIT_CORE", Resource::Core, 0, 0),
        ("RLIMIT_NOFILE", Resource::Nofile, FILES_MAX, 0),
        ("RLIMIT_FSIZE", Resource::Fsize, budget.file_bytes_max, 0),
        ("RLIMIT_DATA", Resource::Data, budget.memory_bytes_max, 0),
        // A second more until SIGKILL, so that it is SIGXCPU that it ends with.
        ("RLIMIT_CPU", Resource::Cpu, seconds, 1),
    ];
    for (what, resource, bound, more) in limits {
        let bound = Rlimit {
            current: Some(bound),
            maximum: Some(bound.saturating_add(more)),
        };
        setrlimit(resource, bound).map_err(|cause| limit(what, cause))?;
    }
    Ok(())
}

fn limit(what: &'static str, cause: rustix::io::Errno) -> ServeError {
    ServeError::Limit {
        what,
        cause: cause.into(),
    }
}

/// The bytes of a guest or a model: never more than were announced, nothing set aside before they are there.
fn read(gateway: &mut UnixStream, bytes: u64) -> Result<Vec<u8>, ServeError> {
    let mut content = Vec::new();
    let read = gateway.take(bytes).read_to_end(&mut content);
    match read.map(u64::try_from) {
        Ok(Ok(read)) if read == bytes => Ok(content),
        Ok(_) => Err(ServeError::Order(io::ErrorKind::UnexpectedEof.into())),
        Err(error) => Err(ServeError::Order(error)),
    }
}
