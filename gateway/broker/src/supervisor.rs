use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::{ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    select,
    sync::watch,
    task::{JoinHandle, spawn_blocking},
    time::{Instant, interval, sleep, timeout},
};

use crate::{Ready, probe};

/// Attempts at the first start, each on another port.
const PORTS_MAX: usize = 5;
/// The longest that a broker may take to be ready.
const READY_MAX: Duration = Duration::from_secs(15);
/// The longest that a broker may take to answer a probe, or to end.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// How often it is probed, and how often in a row it may fail to answer.
const PROBE_EVERY: Duration = Duration::from_secs(5);
const SILENCES_MAX: u32 = 2;
/// Pauses before a restart double from the first to the longest; a broker that lived that long starts over.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Keeps a broker alive in a child process.
#[derive(Debug)]
pub struct Supervisor {
    address: SocketAddr,
    restarts: Arc<AtomicU64>,
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Why the first start failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No port is free.
    #[error("cannot find a free port on the loopback interface")]
    NoPort(#[source] io::Error),
    /// The program cannot be run.
    #[error("cannot run the broker's program")]
    Spawn(#[source] io::Error),
    /// It ended before it was ready.
    #[error("the broker ended before it was ready: {status}")]
    Ended {
        /// How.
        status: ExitStatus,
    },
    /// It was not ready in time.
    #[error("the broker was not ready within {} s", READY_MAX.as_secs())]
    Late,
    /// Its process cannot be watched.
    #[error("cannot watch the broker's process")]
    Watch(#[source] io::Error),
}

/// A child that is ready. Its standard input is what keeps it alive, and is kept apart because waiting for a child
/// closes it; its standard output stays open for it to write to.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    _stdout: BufReader<ChildStdout>,
    since: Instant,
}

impl Supervisor {
    /// Starts a broker on this port (without one: on any that is free) and waits until it is ready. `command` makes the command that calls
    /// [`crate::run`] with the given port for MQTT 5; it is called again for each restart, always with the same port.
    ///
    /// # Errors
    /// Fails where no broker gets ready, after several ports were tried.
    pub async fn start(
        port: Option<u16>,
        command: impl Fn(u16) -> Command + Send + 'static,
    ) -> Result<Self, StartError> {
        let mut attempts = 1;
        let (port, running) = loop {
            let wanted = port;
            let port = wanted.map_or_else(free_port, Ok)?;
            match launch(command(port)).await {
                Ok(running) => break (port, running),
                // Another program may have taken the port in the meantime.
                Err(StartError::Ended { .. }) if wanted.is_none() && attempts < PORTS_MAX => {
                    attempts += 1
                }
                Err(error) => return Err(error),
            }
        };
        let address = (Ipv4Addr::LOCALHOST, port).into();
        let restarts = Arc::new(AtomicU64::new(0));
        let (stopping, stopped) = watch::channel(false);
        let watched = Watched {
            address,
            command: move || command(port),
            restarts: Arc::clone(&restarts),
            stopped,
        };
        Ok(Self {
            address,
            restarts,
            stopping,
            task: tokio::spawn(watched.keep(running)),
        })
    }

    /// Where MQTT 5 is spoken; the same across restarts.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// How often the broker was started again.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Relaxed)
    }

    /// Ends the broker.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!("the broker's supervisor failed: {error}");
        }
    }
}

struct Watched<C> {
    address: SocketAddr,
    command: C,
    restarts: Arc<AtomicU64>,
    stopped: watch::Receiver<bool>,
}

impl<C: Fn() -> Command> Watched<C> {
    /// Restarts the broker until it is told to stop, or its supervisor is dropped.
    async fn keep(mut self, first: Running) {
        let mut running = Some(first);
        let mut failures = 0_u32;
        loop {
            if let Some(mut broker) = running.take() {
                let why = select! {
                    why = watch_over(&mut broker, self.address) => why,
                    _ = self.stopped.changed() => return end(broker).await,
                };
                if broker.since.elapsed() > PAUSE_MAX {
                    failures = 0;
                }
                tracing::error!(
                    restarts = self.restarts.load(Relaxed),
                    "the embedded broker {why}; it is started again"
                );
                end(broker).await;
            }
            failures = failures.saturating_add(1);
            select! {
                () = sleep(pause(failures)) => {}
                _ = self.stopped.changed() => return,
            }
            self.restarts.fetch_add(1, Relaxed);
            match launch((self.command)()).await {
                Ok(broker) => running = Some(broker),
                Err(error) => tracing::error!("the embedded broker does not start: {error}"),
            }
        }
    }
}

fn pause(failures: u32) -> Duration {
    let doubled = PAUSE_MIN.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled.min(PAUSE_MAX).mul_f64(0.5 + fastrand::f64() / 2.0)
}

fn free_port() -> Result<u16, StartError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(StartError::NoPort)?;
    let address = listener.local_addr().map_err(StartError::NoPort)?;
    Ok(address.port())
}

async fn launch(mut command: Command) -> Result<Running, StartError> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(StartError::Spawn)?;
    let stdout = child.stdout.take().expect("standard output is piped");
    let mut stdout = BufReader::new(stdout);
    match timeout(READY_MAX, ready(&mut stdout)).await {
        Err(_) => Err(StartError::Late),
        Ok(Ok(true)) => Ok(Running {
            stdin: child.stdin.take(),
            child,
            _stdout: stdout,
            since: Instant::now(),
        }),
        Ok(Ok(false)) => {
            let status = child.wait().await.map_err(StartError::Watch)?;
            Err(StartError::Ended { status })
        }
        Ok(Err(error)) => Err(StartError::Watch(error)),
    }
}

/// Reads up to the line that says so. `false` means that the child ended before.
async fn ready(stdout: &mut BufReader<ChildStdout>) -> io::Result<bool> {
    let mut line = String::new();
    while stdout.read_line(&mut line).await? > 0 {
        if serde_json::from_str::<Ready>(&line).is_ok() {
            return Ok(true);
        }
        line.clear();
    }
    Ok(false)
}

/// Returns once the broker died or stopped answering, with what happened.
async fn watch_over(broker: &mut Running, address: SocketAddr) -> String {
    let mut probes = interval(PROBE_EVERY);
    let mut silences = 0;
    loop {
        select! {
            ended = broker.child.wait() => return match ended {
                Ok(status) => format!("ended ({status})"),
                Err(error) => format!("cannot be watched ({error})"),
            },
            _ = probes.tick() => {}
        }
        let answered = spawn_blocking(move || probe(address, true, ANSWER_MAX)).await;
        match answered {
            Ok(Ok(())) => silences = 0,
            Ok(Err(error)) => {
                silences += 1;
                if silences >= SILENCES_MAX {
                    return format!("does not answer ({error})");
                }
            }
            Err(error) => return format!("cannot be probed ({error})"),
        }
    }
}

/// Closes the child's standard input, and kills it where that is not enough.
async fn end(mut broker: Running) {
    drop(broker.stdin.take());
    if timeout(ANSWER_MAX, broker.child.wait()).await.is_err()
        && let Err(error) = broker.child.kill().await
    {
        tracing::error!("the embedded broker cannot be killed: {error}");
    }
}
