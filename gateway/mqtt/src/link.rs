mod dial;

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout},
};

use self::dial::dial;
use crate::{
    LinkError, SessionConfig,
    pulse::{Glance, Pulse},
    tls::Encryption,
    wire::{self, ConnAck, Hello, Received, Wire},
    words,
};

/// Room made for each read.
const READ_BYTES: usize = 32 * 1024;

/// Beyond this, packets wait for the network before more are written.
const WRITE_BYTES: usize = 64 * 1024;

/// How long a broker may take to hang up after a goodbye.
const HANG_UP: Duration = Duration::from_millis(500);

/// One connection, from CONNECT to its end. Bytes are written together: whatever is encoded between two turns leaves
/// in one call.
pub(crate) struct Link {
    stream: Box<dyn Stream>,
    inbound: BytesMut,
    outbound: BytesMut,
    flushing: bool,
    written: u64,
    heard: u64,
    pulse: Pulse,
    packet_bytes_max: usize,
    pub(crate) wire: &'static dyn Wire,
    pub(crate) connected: Instant,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Link {
    /// Connects, says hello and hears the answer, all within the connect timeout.
    pub(crate) async fn open(
        config: &SessionConfig,
        encryption: Option<&Encryption>,
        client_id: &str,
        persistent: bool,
    ) -> Result<(Self, ConnAck), LinkError> {
        let patience = config.connect_timeout;
        let hello = Hello {
            config,
            client_id,
            persistent,
        };
        timeout(patience, Self::greet(config, encryption, &hello))
            .await
            .unwrap_or(Err(LinkError::Silent {
                awaited: "answer to a connection",
                waited: patience,
            }))
    }

    async fn greet(
        config: &SessionConfig,
        encryption: Option<&Encryption>,
        hello: &Hello<'_>,
    ) -> Result<(Self, ConnAck), LinkError> {
        let now = Instant::now();
        let mut link = Self {
            stream: dial(config, encryption).await?,
            inbound: BytesMut::with_capacity(READ_BYTES),
            outbound: BytesMut::with_capacity(READ_BYTES),
            flushing: false,
            written: 0,
            heard: 0,
            pulse: Pulse::new(config.keep_alive, config.connect_timeout, now),
            packet_bytes_max: usize::try_from(config.packet_bytes_max).unwrap_or(usize::MAX),
            wire: wire::of(config.protocol),
            connected: now,
        };
        link.wire.connect(hello, &mut link.outbound);
        let answer = loop {
            link.turn(true).await?;
            if let Some(received) = link.next()? {
                break received;
            }
        };
        let Received::ConnAck(answer) = answer else {
            let fault = "something else than an answer to the connection".to_owned();
            return Err(LinkError::Protocol { fault });
        };
        accepted(config, &answer)?;
        let keep_alive = answer.keep_alive.filter(|asked| !asked.is_zero());
        let keep_alive = keep_alive.map_or(config.keep_alive, |asked| asked.min(config.keep_alive));
        link.pulse = Pulse::new(keep_alive, config.connect_timeout, Instant::now());
        link.connected = Instant::now();
        Ok((link, answer))
    }

    /// Where packets are encoded to.
    pub(crate) fn outbound(&mut self) -> &mut BytesMut {
        &mut self.outbound
    }

    /// Whether more should be encoded before the network took what there is.
    pub(crate) fn has_room(&self) -> bool {
        self.outbound.len() < WRITE_BYTES
    }

    /// Bytes that were encoded since the connection stands.
    pub(crate) fn encoded(&self) -> u64 {
        self.written + u64::try_from(self.outbound.len()).unwrap_or(u64::MAX)
    }

    /// Bytes that the network took since the connection stands.
    pub(crate) fn written(&self) -> u64 {
        match self.flushing {
            true => 0,
            false => self.written,
        }
    }

    /// Whether the network has taken everything that was encoded.
    pub(crate) fn is_written(&self) -> bool {
        !self.flushing && self.outbound.is_empty()
    }

    /// The next packet that came, where a whole one did.
    pub(crate) fn next(&mut self) -> Result<Option<Received>, LinkError> {
        let received = wire::next(self.wire, &mut self.inbound, self.packet_bytes_max)?;
        match received {
            Some(Received::Disconnect { code, reason }) => Err(LinkError::Ended {
                code,
                words: words::reason(code),
                reason,
            }),
            Some(Received::Pong) => {
                self.pulse.ponged();
                self.next()
            }
            received => Ok(received),
        }
    }

    /// Writes what was encoded and, if asked to, reads; returns once either got somewhere. Can be dropped and called
    /// again at any time.
    pub(crate) async fn turn(&mut self, reading: bool) -> Result<(), LinkError> {
        poll_fn(|cx| self.poll_turn(cx, reading)).await
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>, reading: bool) -> Poll<Result<(), LinkError>> {
        let emptied = match self.poll_write(cx) {
            Ok(emptied) => emptied,
            // A broker that closes says why first, where it can.
            Err(fault) => match reading.then(|| self.poll_read(cx)) {
                Some(Poll::Ready(Ok(()))) => return Poll::Ready(Ok(())),
                _ => return Poll::Ready(Err(fault)),
            },
        };
        if reading && self.poll_read(cx)?.is_ready() {
            return Poll::Ready(Ok(()));
        }
        match emptied {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }

    /// Whether the last byte was taken just now.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<bool, LinkError> {
        let mut wrote = false;
        while !self.outbound.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.outbound) {
                Poll::Pending => return Ok(false),
                Poll::Ready(Ok(0)) => return Err(LinkError::Closed),
                Poll::Ready(Ok(bytes)) => {
                    self.outbound.advance(bytes);
                    self.written += u64::try_from(bytes).unwrap_or_default();
                    self.flushing = true;
                    wrote = true;
                }
                Poll::Ready(Err(cause)) => return Err(network(cause)),
            }
        }
        if self.flushing {
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Pending => return Ok(false),
                Poll::Ready(flushed) => flushed.map_err(network)?,
            }
            self.flushing = false;
            wrote = true;
        }
        Ok(wrote)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        if self.inbound.capacity() - self.inbound.len() < READ_BYTES / 8 {
            self.inbound.reserve(READ_BYTES);
        }
        let read = pin!(self.stream.read_buf(&mut self.inbound));
        let bytes = ready!(std::future::Future::poll(read, cx)).map_err(network)?;
        if bytes == 0 {
            return Poll::Ready(Err(LinkError::Closed));
        }
        self.heard += u64::try_from(bytes).unwrap_or_default();
        Poll::Ready(Ok(()))
    }

    /// Looks whether the connection lives; pings where it is quiet. To be called now and then.
    pub(crate) fn look(&mut self, reading: bool) -> Result<(), LinkError> {
        let glance = Glance {
            written: self.written,
            heard: self.heard,
            pending: !self.is_written(),
            reading,
        };
        if self.pulse.look(glance, Instant::now())? {
            wire::ping(&mut self.outbound);
        }
        Ok(())
    }

    /// Says goodbye, so that the broker drops the Last Will, waits until that is written, and for the broker to hang up.
    pub(crate) async fn close(mut self, patience: Duration) -> Result<(), LinkError> {
        wire::disconnect(&mut self.outbound);
        let written = async {
            while !self.is_written() {
                self.turn(false).await?;
            }
            Ok(())
        };
        let stalled = Err(LinkError::Stalled { waited: patience });
        timeout(patience, written).await.unwrap_or(stalled)?;
        // A broker that does not hang up keeps nobody: everything is written.
        drop(timeout(HANG_UP, self.hung_up()).await);
        Ok(())
    }

    /// Reads what still comes. A socket that is closed with unread bytes is reset, and a reset overtakes the
    /// acknowledgements before it: the broker would send again what they acknowledge.
    async fn hung_up(&mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        while self.stream.read_buf(&mut self.inbound).await? > 0 {
            self.inbound.clear();
        }
        Ok(())
    }
}

fn accepted(config: &SessionConfig, answer: &ConnAck) -> Result<(), LinkError> {
    let code = answer.code;
    if code == 0 {
        return Ok(());
    }
    Err(LinkError::Refused {
        code,
        words: words::connack(config.protocol, code),
        reason: answer.reason.clone(),
        fault: words::connack_fault(config.protocol, code),
        lasting: words::connack_is_lasting(config.protocol, code),
    })
}

fn network(cause: io::Error) -> LinkError {
    let gone = [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::UnexpectedEof,
    ];
    match gone.contains(&cause.kind()) {
        true => LinkError::Closed,
        false => LinkError::Network(cause),
    }
}
