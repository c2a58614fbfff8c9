//! Compiling in a process of its own, which limits itself before it reads anything of a guest and is killed at its
//! deadline: what a hostile guest can cost is a budget, and the gateway's memory is not where it is compiled.

mod budget;
mod serve;
mod wire;

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::OwnedFd,
        unix::{
            net::UnixStream,
            process::{CommandExt, ExitStatusExt},
        },
    },
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;

use self::{
    budget::Budget,
    wire::{Head, Said},
};
pub use self::{
    budget::CompileCosts,
    serve::{ServeError, compile_for_gateway},
};
use crate::make::{Fault, Order, Phase, Task};

/// How often progress is told while nothing new is said.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// Its name in a list of processes.
const SHOWN_AS: &str = "weir";
/// What is read of a compiler's complaints.
const COMPLAINT_BYTES_MAX: u64 = 4096;

/// Where guests are compiled.
#[derive(Debug, Clone, Default)]
pub enum Compiler {
    /// Here: for tests and benches, whose guests are their own.
    #[default]
    InProcess,
    /// In a process that calls [`compile_for_gateway`].
    Process {
        /// The program.
        program: PathBuf,
        /// Its arguments.
        arguments: Vec<OsString>,
        /// What it may cost.
        costs: CompileCosts,
    },
}

/// A compiler at work. It is killed and reaped when it is dropped.
struct Working {
    child: Child,
    gateway: UnixStream,
    ends: Instant,
    budget: Budget,
}

/// Has an order carried out by another process; the compiled code is in `file` afterwards.
pub(crate) fn order(
    mut command: Command,
    costs: CompileCosts,
    order: &Order<'_>,
    file: &File,
    report: &mut dyn FnMut(Phase),
) -> Result<(), Fault> {
    let budget = costs.budget(order);
    let start = |error: io::Error| Fault::Compile(format!("its compiler does not start: {error}"));
    let (ours, theirs) = UnixStream::pair().map_err(start)?;
    let child = command
        .arg0(SHOWN_AS)
        .env_clear()
        .current_dir("/")
        .stdin(OwnedFd::from(theirs))
        .stdout(file.try_clone().map_err(start)?)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(start)?;
    // The command holds the compiler's end of the socket: while it is open here, no end would be seen.
    drop(command);
    let mut working = Working {
        child,
        gateway: ours,
        ends: Instant::now() + Duration::from_secs(budget.seconds_max),
        budget,
    };
    let bytes = working.answer(order, report)?;
    match file.metadata() {
        Ok(found) if found.len() == bytes && bytes > 0 => Ok(()),
        Ok(_) | Err(_) => Err(Fault::Compile(
            "its compiler wrote something else".to_owned(),
        )),
    }
}

impl Working {
    fn answer(&mut self, order: &Order<'_>, report: &mut dyn FnMut(Phase)) -> Result<u64, Fault> {
        if self.give(order).is_err() {
            return Err(self.ended());
        }
        let mut phase = None;
        loop {
            match self.hear() {
                Ok(Said::Phase(said)) => {
                    phase = Some(said);
                    report(said);
                }
                Ok(Said::Done(bytes)) => return Ok(bytes),
                Ok(Said::Fault(fault)) => return Err(fault),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if Instant::now() >= self.ends {
                        return Err(self.late());
                    }
                    phase.into_iter().for_each(&mut *report);
                }
                Err(_) => return Err(self.ended()),
            }
        }
    }

    fn give(&mut self, order: &Order<'_>) -> io::Result<()> {
        let left = self.ends.saturating_duration_since(Instant::now());
        self.gateway.set_write_timeout(Some(left.max(TOLD_EVERY)))?;
        self.gateway.set_read_timeout(Some(TOLD_EVERY))?;
        Head::of(order, self.budget).write(&mut self.gateway)?;
        self.gateway.write_all(order.wasm)?;
        let Task::Snapshot { model, loader } = order.task else {
            return Ok(());
        };
        self.gateway.write_all(model)?;
        self.gateway.write_all(loader)
    }

    fn hear(&mut self) -> io::Result<Said> {
        Said::read(&mut self.gateway)
    }

    fn late(&self) -> Fault {
        let seconds = self.budget.seconds_max;
        Fault::Spent(format!(
            "compiling it takes longer than {seconds} s, which is what a guest of its size may take"
        ))
    }

    /// It ended without an answer.
    fn ended(&mut self) -> Fault {
        // One that has ended keeps the status that it ended with.
        let status = self.child.kill().and_then(|()| self.child.wait());
        let complaint = self.complaint();
        match status {
            Ok(status) => self.why(status, &complaint),
            Err(error) => Fault::Compile(format!("its compiler's end is not known: {error}")),
        }
    }

    fn why(&self, status: ExitStatus, complaint: &str) -> Fault {
        let Budget {
            memory_bytes_max,
            seconds_max,
            ..
        } = self.budget;
        let is = |signal: Signal| status.signal() == Some(signal.as_raw());
        if is(Signal::XCPU) {
            return Fault::Spent(format!(
                "compiling it takes more processor time than {seconds_max} s on every processor, which is what a guest of its size may take"
            ));
        }
        if is(Signal::ABORT) && complaint.contains("memory allocation") {
            return Fault::Spent(format!(
                "compiling it takes more memory than {} MiB, which is what a guest of its size may take",
                memory_bytes_max >> 20
            ));
        }
        let said = if complaint.is_empty() {
            String::new()
        } else {
            format!(", and said: {complaint}")
        };
        Fault::Compile(format!("its compiler ended ({status}){said}"))
    }

    /// What it wrote to its standard error, in one line.
    fn complaint(&mut self) -> String {
        let mut text = Vec::new();
        let read = self
            .child
            .stderr
            .take()
            .map(|stderr| stderr.take(COMPLAINT_BYTES_MAX).read_to_end(&mut text));
        if let Some(Err(error)) = read {
            tracing::debug!(%error, "failed to read what a compiler said");
        }
        let text = String::from_utf8_lossy(&text);
        text.trim().replace(char::is_control, " ")
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            tracing::debug!(%error, "failed to end a compiler");
        }
    }
}
