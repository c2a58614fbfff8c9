//! The limit that Weir is compared with: an echo with the same promise, and nothing else.
//!
//! Two connections, as a node has them. A message is published back as it is, and acknowledged once the broker has
//! confirmed that publish, in the order of arrival. A lost connection ends it: it is a measure, not a service.

use std::collections::{HashMap, VecDeque};

use anyhow::{Context, Result, bail};
use clap::Parser;
use rumqttc::{
    NetworkOptions, Outgoing,
    v5::{
        AsyncClient, Event, EventLoop, MqttOptions,
        mqttbytes::{
            QoS,
            v5::{Packet, Publish},
        },
    },
};
use tokio::sync::mpsc;

/// More than any window that the bench keeps in flight.
const RECEIVE_MAX: u16 = 1000;
const REQUESTS_MAX: usize = 2 * 1000;

/// Publishes every message back, and acknowledges it once that is safe.
#[derive(Debug, Parser)]
struct Options {
    /// The broker's port, on loopback.
    #[arg(long)]
    port: u16,
    /// The filter to subscribe; its second segment names the device.
    #[arg(long)]
    input: String,
    /// The topic under which the device's answers go.
    #[arg(long)]
    output: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let (input, input_events) = connection(&options, "bench-echo-in");
    let (output, output_events) = connection(&options, "bench-echo-out");
    input
        .try_subscribe(&options.input, QoS::AtLeastOnce)
        .context("the request channel is empty")?;
    let (published, to_settle) = mpsc::channel(usize::from(RECEIVE_MAX));
    tokio::try_join!(
        receive(input_events, output, published, &options.output),
        settle(output_events, input, to_settle),
    )?;
    Ok(())
}

fn connection(options: &Options, id: &str) -> (AsyncClient, EventLoop) {
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    let mut mqtt = MqttOptions::new(id, "127.0.0.1", options.port);
    mqtt.set_receive_maximum(Some(RECEIVE_MAX))
        .set_outgoing_inflight_upper_limit(RECEIVE_MAX)
        .set_manual_acks(true)
        .set_network_options(network);
    AsyncClient::new(mqtt, REQUESTS_MAX)
}

/// Takes messages in and hands them to the other connection.
async fn receive(
    mut events: EventLoop,
    output: AsyncClient,
    published: mpsc::Sender<Publish>,
    prefix: &str,
) -> Result<()> {
    loop {
        let Event::Incoming(Packet::Publish(publish)) = events.poll().await? else {
            continue;
        };
        let topic = std::str::from_utf8(&publish.topic)?;
        let device = topic.split('/').nth(1).context("no device in the topic")?;
        let answer = format!("{prefix}/{device}");
        output.try_publish(answer, QoS::AtLeastOnce, false, publish.payload.clone())?;
        published
            .try_send(publish)
            .context("more messages than the receive maximum")?;
    }
}

/// Acknowledges each message once its answer is confirmed, never before an earlier one.
async fn settle(
    mut events: EventLoop,
    input: AsyncClient,
    mut published: mpsc::Receiver<Publish>,
) -> Result<()> {
    let mut next: u64 = 0;
    let mut numbers: HashMap<u16, u64> = HashMap::new();
    let mut waiting: VecDeque<(Publish, bool)> = VecDeque::new();
    let mut first: u64 = 0;
    loop {
        match events.poll().await? {
            Event::Outgoing(Outgoing::Publish(id)) => {
                numbers.insert(id, next);
                next += 1;
                let publish = published.recv().await.context("the other half has ended")?;
                waiting.push_back((publish, false));
            }
            Event::Incoming(Packet::PubAck(ack)) => {
                let Some(number) = numbers.remove(&ack.pkid) else {
                    bail!("the broker confirmed what was not sent");
                };
                waiting[usize::try_from(number - first)?].1 = true;
                while waiting.front().is_some_and(|(_, safe)| *safe) {
                    if let Some((publish, _)) = waiting.pop_front() {
                        input.try_ack(&publish)?;
                        first += 1;
                    }
                }
            }
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }
}
