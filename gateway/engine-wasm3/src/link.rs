use std::{
    io::{self, ErrorKind, Read, Write},
    ops::Range,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use crate::{
    poll::{For, ready},
    wire::{Asked, HEADER_BYTES, RANGE_BYTES, Said, header, read_header},
};

/// A socket's own time limit costs nothing where the answer comes in time, but it may end late by two ticks of the
/// kernel's clock (20 ms at 100 Hz). So it ends this long before the deadline, and the rest is waited for exactly.
const REST: Duration = Duration::from_millis(30);
/// How much later than asked the socket's time limit may end: below it, it is left as it is.
const SLACK: Duration = Duration::from_millis(1);
/// Bytes that a socket which can be written to takes at once.
const PIECE_BYTES: usize = 4096;
/// What is held back at most until the next request.
const PENDING_BYTES_MAX: usize = 1024 * 1024;
/// The body of every frame without memory in it.
pub(crate) const SMALL_BYTES_MAX: usize = 512;

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The deadline passed.
    Late,
    /// The worker is gone.
    Gone,
    /// It said what it must not say here.
    OutOfTurn,
}

/// The gateway's end of the socket to one worker. Its buffers are kept: a call that repeats allocates nothing.
pub(crate) struct Link {
    socket: UnixStream,
    pending: Vec<u8>,
    inbox: Vec<u8>,
    taken: usize,
    filled: usize,
    sends: Duration,
    waits: Duration,
}

impl Link {
    pub(crate) const fn new(socket: UnixStream) -> Self {
        Self {
            socket,
            pending: Vec::new(),
            inbox: Vec::new(),
            taken: 0,
            filled: 0,
            sends: Duration::ZERO,
            waits: Duration::ZERO,
        }
    }

    /// Holds a frame back until the next [`Link::send`].
    pub(crate) fn hold(&mut self, kind: Asked, parts: &[&[u8]]) {
        let len = parts.iter().map(|part| part.len()).sum();
        self.pending.extend_from_slice(&header(kind.code(), len));
        for part in parts {
            self.pending.extend_from_slice(part);
        }
    }

    /// Holds the head of a frame back whose ranges follow by [`Link::hold_range`].
    pub(crate) fn hold_ranges(&mut self, kind: Asked, head: &[u8], ranges: &[(u32, u32)]) {
        let len = head.len() + ranges.len() * RANGE_BYTES;
        self.pending.extend_from_slice(&header(kind.code(), len));
        self.pending.extend_from_slice(head);
        for (address, len) in ranges {
            self.pending.extend_from_slice(&address.to_le_bytes());
            self.pending.extend_from_slice(&len.to_le_bytes());
        }
    }

    /// Whether so many bytes more should not be held back.
    pub(crate) const fn is_full(&self, bytes: usize) -> bool {
        self.pending.len().saturating_add(bytes) > PENDING_BYTES_MAX
    }

    /// Sends what was held back.
    pub(crate) fn send(&mut self, deadline: Instant) -> Result<(), Lost> {
        let pending = std::mem::take(&mut self.pending);
        let sent = self.send_all(&pending, deadline);
        self.pending = pending;
        self.pending.clear();
        sent
    }

    /// Sends a frame from where it lies, after what was held back.
    pub(crate) fn send_through(
        &mut self,
        kind: Asked,
        parts: &[&[u8]],
        deadline: Instant,
    ) -> Result<(), Lost> {
        let len = parts.iter().map(|part| part.len()).sum();
        self.pending.extend_from_slice(&header(kind.code(), len));
        self.send(deadline)?;
        for part in parts {
            self.send_all(part, deadline)?;
        }
        Ok(())
    }

    fn send_all(&mut self, mut bytes: &[u8], deadline: Instant) -> Result<(), Lost> {
        while !bytes.is_empty() {
            let left = left(deadline).ok_or(Lost::Late)?;
            let mut most = bytes.len();
            if let Some(far) = left.checked_sub(REST) {
                let limit = |time| self.socket.set_write_timeout(time);
                wait_at_most(far, &mut self.sends, limit)?;
            } else {
                if !self.is_ready(For::Writing, left)? {
                    continue;
                }
                most = most.min(PIECE_BYTES);
            }
            match self.socket.write(&bytes[..most]) {
                Ok(0) => return Err(Lost::Gone),
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) => retry(&error)?,
            }
        }
        Ok(())
    }

    /// The next frame: its kind, and where its body lies in [`Link::bytes`] until the next call. A body beyond
    /// `bytes_max` is out of turn.
    pub(crate) fn receive(
        &mut self,
        deadline: Instant,
        bytes_max: usize,
    ) -> Result<(Said, Range<usize>), Lost> {
        self.inbox.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        self.fill(HEADER_BYTES, deadline)?;
        let mut head = [0; HEADER_BYTES];
        head.copy_from_slice(&self.inbox[..HEADER_BYTES]);
        let (code, len) = read_header(head);
        let kind = Said::from_code(code).filter(|_| len <= bytes_max);
        let kind = kind.ok_or(Lost::OutOfTurn)?;
        let end = HEADER_BYTES.saturating_add(len);
        self.fill(end, deadline)?;
        self.taken = end;
        Ok((kind, HEADER_BYTES..end))
    }

    /// The bytes of the frame that was received last.
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.inbox.get(range).unwrap_or_default()
    }

    /// Waits until so many bytes are there.
    fn fill(&mut self, bytes: usize, deadline: Instant) -> Result<(), Lost> {
        let room = bytes.max(SMALL_BYTES_MAX);
        if self.inbox.len() < room {
            self.inbox.resize(room, 0);
        }
        while self.filled < bytes {
            let left = left(deadline).ok_or(Lost::Late)?;
            if let Some(far) = left.checked_sub(REST) {
                let limit = |time| self.socket.set_read_timeout(time);
                wait_at_most(far, &mut self.waits, limit)?;
            } else if !self.is_ready(For::Reading, left)? {
                continue;
            }
            match self.socket.read(&mut self.inbox[self.filled..]) {
                Ok(0) => return Err(Lost::Gone),
                Ok(read) => self.filled += read,
                Err(error) => retry(&error)?,
            }
        }
        Ok(())
    }

    /// Waits exactly, and says whether that was not in vain.
    fn is_ready(&self, what: For, most: Duration) -> Result<bool, Lost> {
        ready(&self.socket, what, most).or_else(|error| retry(&error).map(|()| false))
    }
}

/// Sets a time limit of the socket, where the one that it has is not near enough.
fn wait_at_most(
    left: Duration,
    set: &mut Duration,
    limit: impl Fn(Option<Duration>) -> io::Result<()>,
) -> Result<(), Lost> {
    let late = set.checked_sub(left);
    if late.is_some_and(|late| late <= SLACK) {
        return Ok(());
    }
    let waits = left.saturating_add(SLACK / 2);
    limit(Some(waits)).map_err(|_| Lost::Gone)?;
    *set = waits;
    Ok(())
}

/// What is left until the deadline; none once it is there.
fn left(deadline: Instant) -> Option<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    (!left.is_zero()).then_some(left)
}

/// A wait that ended early is no loss: whoever waits looks at the clock again.
fn retry(error: &io::Error) -> Result<(), Lost> {
    let early = [
        ErrorKind::WouldBlock,
        ErrorKind::TimedOut,
        ErrorKind::Interrupted,
    ];
    if early.contains(&error.kind()) {
        return Ok(());
    }
    Err(Lost::Gone)
}
