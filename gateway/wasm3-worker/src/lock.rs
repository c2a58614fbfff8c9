use std::io;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};

use crate::{gateway::Fds, serve::STACK_BYTES};

/// What a worker has before it has a guest, and what an allocator keeps back. Measured: 4 MiB; generously.
const BASE_BYTES: u64 = 48 * 1024 * 1024;
/// What wasm3 makes of one byte of a module at most, with room. Measured on `anomaly`: 14 bytes.
const BYTES_PER_MODULE_BYTE: u64 = 64;
/// Addresses without memory behind them: libraries, and what an allocator sets aside for threads.
const ADDRESSES_BYTES: u64 = 256 * 1024 * 1024;

/// Why a worker does not lock itself in: it then runs no guest.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// The kernel refuses a limit.
    #[error("the kernel refuses {what}: {cause}")]
    Refused {
        what: &'static str,
        cause: io::Error,
    },
    /// No filter of system calls.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    #[error("no filter of system calls (is CONFIG_SECCOMP_FILTER in the kernel?): {0}")]
    Filter(#[from] crate::filter::FilterError),
}

/// The gateway's end is the worker's end, and nobody looks into the worker meanwhile.
pub(crate) fn leave_with_the_gateway() -> Result<(), LockError> {
    let refused = |what| {
        move |cause: rustix::io::Errno| LockError::Refused {
            what,
            cause: cause.into(),
        }
    };
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(refused("PR_SET_PDEATHSIG"))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(refused("PR_SET_DUMPABLE"))?;
    rustix::thread::set_no_new_privs(true).map_err(refused("PR_SET_NO_NEW_PRIVS"))
}

/// From here on: no more memory than the guest's limits need, no new file, socket or process, and no other system
/// call than those that computing and answering take (32-bit ARM: limits only).
///
/// There is no limit of CPU time: a sound worker may serve for years. The gateway kills it at a deadline, and the
/// kernel where there is no gateway any more.
pub(crate) fn lock_in(
    memory_bytes_max: u64,
    stack_bytes: usize,
    module_bytes: usize,
    fds: Fds,
) -> Result<(), LockError> {
    let data = memory_bytes_max
        .saturating_mul(2)
        .saturating_add(count(module_bytes).saturating_mul(BYTES_PER_MODULE_BYTE))
        .saturating_add(count(stack_bytes))
        .saturating_add(count(STACK_BYTES))
        .saturating_add(BASE_BYTES);
    let limits = [
        ("RLIMIT_CORE", Resource::Core, 0),
        ("RLIMIT_FSIZE", Resource::Fsize, 0),
        ("RLIMIT_NPROC", Resource::Nproc, 0),
        ("RLIMIT_NOFILE", Resource::Nofile, fds.end()),
        ("RLIMIT_DATA", Resource::Data, data),
        (
            "RLIMIT_AS",
            Resource::As,
            data.saturating_add(ADDRESSES_BYTES),
        ),
    ];
    for (what, resource, limit) in limits {
        let limit = Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        };
        setrlimit(resource, limit).map_err(|cause| LockError::Refused {
            what,
            cause: cause.into(),
        })?;
    }
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    crate::filter::apply(fds)?;
    Ok(())
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
