use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener},
    process,
    sync::mpsc::{SyncSender, sync_channel},
    thread::{self, park_timeout},
    time::{Duration, Instant},
};

use rumqttd::Broker;
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

use crate::{ListenConfig, ProbeError, nodelay, probe};

/// The longest that rumqttd may take to accept a connection.
const START_MAX: Duration = Duration::from_secs(10);

/// The pause between two looks at whether it does.
const LOOK: Duration = Duration::from_millis(5);

/// What a process ends with whose broker panicked.
const PANICKED: i32 = 70;

/// The line on standard output once connections are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// Where MQTT 5 is spoken.
    pub weir_broker_v5: SocketAddr,
    /// Where MQTT 3.1.1 is spoken.
    pub weir_broker_v4: Option<SocketAddr>,
}

/// Why a broker ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Another program listens there.
    #[error("cannot listen on {address}")]
    Address {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// rumqttd took too long.
    #[error("the broker accepted no connection within {} s", START_MAX.as_secs())]
    Start(#[source] ProbeError),
    /// rumqttd gave up.
    #[error("the broker ended: {words}")]
    Ended {
        /// What it says.
        words: String,
    },
    /// The system refused a thread or a signal handler.
    #[error("cannot start the broker")]
    System(#[source] io::Error),
}

/// Runs the broker on the calling thread, as a process of its own does: it says on standard output when it is ready (a
/// line of JSON, see [`Ready`]), and exits when its standard input ends, so that it never outlives its parent. SIGTERM
/// and SIGINT are left to the parent, which needs the broker for its own last words. A panic anywhere in rumqttd ends
/// the process, because rumqttd would go on without a router.
///
/// # Errors
/// Fails where it cannot listen, and where rumqttd gives up.
pub fn run(listen: ListenConfig) -> Result<(), RunError> {
    for address in listen.addresses() {
        // rumqttd only logs a failure to listen.
        TcpListener::bind(address).map_err(|cause| RunError::Address { address, cause })?;
    }
    end_with_panics();
    start("stdin", end_with_stdin)?;
    let (caught, waits) = sync_channel(1);
    start("signals", move || leave_signals_to_the_parent(&caught))?;
    // Ended without a word: the system gave no runtime or no handler, and the signals end the process as usual.
    waits.recv().unwrap_or_default();
    start("ready", move || {
        if let Err(error) = announce(listen) {
            tracing::error!("{error}");
            process::exit(1);
        }
    })?;
    let words = match Broker::new(listen.settings()).start() {
        Ok(()) => "no listener is left".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(RunError::Ended { words })
}

fn start(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), RunError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(body);
    thread.map(drop).map_err(RunError::System)
}

fn end_with_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        print(panic);
        process::exit(PANICKED);
    }));
}

fn end_with_stdin() {
    let mut ignored = [0; 64];
    while io::stdin().read(&mut ignored).is_ok_and(|bytes| bytes > 0) {}
    process::exit(0);
}

fn leave_signals_to_the_parent(caught: &SyncSender<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build();
    let Ok(runtime) = runtime else {
        return;
    };
    runtime.block_on(async {
        let signals = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        );
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
            return;
        };
        caught.send(()).unwrap_or_default();
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
    });
}

/// Waits until connections are accepted, and says so.
fn announce(listen: ListenConfig) -> Result<(), RunError> {
    let began = Instant::now();
    for address in listen.addresses() {
        let v5 = address == listen.v5();
        while let Err(error) = probe(address, v5, START_MAX) {
            if began.elapsed() > START_MAX {
                return Err(RunError::Start(error));
            }
            park_timeout(LOOK);
        }
    }
    match nodelay::on_listeners() {
        Ok(listeners) if listeners >= listen.addresses().count() => {}
        found => tracing::warn!(
            ?found,
            "small packets wait for delayed acknowledgements: latency is 40 ms"
        ),
    }
    let ready = Ready {
        weir_broker_v5: listen.v5(),
        weir_broker_v4: listen.v4(),
    };
    let line = serde_json::to_string(&ready).expect("addresses are JSON");
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(RunError::System)
}
