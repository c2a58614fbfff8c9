use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};

use crate::gateway::Fds;

/// Why there is no filter.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilterError {
    /// It cannot be made for this machine.
    #[error("{0}")]
    Made(#[from] BackendError),
    /// The kernel does not take it.
    #[error("{0}")]
    Applied(#[from] seccompiler::Error),
}

/// Whatever the arguments: memory, threads that wait for each other, the clock, signals to the process itself (so that
/// a fault is reported as what it is), and ends.
const ALWAYS: [i64; 16] = [
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
];
/// Memory, but none that can be executed.
const PROT_ARGUMENT: u8 = 2;
const STANDARD_ERROR: u64 = 2;

/// From here on any other system call, by any thread, ends the process (SIGSYS).
pub(crate) fn apply(fds: Fds) -> Result<(), FilterError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALWAYS.into_iter().map(|call| (call, Vec::new())).collect();
    rules.insert(libc::SYS_read, vec![first_is(fds.ear)?]);
    let writes = vec![first_is(fds.mouth)?, first_is(STANDARD_ERROR)?];
    rules.insert(libc::SYS_write, writes);
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![not_executable()?]);
    }
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    Ok(seccompiler::apply_filter_all_threads(&program)?)
}

fn first_is(value: u64) -> Result<SeccompRule, BackendError> {
    let is = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)?;
    SeccompRule::new(vec![is])
}

fn not_executable() -> Result<SeccompRule, BackendError> {
    let executable = SeccompCmpOp::MaskedEq(u64::from(libc::PROT_EXEC.unsigned_abs()));
    let length = SeccompCmpArgLen::Dword;
    let is_not = SeccompCondition::new(PROT_ARGUMENT, length, executable, 0)?;
    SeccompRule::new(vec![is_not])
}
