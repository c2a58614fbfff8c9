//! Simulated pumps: each publishes its vibration as a real sensor would, over TCP, one JSON sample a message.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use tokio::time::{Instant, MissedTickBehavior, interval};
use vibration_generator::{Condition, Pump, SAMPLE_HZ, Split};
use weir_transport::{Acknowledge, Outgoing, Sink, Ticket};

/// Between two bursts of samples.
const TICK: Duration = Duration::from_millis(10);
/// Of how many samples one arrives broken: a loose cable.
const BROKEN_EVERY: u64 = 1_500;

/// One pump of the demo.
struct Simulated {
    device: &'static str,
    pump: Pump,
    /// What it turns into half-way.
    turns: Option<Condition>,
    cable_loose: bool,
    published: u64,
}

/// What the broker has confirmed to the pumps.
#[derive(Debug, Default)]
pub(super) struct Confirmed(AtomicU64);

impl Confirmed {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

impl Acknowledge for Confirmed {
    fn settled(&self, _sequence: u64) {
        self.0.fetch_add(1, Ordering::Release);
    }

    fn abandoned(&self, _sequence: u64) {}
}

/// The devices, their condition at the start and later.
fn pumps() -> Vec<Simulated> {
    let rows = [
        ("pump-1", Condition::Normal, None),
        ("pump-2", Condition::Imbalance, None),
        ("pump-3", Condition::BearingFault, None),
        ("pump-4", Condition::Looseness, None),
        ("pump-5", Condition::Normal, Some(Condition::BearingFault)),
    ];
    let simulated = |(number, (device, condition, turns))| Simulated {
        device,
        pump: Pump::new(Split::Demo.seed(number), condition),
        turns,
        cable_loose: device == "pump-2",
        published: 0,
    };
    (0..).zip(rows).map(simulated).collect()
}

/// Publishes until `stop`; half-way to it (or after ten seconds) one pump turns faulty. Gives the number published.
pub(super) async fn publish(
    sink: Sink,
    confirmed: Arc<Confirmed>,
    turn_after: Duration,
    mut stop: tokio::sync::watch::Receiver<bool>,
) -> u64 {
    let mut pumps = pumps();
    let begin = Instant::now();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut samples_sent = 0_u64;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.changed() => break,
        }
        let elapsed = begin.elapsed();
        if elapsed >= turn_after {
            turn(&mut pumps);
        }
        let due = samples_due(elapsed);
        for _ in samples_sent..due {
            for pump in &mut pumps {
                if sink.send(pump.message(&confirmed)).await.is_err() {
                    return pumps.iter().map(|pump| pump.published).sum();
                }
            }
        }
        samples_sent = due;
    }
    pumps.iter().map(|pump| pump.published).sum()
}

fn turn(pumps: &mut [Simulated]) {
    for pump in pumps {
        if let Some(condition) = pump.turns.take() {
            pump.pump.set_condition(condition);
        }
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of samples: positive, and far below 2^53"
)]
fn samples_due(elapsed: Duration) -> u64 {
    (elapsed.as_secs_f64() * SAMPLE_HZ) as u64
}

impl Simulated {
    /// The next sample, in thousandths of g.
    fn message(&mut self, confirmed: &Arc<Confirmed>) -> Outgoing {
        self.published += 1;
        let [ax, ay, az] = self.pump.next_sample().map(|g| g * 1_000.0);
        let time = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs_f64();
        let payload = if self.cable_loose && self.published.is_multiple_of(BROKEN_EVERY) {
            format!(r#"{{"t":{time:.4},"ax":{ax:.2},"ay":null,"az":{az:.2}}}"#)
        } else {
            format!(r#"{{"t":{time:.4},"ax":{ax:.2},"ay":{ay:.2},"az":{az:.2}}}"#)
        };
        let acknowledge: Arc<dyn Acknowledge> = Arc::<Confirmed>::clone(confirmed);
        Outgoing {
            ticket: Some(Ticket::new(acknowledge, 0)),
            ..Outgoing::new(
                format!("sensors/{}/vibration", self.device),
                Bytes::from(payload),
            )
        }
    }
}
