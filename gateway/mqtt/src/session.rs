use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, Interval, MissedTickBehavior, interval, timeout_at},
};
use weir_transport::{Delivery, Sink};

use crate::{
    ConfigError, ConnectionState, LinkError, LinkState, Observer, SessionConfig, backoff::Pauses,
    config, consume::Consumer, publish::Publisher, state::Shared, tls,
};

/// A running session, in the parts that different owners take.
#[derive(Debug)]
pub struct Session {
    /// Messages, in the order of arrival. Ends once the intake is closed and everything was handed over.
    pub deliveries: mpsc::Receiver<Delivery>,
    /// Where results go.
    pub sink: Sink,
    /// What is observed.
    pub observer: Observer,
    /// Ends the session. Dropping it ends the session at once, as a crash would: the broker sends the Last Will.
    pub control: Control,
}

/// Ends a session in order.
#[derive(Debug)]
pub struct Control {
    phase: watch::Sender<Phase>,
    shared: Arc<Shared>,
    consumer: JoinHandle<()>,
    publisher: JoinHandle<usize>,
}

/// What a drain left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainReport {
    /// Messages that were handed over and not settled: the broker sends them again to the next session.
    pub unsettled: usize,
    /// Outgoing messages that were not safe.
    pub unsent: usize,
    /// Whether both connections ended in time, the offline status published where one was asked for.
    pub clean: bool,
}

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Everything flows.
    Running,
    /// Nothing new is handed over.
    Closing,
    /// What waits to be sent is sent until then; then both connections end.
    Ending {
        /// The last moment.
        until: Instant,
    },
}

impl Session {
    /// Starts the two connections, on the current tokio runtime. An absent broker is no error: both keep trying.
    ///
    /// # Errors
    /// Fails where the configuration can never work.
    pub fn start(config: SessionConfig) -> Result<Self, ConfigError> {
        config::check(&config)?;
        let encryption = tls::encryption(&config.endpoint)?;
        let config = Arc::new(config);
        let (handed, deliveries) = mpsc::channel(usize::from(config.receive_max));
        let (sink, queue) = Sink::bounded(config.outbox_messages_max);
        let (shared, observer) = Shared::new(sink.clone());
        let (phase, phases) = watch::channel(Phase::Running);
        let consumer = Consumer::new(
            Arc::clone(&config),
            encryption.clone(),
            Arc::clone(&shared),
            phases.clone(),
            handed,
        );
        let publisher = Publisher::new(config, encryption, Arc::clone(&shared), phases, queue);
        let control = Control {
            phase,
            shared,
            consumer: tokio::spawn(consumer.run()),
            publisher: tokio::spawn(publisher.run()),
        };
        Ok(Self {
            deliveries,
            sink,
            observer,
            control,
        })
    }
}

impl Control {
    /// Stops taking messages from the broker, which keeps them for the next session. `deliveries` ends after what was
    /// handed over; acknowledgements and results still flow.
    pub fn close_intake(&self) {
        self.phase.send_if_modified(|phase| {
            let running = *phase == Phase::Running;
            if running {
                *phase = Phase::Closing;
            }
            running
        });
    }

    /// Ends the session: closes the intake, waits until everything handed over is settled and everything in the
    /// outbox is safe, publishes the offline status and disconnects both connections. Takes a second longer than
    /// `within` at most.
    ///
    /// Results of messages that entered a window carry no ticket: let the pipelines finish before, or their last
    /// results find the sink closed.
    pub async fn drain(mut self, within: Duration) -> DrainReport {
        let until = Instant::now() + within;
        self.close_intake();
        // Late is no fault here: the report says what is left.
        let settled = timeout_at(until, self.shared.tally.empty()).await;
        self.phase.send_replace(Phase::Ending { until });
        let grace = until + Duration::from_secs(1);
        let consumer = ended(&mut self.consumer, grace).await;
        let left = ended(&mut self.publisher, grace).await;
        DrainReport {
            unsettled: self.shared.tally.unsettled(),
            unsent: left.unwrap_or(0),
            clean: settled.is_ok() && consumer.is_some() && left == Some(0),
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.consumer.abort();
        self.publisher.abort();
    }
}

async fn ended<T>(task: &mut JoinHandle<T>, by: Instant) -> Option<T> {
    timeout_at(by, task).await.ok()?.ok()
}

/// The next change of phase. Where the control was dropped there is none: the task is about to be aborted.
pub(crate) async fn next_phase(phase: &mut watch::Receiver<Phase>) -> Phase {
    match phase.changed().await {
        Ok(()) => *phase.borrow_and_update(),
        Err(_) => std::future::pending().await,
    }
}

/// How often a connection is looked at: often enough for its shortest limit, once a second as a rule.
pub(crate) fn ticks(config: &SessionConfig) -> Interval {
    let shortest = [
        config.keep_alive,
        config.connect_timeout,
        config.unsettled_max_age,
        config.backoff.max,
    ];
    let shortest = shortest.into_iter().min().unwrap_or_default() / 4;
    let mut ticks = interval(shortest.clamp(Duration::from_millis(5), Duration::from_secs(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// The attempts of one connection: what is logged, counted and waited for between them.
pub(crate) struct Retry {
    name: &'static str,
    address: String,
    pauses: Pauses,
    shared: Arc<Shared>,
    part: fn(&mut LinkState) -> &mut ConnectionState,
}

impl Retry {
    pub(crate) fn new(
        name: &'static str,
        config: &SessionConfig,
        shared: Arc<Shared>,
        part: fn(&mut LinkState) -> &mut ConnectionState,
    ) -> Self {
        Self {
            name,
            address: format!("{}:{}", config.endpoint.host, config.endpoint.port),
            pauses: Pauses::new(config.backoff),
            shared,
            part,
        }
    }

    pub(crate) fn connected(&self) {
        tracing::info!(broker = %self.address, "{} connection stands", self.name);
        self.shared.change(|state| {
            let connection = (self.part)(state);
            connection.turns(true);
            connection.connections += 1;
        });
    }

    pub(crate) fn ended(&self) {
        self.shared.change(|state| (self.part)(state).turns(false));
    }

    /// Notes why a connection failed, and says how long to wait before the next attempt.
    pub(crate) fn failed(&mut self, lived: Duration, error: &LinkError) -> Duration {
        let pause = self.pauses.after(lived, error.is_lasting());
        let failures = self.pauses.failures();
        let words = error.in_words();
        // At growing intervals: a broker that stays away fills no log.
        if failures.is_power_of_two() {
            let again = format!("{:.1} s", pause.as_secs_f64());
            tracing::warn!(broker = %self.address, failures, again_in = %again, "no {} connection: {words}", self.name);
        }
        self.shared.change(|state| {
            let connection = (self.part)(state);
            connection.turns(false);
            connection.failures = failures;
            connection.last_error = Some(words);
            connection.last_fault = Some(error.fault());
        });
        pause
    }
}
