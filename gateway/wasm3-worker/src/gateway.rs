use std::{
    fs::File,
    io::{self, BufReader, Read, Write},
    os::fd::{AsFd, AsRawFd, RawFd},
    sync::Arc,
};

use weir_engine_wasm3::wire::{Asked, HEADER_BYTES, Said, header, read_header};

/// What is read ahead of a frame: a call's worth of inputs.
const READ_AHEAD_BYTES: usize = 64 * 1024;

/// The file descriptors that a worker uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fds {
    pub(crate) ear: u64,
    pub(crate) mouth: u64,
}

impl Fds {
    /// The first number above both: with this many, no new one can be opened.
    pub(crate) fn end(self) -> u64 {
        self.ear.max(self.mouth) + 1
    }

    pub(crate) fn of(ear: &Ear, mouth: &Mouth) -> Self {
        let number = |fd: RawFd| u64::from(fd.unsigned_abs());
        Self {
            ear: number(ear.0.get_ref().as_raw_fd()),
            mouth: number(mouth.0.as_raw_fd()),
        }
    }
}

/// The worker's end of the socket to the gateway, to be written to.
#[derive(Debug, Clone)]
pub(crate) struct Mouth(Arc<File>);

impl Mouth {
    /// Sends a frame.
    pub(crate) fn say(&self, kind: Said, frame: &mut Frame) -> io::Result<()> {
        let len = frame.0.len() - HEADER_BYTES;
        frame.0[..HEADER_BYTES].copy_from_slice(&header(kind.code(), len));
        (&*self.0).write_all(&frame.0)
    }
}

/// A frame under construction. Kept, so that a call that repeats allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Frame(Vec<u8>);

impl Frame {
    /// An empty body, to be filled.
    pub(crate) fn begin(&mut self) -> &mut Vec<u8> {
        self.0.clear();
        self.0.resize(HEADER_BYTES, 0);
        &mut self.0
    }

    /// The body, to be filled further.
    pub(crate) const fn body(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

/// What the gateway says.
pub(crate) struct Ear(BufReader<File>);

impl Ear {
    /// The next request and the length of its body; none once the gateway is gone.
    pub(crate) fn next(&mut self) -> io::Result<Option<(Asked, usize)>> {
        let mut head = [0; HEADER_BYTES];
        match self.0.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let (code, len) = read_header(head);
        let kind = Asked::from_code(code).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Some((kind, len)))
    }

    /// A part of the body.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<()> {
        self.0.read_exact(into)
    }

    /// A part of the body, of known length.
    pub(crate) fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read(&mut bytes)?;
        Ok(bytes)
    }
}

/// Both ends of the conversation: standard input is a socket.
pub(crate) fn connect() -> io::Result<(Ear, Mouth)> {
    let socket = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mouth = Mouth(Arc::new(socket.try_clone()?));
    let ear = Ear(BufReader::with_capacity(READ_AHEAD_BYTES, socket));
    Ok((ear, mouth))
}
