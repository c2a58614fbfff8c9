use std::{
    ops::Range,
    time::{Duration, Instant},
};

use weir_engine::{AccessError, Budget, Export, GuestLog, Instance, Limits, Trap, check_region};

use crate::{
    calls::Calls,
    engine::{Greeting, greeted},
    features::PAGE_BYTES,
    link::{Link, Lost, SMALL_BYTES_MAX},
    module::Wasm3Module,
    process::Worker,
    wire::{self, Asked, RETURNED_BYTES, Said, read_trap, take},
};

/// What an answer brings of the memory beyond the outputs: their descriptors, and words.
const BROUGHT_BYTES_MAX: usize = 64 * 1024;
/// Log frames of one call: every line that is kept, and a count at each power of two.
const LOG_FRAMES_MAX: usize = GuestLog::LINES_MAX + 64;

/// How long the lines of a worker that has ended are looked for: they are there already.
const LAST_LINES_WAIT_MAX: Duration = Duration::from_millis(50);

/// One instance of a guest, in a worker of its own.
pub(crate) struct Wasm3Instance {
    worker: Worker,
    link: Link,
    calls: Calls,
    log: GuestLog,
    exports: [bool; Export::ALL.len()],
    memory_bytes: u64,
    memory_bytes_max: u64,
    /// For what has no deadline of its own: reading and writing memory.
    wait_max: Duration,
    ended: Option<Trap>,
}

impl Wasm3Instance {
    pub(crate) fn start(module: &Wasm3Module, begin: Instant) -> Result<Self, Trap> {
        let limits = &module.limits;
        let crashed = |how: String| Trap::Crashed { how };
        let started = Worker::start(&module.worker);
        let (worker, socket) = started.map_err(|error| crashed(error.to_string()))?;
        let mut instance = Self {
            worker,
            link: Link::new(socket),
            calls: Calls::new(limits.output_bytes_max.saturating_add(BROUGHT_BYTES_MAX)),
            log: GuestLog::default(),
            exports: module.shape.exports,
            memory_bytes: 0,
            memory_bytes_max: limits.memory_bytes_max,
            wait_max: limits.load_deadline,
            ended: None,
        };
        let deadline = begin + limits.load_deadline;
        match greeted(&mut instance.link, deadline) {
            Ok(Greeting::Fits(_)) => {}
            Ok(Greeting::Other(other)) => {
                let how = format!("it is another version than this gateway: {other}");
                return Err(instance.end_as(crashed(how)));
            }
            Err(lost) => return Err(instance.lose(lost, limits.load_deadline)),
        }
        instance.load(&module.wasm, limits, deadline)?;
        Ok(instance)
    }

    fn load(&mut self, wasm: &[u8], limits: &Limits, deadline: Instant) -> Result<(), Trap> {
        let stack = u32::try_from(limits.stack_bytes_max).unwrap_or(u32::MAX);
        let memory = limits.memory_bytes_max.to_le_bytes();
        let parts: [&[u8]; 4] = [&memory, &stack.to_le_bytes(), &[0; 4], wasm];
        let sent = self.link.send_through(Asked::Load, &parts, deadline);
        let answer = sent.and_then(|()| self.answer(deadline, SMALL_BYTES_MAX));
        let (kind, body) = answer.map_err(|lost| self.lose(lost, limits.load_deadline))?;
        let mut bytes = self.link.bytes(body.clone());
        let memory = take(&mut bytes).map(u64::from_le_bytes);
        match (kind, memory) {
            (Said::Ready, Some(memory)) if bytes.is_empty() && self.may_have(memory) => {
                self.memory_bytes = memory;
                Ok(())
            }
            _ => Err(self.give_up(kind, body)),
        }
    }

    /// The next frame that is no line of the log; those are noted.
    fn answer(
        &mut self,
        deadline: Instant,
        bytes_max: usize,
    ) -> Result<(Said, Range<usize>), Lost> {
        for _ in 0..=LOG_FRAMES_MAX {
            let (kind, body) = self
                .link
                .receive(deadline, bytes_max.max(SMALL_BYTES_MAX))?;
            if !self.is_noted(kind, body.clone()).ok_or(Lost::OutOfTurn)? {
                return Ok((kind, body));
            }
        }
        Err(Lost::OutOfTurn)
    }

    /// Whether a frame was one of the log; none where it is a malformed one.
    fn is_noted(&mut self, kind: Said, body: Range<usize>) -> Option<bool> {
        let mut bytes = self.link.bytes(body);
        match kind {
            Said::Line => {
                let level = take(&mut bytes).map(i32::from_le_bytes)?;
                let len = i32::try_from(bytes.len()).ok()?;
                self.log.push(level, bytes, 0, len);
            }
            Said::Dropped => {
                let count = take(&mut bytes).map(u64::from_le_bytes)?;
                self.log.dropped_at_least(count);
            }
            Said::Hello
            | Said::Ready
            | Said::Returned
            | Said::Trapped
            | Said::Bytes
            | Said::Fatal => return Some(false),
        }
        Some(true)
    }

    fn may_have(&self, memory_bytes: u64) -> bool {
        memory_bytes.is_multiple_of(PAGE_BYTES)
            && (self.memory_bytes..=self.memory_bytes_max).contains(&memory_bytes)
    }

    fn returned(&mut self, body: Range<usize>) -> Option<i32> {
        let mut bytes = self.link.bytes(body.clone());
        let value = take(&mut bytes).map(i32::from_le_bytes)?;
        let memory = take(&mut bytes).map(u64::from_le_bytes)?;
        if bytes.len() != self.calls.expected() || !self.may_have(memory) {
            return None;
        }
        self.memory_bytes = memory;
        self.calls.answered(body.start + RETURNED_BYTES);
        Some(value)
    }

    fn read_anew(&mut self, address: u32, into: &mut [u8]) -> Result<(), Trap> {
        self.calls.forget_all();
        let len = u32::try_from(into.len()).unwrap_or(u32::MAX);
        self.link.hold_ranges(Asked::Read, &[], &[(address, len)]);
        let deadline = Instant::now() + self.wait_max;
        let sent = self.link.send(deadline);
        let answer = sent.and_then(|()| self.answer(deadline, into.len()));
        let (kind, body) = answer.map_err(|lost| self.lose(lost, self.wait_max))?;
        if kind == Said::Bytes && body.len() == into.len() {
            into.copy_from_slice(self.link.bytes(body));
            return Ok(());
        }
        Err(self.give_up(kind, body))
    }

    /// No answer came.
    fn lose(&mut self, lost: Lost, deadline: Duration) -> Trap {
        let how = self.worker.end();
        self.take_last_lines();
        let trap = match lost {
            Lost::Late => Trap::Deadline {
                deadline_ms: deadline.as_millis(),
            },
            Lost::Gone => Trap::Crashed { how },
            Lost::OutOfTurn => out_of_turn(),
        };
        self.ended.insert(trap).clone()
    }

    /// What is no answer to what was asked: a trap, or the worker's last words.
    fn give_up(&mut self, kind: Said, body: Range<usize>) -> Trap {
        let bytes = self.link.bytes(body);
        let trap = match kind {
            Said::Trapped => read_trap(bytes).unwrap_or_else(out_of_turn),
            Said::Fatal => Trap::Crashed {
                how: wire::words(bytes),
            },
            Said::Hello
            | Said::Ready
            | Said::Returned
            | Said::Bytes
            | Said::Line
            | Said::Dropped => out_of_turn(),
        };
        self.end_as(trap)
    }

    fn end_as(&mut self, trap: Trap) -> Trap {
        self.worker.end();
        self.ended.insert(trap).clone()
    }

    /// The process is gone: what it said before lies in the socket, and then nothing more comes.
    fn take_last_lines(&mut self) {
        let deadline = Instant::now() + LAST_LINES_WAIT_MAX;
        for _ in 0..=LOG_FRAMES_MAX {
            let Ok((kind, body)) = self.link.receive(deadline, SMALL_BYTES_MAX) else {
                return;
            };
            if self.is_noted(kind, body) != Some(true) {
                return;
            }
        }
    }

    fn still_there(&self) -> Result<(), Trap> {
        self.ended.clone().map_or(Ok(()), Err)
    }
}

impl Instance for Wasm3Instance {
    fn has(&self, export: Export) -> bool {
        self.exports[export.index()]
    }

    fn call(&mut self, export: Export, args: &[i32], budget: Budget) -> Result<i32, Trap> {
        self.still_there()?;
        if !self.has(export) {
            return Err(Trap::Other(format!("it exports no {}", export.name())));
        }
        let deadline = Instant::now() + budget.deadline;
        let mut head = [0; wire::CALL_BYTES];
        head[0] = u8::try_from(export.index()).unwrap_or(u8::MAX);
        for (place, arg) in head[1..].chunks_exact_mut(4).zip(args) {
            place.copy_from_slice(&arg.to_le_bytes());
        }
        let ranges = self.calls.begin(export);
        self.link.hold_ranges(Asked::Call, &head, ranges);
        let bytes_max = self.calls.expected() + RETURNED_BYTES;
        let sent = self.link.send(deadline);
        let answer = sent.and_then(|()| self.answer(deadline, bytes_max));
        let (kind, body) = answer.map_err(|lost| self.lose(lost, budget.deadline))?;
        let is_answer = kind == Said::Returned;
        let value = is_answer.then(|| self.returned(body.clone())).flatten();
        value.ok_or_else(|| self.give_up(kind, body))
    }

    fn memory_bytes(&mut self) -> u64 {
        self.memory_bytes
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), AccessError> {
        self.still_there()?;
        check_region(self.memory_bytes, address, as_u64(into.len()))?;
        if into.is_empty() {
            return Ok(());
        }
        match self.calls.find(address, into.len()) {
            Some(found) => {
                into.copy_from_slice(self.link.bytes(found));
                Ok(())
            }
            None => Ok(self.read_anew(address, into)?),
        }
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), AccessError> {
        self.still_there()?;
        check_region(self.memory_bytes, address, as_u64(bytes.len()))?;
        self.calls.forget(address, bytes.len());
        let parts: [&[u8]; 2] = [&address.to_le_bytes(), bytes];
        if !self.link.is_full(bytes.len()) {
            self.link.hold(Asked::Write, &parts);
            return Ok(());
        }
        let deadline = Instant::now() + self.wait_max;
        let sent = self.link.send_through(Asked::Write, &parts, deadline);
        Ok(sent.map_err(|lost| self.lose(lost, self.wait_max))?)
    }

    fn take_log(&mut self) -> Vec<(u8, String)> {
        self.log.take()
    }
}

fn out_of_turn() -> Trap {
    Trap::Crashed {
        how: "it said what it must not say, and was ended".to_owned(),
    }
}

fn as_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
