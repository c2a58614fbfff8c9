use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use hdrhistogram::Histogram;
use rumqttc::v5::mqttbytes::{
    QoS,
    v5::{Packet, PubAck, Publish},
};
use tokio::time::timeout;

use crate::{contestants::Topics, wire::Wire};

/// 32 f32, as the network wants them.
pub(crate) const PAYLOAD_BYTES: usize = 128;

const STALL: Duration = Duration::from_secs(10);
const PROBE_PAUSE: Duration = Duration::from_millis(200);
const LATENCY_US_MAX: u64 = 60_000_000;

/// A sensor and a dashboard in one: publishes on one connection and sees results on another, closed loop.
#[derive(Debug)]
pub(crate) struct Generator {
    publisher: Wire,
    dashboard: Wire,
    /// What each device publishes, in turn. Each device's results come in the order of its messages.
    devices: Vec<Publish>,
    payload: Bytes,
    topics: Topics,
    /// When the messages of each device left that have no result yet.
    sent_at: Vec<VecDeque<Instant>>,
    packet_id: u16,
    sent: u64,
    confirmed: u64,
    answered: u64,
}

/// What one measurement saw.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Results after the warm-up.
    pub(crate) results: u64,
    /// Results with those of the warm-up and of the end, when nothing more is sent.
    pub(crate) total: u64,
    pub(crate) elapsed: Duration,
    pub(crate) latency_us: Histogram<u64>,
}

impl Generator {
    pub(crate) async fn connect(port: u16, name: &str, topics: Topics) -> Result<Self> {
        let publisher = Wire::connect(port, &format!("bench-sensors-{name}")).await?;
        let mut dashboard = Wire::connect(port, &format!("bench-dashboard-{name}")).await?;
        let filters = topics.answers();
        let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
        dashboard.subscribe(&filters).await?;
        let payload = payload();
        let devices: Vec<Publish> = (0..topics.devices)
            .map(|device| message(topics.input(&format!("d{device}"), device), &payload))
            .collect();
        Ok(Self {
            publisher,
            dashboard,
            devices,
            payload,
            sent_at: vec![VecDeque::new(); topics.devices],
            topics,
            packet_id: 0,
            sent: 0,
            confirmed: 0,
            answered: 0,
        })
    }

    /// Sends one message at a time, from a device of its own, until a result comes: the contestant is ready.
    ///
    /// Gives that result's payload.
    pub(crate) async fn first_result(&mut self, deadline: Duration) -> Result<Bytes> {
        let end = Instant::now() + deadline;
        let probe = message(self.topics.input("probe", 0), &self.payload);
        while Instant::now() < end {
            self.publish(&probe)?;
            self.publisher.flush().await?;
            let answer = timeout(PROBE_PAUSE, self.probe_answer()).await;
            self.settle_confirmations().await?;
            if let Ok(answer) = answer {
                return answer;
            }
        }
        bail!("no result after {deadline:?}")
    }

    async fn probe_answer(&mut self) -> Result<Bytes> {
        loop {
            while let Some(packet) = self.dashboard.ready()? {
                if let Packet::Publish(publish) = packet {
                    self.check_reject(&publish)?;
                    self.acknowledge(&publish)?;
                    self.dashboard.flush().await?;
                    return Ok(publish.payload);
                }
            }
            self.dashboard.fill().await?;
        }
    }

    /// Waits until every publish of the probe is confirmed, and starts counting anew.
    async fn settle_confirmations(&mut self) -> Result<()> {
        while self.confirmed < self.sent {
            self.read_confirmations()?;
            if self.confirmed < self.sent {
                timeout(STALL, self.publisher.fill())
                    .await
                    .context("the broker confirms nothing")??;
            }
        }
        (self.sent, self.confirmed, self.answered) = (0, 0, 0);
        Ok(())
    }

    /// Keeps `window` messages in flight, and counts after the warm-up.
    pub(crate) async fn measure(
        &mut self,
        window: usize,
        warm_up: Duration,
        duration: Duration,
    ) -> Result<Measured> {
        let mut latency_us = Histogram::new_with_bounds(1, LATENCY_US_MAX, 3)?;
        let total_before = self.answered;
        let counted_from = Instant::now() + warm_up;
        let end = counted_from + duration;
        let mut results = 0;
        loop {
            let now = Instant::now();
            if now >= end {
                break;
            }
            self.fill_window(window, now)?;
            self.publisher.flush().await?;
            self.wait().await?;
            let seen = Instant::now();
            self.read_confirmations()?;
            let counted = (seen >= counted_from).then_some(&mut latency_us);
            let count = self.read_results(seen, counted)?;
            if seen >= counted_from && seen <= end {
                results += count;
            }
            self.dashboard.flush().await?;
        }
        self.drain().await?;
        Ok(Measured {
            results,
            total: self.answered - total_before,
            elapsed: duration,
            latency_us,
        })
    }

    /// A message is in flight until it is confirmed and its result seen.
    fn in_flight(&self) -> u64 {
        self.sent - self.confirmed.min(self.answered)
    }

    fn fill_window(&mut self, window: usize, now: Instant) -> Result<()> {
        let window = u64::try_from(window)?;
        let unconfirmed_max = u64::from(self.publisher.receive_max);
        while self.in_flight() < window && self.sent - self.confirmed < unconfirmed_max {
            let device = usize::try_from(self.sent)? % self.devices.len();
            let publish = self.devices[device].clone();
            self.publish(&publish)?;
            self.sent_at[device].push_back(now);
        }
        Ok(())
    }

    fn publish(&mut self, message: &Publish) -> Result<()> {
        let mut publish = message.clone();
        self.packet_id = self.packet_id % u16::MAX + 1;
        publish.pkid = self.packet_id;
        self.sent += 1;
        self.publisher.queue(&Packet::Publish(publish))
    }

    async fn wait(&mut self) -> Result<()> {
        let (sent, answered) = (self.sent, self.answered);
        let (publisher, dashboard) = (&mut self.publisher, &mut self.dashboard);
        let either = async {
            tokio::select! {
                filled = dashboard.fill() => filled,
                filled = publisher.fill() => filled,
            }
        };
        timeout(STALL, either)
            .await
            .with_context(|| format!("stalled: {sent} messages, {answered} results"))?
    }

    fn read_confirmations(&mut self) -> Result<()> {
        while let Some(packet) = self.publisher.ready()? {
            let Packet::PubAck(_) = packet else {
                bail!("the broker sends {packet:?} to the sensors");
            };
            self.confirmed += 1;
        }
        Ok(())
    }

    fn read_results(
        &mut self,
        seen: Instant,
        mut latency_us: Option<&mut Histogram<u64>>,
    ) -> Result<u64> {
        let before = self.answered;
        while let Some(packet) = self.dashboard.ready()? {
            let Packet::Publish(publish) = packet else {
                bail!("the broker sends {packet:?} to the dashboard");
            };
            self.check_reject(&publish)?;
            self.acknowledge(&publish)?;
            let Some(device) = device(&publish.topic) else {
                continue;
            };
            let sent_at = self
                .sent_at
                .get_mut(device)
                .and_then(VecDeque::pop_front)
                .context("a result without a message: a duplicate?")?;
            self.answered += 1;
            if let Some(latency_us) = latency_us.as_deref_mut() {
                let waited = u64::try_from(seen.duration_since(sent_at).as_micros())?;
                latency_us.saturating_record(waited);
            }
        }
        Ok(self.answered - before)
    }

    async fn drain(&mut self) -> Result<()> {
        while self.in_flight() > 0 {
            self.wait().await?;
            self.read_confirmations()?;
            self.read_results(Instant::now(), None)?;
            self.dashboard.flush().await?;
        }
        Ok(())
    }

    fn acknowledge(&mut self, publish: &Publish) -> Result<()> {
        ensure!(
            publish.qos == QoS::AtLeastOnce,
            "a result at {:?}: the contestants promise QoS 1",
            publish.qos
        );
        let ack = PubAck::new(publish.pkid, None);
        self.dashboard.queue(&Packet::PubAck(ack))
    }

    fn check_reject(&self, publish: &Publish) -> Result<()> {
        let topic = String::from_utf8_lossy(&publish.topic);
        if self.topics.is_reject(&topic) {
            bail!("a reject: {}", String::from_utf8_lossy(&publish.payload));
        }
        Ok(())
    }
}

fn message(topic: String, payload: &Bytes) -> Publish {
    Publish::new(topic, QoS::AtLeastOnce, payload.clone(), None)
}

/// The number in a results topic that ends with `d<number>`; none for the probe's late results.
fn device(topic: &[u8]) -> Option<usize> {
    let topic = std::str::from_utf8(topic).ok()?;
    let (_, device) = topic.rsplit_once('/')?;
    device.strip_prefix('d')?.parse().ok()
}

/// Logarithms of spectral bands that look like a machine's: falling, with one peak.
fn payload() -> Bytes {
    let bands = (0_u8..32).map(|band| {
        let peak = if band == 9 { 2.0 } else { 0.0 };
        -8.0 - f32::from(band) / 16.0 + peak
    });
    bands.flat_map(f32::to_le_bytes).collect()
}
