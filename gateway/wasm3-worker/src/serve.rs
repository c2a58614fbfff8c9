use std::{
    io,
    process::{self, ExitCode},
    thread,
};

use weir_engine::{Export, Trap, region};
use weir_engine_wasm3::wire::{
    self, Asked, CALL_BYTES, LOAD_BYTES, RANGE_BYTES, RANGES_MAX, Said, ranges, words_bytes,
    write_trap,
};

use crate::{
    gateway::{Ear, Fds, Frame, Mouth, connect},
    guest::Guest,
    lock,
};

/// The stack of the thread that runs the guest. wasm3 lets a guest's calls use 8 MiB less 128 KiB of it
/// (`d_m3MaxNativeStack`), then traps; the rest is for what runs below them and for wasm3's validator.
pub(crate) const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Why a worker ends before its gateway does.
#[derive(Debug, thiserror::Error)]
enum Fatal {
    #[error("the gateway's words cannot be read or answered: {0}")]
    Talk(#[from] io::Error),
    #[error("the gateway asks for {0} out of turn")]
    OutOfTurn(&'static str),
    #[error("the worker cannot be locked in: {0}")]
    Lock(#[from] lock::LockError),
    #[error("the guest trapped")]
    Trapped,
}

/// Serves the gateway until it hangs up.
pub(crate) fn serve() -> ExitCode {
    let Ok((mut ear, mouth)) = connect() else {
        return ExitCode::from(2);
    };
    let runs = thread::Builder::new().stack_size(STACK_BYTES).spawn({
        let mouth = mouth.clone();
        move || end(&mouth, run(&mut ear, &mouth))
    });
    match runs.map(thread::JoinHandle::join) {
        Ok(_) => give_up(&mouth, "a bug: the worker panicked"),
        Err(error) => give_up(&mouth, &error.to_string()),
    }
    ExitCode::from(3)
}

/// Ends the process from the guest's thread: putting threads and files away takes system calls that are locked out.
fn end(mouth: &Mouth, served: Result<(), Fatal>) -> ! {
    process::exit(match served {
        Ok(()) => 0,
        Err(Fatal::Trapped) => 1,
        Err(fatal) => {
            give_up(mouth, &fatal.to_string());
            3
        }
    })
}

/// The last words. Where nobody hears them, there is nobody else to tell.
fn give_up(mouth: &Mouth, why: &str) {
    let mut frame = Frame::default();
    frame.begin().extend_from_slice(words_bytes(why));
    match mouth.say(Said::Fatal, &mut frame) {
        Ok(()) | Err(_) => {}
    }
}

fn run(ear: &mut Ear, mouth: &Mouth) -> Result<(), Fatal> {
    lock::leave_with_the_gateway()?;
    let mut frame = Frame::default();
    let greeting = frame.begin();
    greeting.extend_from_slice(&wire::PROTOCOL.to_le_bytes());
    greeting.extend_from_slice(words_bytes(&crate::about()));
    mouth.say(Said::Hello, &mut frame)?;
    let Some(guest) = load(ear, mouth, &mut frame)? else {
        return Ok(());
    };
    let mut worker = Worker {
        guest,
        mouth,
        frame,
        asked: Vec::new(),
    };
    while let Some((kind, len)) = ear.next()? {
        match kind {
            Asked::Write => worker.write(ear, len)?,
            Asked::Call => worker.call(ear, len)?,
            Asked::Read => worker.read(ear, len)?,
            Asked::Load => return Err(Fatal::OutOfTurn("a second guest")),
        }
    }
    Ok(())
}

/// Takes the guest, locks the process in, and only then looks at what it has got.
fn load(ear: &mut Ear, mouth: &Mouth, frame: &mut Frame) -> Result<Option<Guest>, Fatal> {
    let Some((kind, len)) = ear.next()? else {
        return Ok(None);
    };
    let module_bytes = len.checked_sub(LOAD_BYTES).filter(|_| kind == Asked::Load);
    let module_bytes = module_bytes.ok_or(Fatal::OutOfTurn("work before a guest"))?;
    let memory_bytes_max = u64::from_le_bytes(ear.array()?);
    let stack_bytes = u32::from_le_bytes(ear.array()?);
    let _reserved: [u8; 4] = ear.array()?;
    let mut wasm = vec![0; module_bytes];
    ear.read(&mut wasm)?;
    let stack_bytes = usize::try_from(stack_bytes).unwrap_or(usize::MAX);
    let fds = Fds::of(ear, mouth);
    lock::lock_in(memory_bytes_max, stack_bytes, module_bytes, fds)?;
    match Guest::new(&wasm, stack_bytes, mouth.clone()) {
        Ok(guest) => {
            let memory = count(guest.memory_bytes());
            frame.begin().extend_from_slice(&memory.to_le_bytes());
            mouth.say(Said::Ready, frame)?;
            Ok(Some(guest))
        }
        Err(trap) => Err(tell(mouth, frame, &trap)?),
    }
}

fn tell(mouth: &Mouth, frame: &mut Frame, trap: &Trap) -> Result<Fatal, Fatal> {
    write_trap(trap, frame.begin());
    mouth.say(Said::Trapped, frame)?;
    Ok(Fatal::Trapped)
}

/// A guest that is ready, and what serving it needs.
struct Worker<'a> {
    guest: Guest,
    mouth: &'a Mouth,
    frame: Frame,
    asked: Vec<u8>,
}

impl Worker<'_> {
    fn write(&mut self, ear: &mut Ear, len: usize) -> Result<(), Fatal> {
        let address = u32::from_le_bytes(ear.array()?);
        let len = len.checked_sub(size_of::<u32>());
        let memory = self.guest.memory();
        let room = len.and_then(|len| region(memory, address, len).ok());
        let room = room.ok_or(Fatal::OutOfTurn("bytes outside of the memory"))?;
        Ok(ear.read(room)?)
    }

    fn call(&mut self, ear: &mut Ear, len: usize) -> Result<(), Fatal> {
        let ranges_bytes = len
            .checked_sub(CALL_BYTES)
            .filter(|bytes| *bytes <= RANGES_MAX * RANGE_BYTES);
        let ranges_bytes = ranges_bytes.ok_or(Fatal::OutOfTurn("too much at once"))?;
        let [export] = ear.array()?;
        let export = Export::ALL.get(usize::from(export));
        let export = *export.ok_or(Fatal::OutOfTurn("an unknown export"))?;
        let mut args = [0; 4];
        for arg in &mut args {
            *arg = i32::from_le_bytes(ear.array()?);
        }
        self.asked.resize(ranges_bytes, 0);
        ear.read(&mut self.asked)?;
        match self.guest.call(export, args) {
            Ok(value) => {
                let memory = count(self.guest.memory_bytes());
                let body = self.frame.begin();
                body.extend_from_slice(&value.to_le_bytes());
                body.extend_from_slice(&memory.to_le_bytes());
                self.answer(Said::Returned)
            }
            Err(trap) => Err(tell(self.mouth, &mut self.frame, &trap)?),
        }
    }

    fn read(&mut self, ear: &mut Ear, len: usize) -> Result<(), Fatal> {
        if len != RANGE_BYTES {
            return Err(Fatal::OutOfTurn("not one range"));
        }
        self.asked.resize(len, 0);
        ear.read(&mut self.asked)?;
        self.frame.begin();
        self.answer(Said::Bytes)
    }

    /// Sends what the frame has, and the ranges that were asked for.
    fn answer(&mut self, kind: Said) -> Result<(), Fatal> {
        let ranges = ranges(&self.asked).ok_or(Fatal::OutOfTurn("half a range"))?;
        for (address, len) in ranges {
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            let bytes = region(self.guest.memory(), address, len).ok();
            let bytes = bytes.ok_or(Fatal::OutOfTurn("bytes outside of the memory"))?;
            self.frame.body().extend_from_slice(bytes);
        }
        Ok(self.mouth.say(kind, &mut self.frame)?)
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
