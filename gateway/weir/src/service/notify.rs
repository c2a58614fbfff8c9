//! What the service manager is told, by the protocol of sd_notify(3). Without one, nothing.

use std::{
    env,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use sd_notify::NotifyState;
use weir_mqtt::{LinkState, Observer};

/// How much more time is asked for while guests are compiled and opened, and how often.
const EXTENSION: Duration = Duration::from_secs(60);
const EXTEND_EVERY: Duration = Duration::from_secs(15);
/// The longest for which time is asked for one guest. Compiling and loading end by themselves before: the budget of a
/// guest of 16 MiB is 20 minutes, and three things are made of it.
const STEP_MAX: Duration = Duration::from_secs(3_600);

/// What is started, told to the service manager from a thread of its own.
pub(crate) struct Starting {
    steps: Option<SyncSender<String>>,
}

impl Starting {
    /// Begins to ask for time, where a service manager listens.
    pub(crate) fn begin() -> Self {
        let listens = env::var_os("NOTIFY_SOCKET").is_some();
        let (steps, told) = sync_channel(1);
        let thread = listens.then(|| {
            thread::Builder::new()
                .name("starting".to_owned())
                .spawn(move || tell_steps(&told))
        });
        let steps = thread.and_then(Result::ok).map(|_| steps);
        Self { steps }
    }

    /// What is done now.
    pub(crate) fn step(&self, words: &str) {
        if let Some(steps) = &self.steps
            && steps.send(words.to_owned()).is_err()
        {
            tracing::debug!("nobody tells the service manager what is started");
        }
    }
}

fn tell_steps(steps: &Receiver<String>) {
    let extension = u32::try_from(EXTENSION.as_micros()).unwrap_or(u32::MAX);
    let mut began = Instant::now();
    loop {
        if began.elapsed() < STEP_MAX {
            tell(&[NotifyState::ExtendTimeoutUsec(extension)]);
        }
        match steps.recv_timeout(EXTEND_EVERY) {
            Ok(words) => {
                began = Instant::now();
                tell(&[NotifyState::Status(&words)]);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The node takes messages as soon as its broker is there.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The node finishes what it accepted, which takes so long at most.
pub(crate) fn stopping(within: Duration) {
    let more = u32::try_from((within + EXTEND_EVERY).as_micros()).unwrap_or(u32::MAX);
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status("stopping: finishing what was accepted"),
        NotifyState::ExtendTimeoutUsec(more),
    ]);
}

/// Tells how the link is, whenever these words change, until the session ends.
pub(crate) async fn follow(mut observer: Observer, words: impl Fn(&LinkState) -> String) {
    let mut told = String::new();
    loop {
        let state = observer.wait_for(|state| words(state) != told).await;
        let now = words(&state);
        if now == told {
            return;
        }
        tell(&[NotifyState::Status(&now)]);
        told = now;
    }
}

/// The node lives.
pub(super) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!("the service manager does not listen: {error}");
    }
}
