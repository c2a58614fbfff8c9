//! The test message: to the broker, as a sensor would send it; where no node answers, through the pipeline alone.

use std::{
    io::{Write, stdout},
    path::Path,
    process::Stdio,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use bytes::Bytes;
use serde::Deserialize;
use tokio::time::timeout;
use weir_mqtt::{Grant, LinkState, Session, SessionConfig, Subscription};
use weir_pipeline::topics;
use weir_profile::{Codec, DeviceId, Pipeline, Settings};
use weir_transport::{Message, Outgoing, QoS};

use crate::{cli::ConfigArgs, command, link};

use super::services;
use payload::payloads;

mod payload;

/// The device of a test message where there is no user whose rights count.
const DEVICE: &str = "weir-setup";
/// For the broker to take a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// For a node to answer; one that was just started may not have subscribed yet, and hears the next attempt.
const ANSWER_WAIT: Duration = Duration::from_secs(3);
const ATTEMPTS_MAX: u32 = 5;

/// What is read of a result or a reject.
#[derive(Deserialize)]
struct Answer {
    pipeline: String,
}

/// Sends a test message and prints what comes back.
pub(super) fn run(config: &Path, pipeline: &str) -> Result<()> {
    let args = ConfigArgs {
        config: config.to_owned(),
        set: Vec::new(),
    };
    let Ok(loaded) = command::load(&args) else {
        return Ok(());
    };
    let settings = loaded.settings;
    let pipeline = settings
        .pipelines
        .iter()
        .find(|known| known.name.as_str() == pipeline)
        .context("the pipeline was just written")?;
    let Codec::Json { fields, time } = &pipeline.decode.codec else {
        writeln!(
            stdout(),
            "there is no test message for this codec: see `weir test --help`"
        )?;
        return Ok(());
    };
    let device = match &settings.broker.credentials {
        Some((user, _)) if user.parse::<DeviceId>().is_ok() => user.as_str(),
        Some(_) | None => DEVICE,
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let payloads = payloads(pipeline, fields, time.as_deref(), now.as_secs_f64());
    let words = if payloads.len() == 1 {
        "a test message".to_owned()
    } else {
        format!("{} test messages, a whole window,", payloads.len())
    };
    writeln!(stdout(), "\nsending {words} to {}", topic(pipeline, device))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(by_broker(&settings, pipeline, device, &payloads))?;
    match answer {
        Ok(answer) => print(&answer),
        Err(why) => {
            writeln!(stdout(), "{why}; the same by `weir test`:")?;
            by_itself(config, pipeline, device, &payloads)
        }
    }
}

/// The topic that a device of this name would publish to.
fn topic(pipeline: &Pipeline, device: &str) -> String {
    let topic = pipeline.topic.pattern.replace("{device}", device);
    topic.replace(['+', '#'], DEVICE)
}

/// What a running node answers, or why there is no answer.
async fn by_broker(
    settings: &Settings,
    pipeline: &Pipeline,
    device: &str,
    payloads: &[String],
) -> Result<Result<Message, String>> {
    let id: DeviceId = device.parse()?;
    let reply = format!("replies/{device}/setup");
    let root = &settings.node.root;
    let wanted = [
        topics::result(root, &pipeline.name, &id),
        topics::reject(root, &pipeline.name, Some(&id)),
        reply.clone(),
    ];
    let config = SessionConfig {
        client_id: format!("weir-setup-{}", std::process::id()),
        session_expiry: Duration::ZERO,
        subscriptions: wanted.into_iter().map(subscription).collect(),
        ..link::connection(&settings.broker, None)
    };
    let mut session = Session::start(config)?;
    let ready = session
        .observer
        .wait_for(|state| failed(state) || is_ready(state));
    let state = timeout(CONNECT_WAIT, ready).await;
    let answer = match state {
        Ok(state) if is_ready(&state) => {
            asked(&mut session, pipeline, device, &reply, payloads).await?
        }
        Ok(_) | Err(_) => Err("the broker takes no connection".to_owned()),
    };
    session.control.drain(Duration::from_secs(1)).await;
    Ok(answer)
}

/// The next answer of this pipeline: others, of this node and of others, may take the same topic.
async fn answer(session: &mut Session, pipeline: &Pipeline) -> Option<Message> {
    loop {
        let delivery = session.deliveries.recv().await?;
        let message = delivery.message.clone();
        delivery.ticket.settle();
        let said = serde_json::from_slice::<Answer>(&message.payload);
        if said.is_ok_and(|said| said.pipeline == pipeline.name.as_str()) {
            return Some(message);
        }
    }
}

async fn asked(
    session: &mut Session,
    pipeline: &Pipeline,
    device: &str,
    reply: &str,
    payloads: &[String],
) -> Result<Result<Message, String>> {
    let topic = topic(pipeline, device);
    for _ in 0..ATTEMPTS_MAX {
        for payload in payloads {
            let mut message = Outgoing::new(topic.as_str(), Bytes::from(payload.clone()));
            message.properties.response_topic = Some(reply.to_owned());
            session.sink.send(message).await?;
        }
        if let Ok(Some(answer)) = timeout(ANSWER_WAIT, answer(session, pipeline)).await {
            return Ok(Ok(answer));
        }
        if session.observer.state().refused.is_some() {
            break;
        }
    }
    Ok(Err(silence(&session.observer.state())))
}

fn subscription(filter: impl Into<String>) -> Subscription {
    Subscription {
        filter: filter.into(),
        qos: QoS::AtLeastOnce,
        retained: false,
    }
}

fn is_ready(state: &LinkState) -> bool {
    let answered = |it: &weir_mqtt::SubscriptionState| it.grant != Grant::Awaited;
    state.outgoing.connected && state.incoming.connected && state.subscriptions.iter().all(answered)
}

fn failed(state: &LinkState) -> bool {
    state.outgoing.failures > 0 || state.incoming.failures > 0
}

fn silence(state: &LinkState) -> String {
    match &state.refused {
        Some(refused) => format!("the broker refused {} ({})", refused.topic, refused.words),
        None => "no node answered: the service does not run yet, or has another configuration"
            .to_owned(),
    }
}

fn print(answer: &Message) -> Result<()> {
    let text = String::from_utf8_lossy(&answer.payload);
    writeln!(stdout(), "answer on {}\n{text}", answer.topic.as_str())?;
    Ok(())
}

fn by_itself(config: &Path, pipeline: &Pipeline, device: &str, payloads: &[String]) -> Result<()> {
    let words = [
        "test",
        pipeline.name.as_str(),
        "--device",
        device,
        "--input",
        "-",
    ];
    let mut weir = services::weir(&words, config)?;
    let mut child = weir
        .stdin(Stdio::piped())
        .spawn()
        .context("failed to start weir test")?;
    let mut stdin = child.stdin.take().context("its standard input is piped")?;
    for payload in payloads {
        writeln!(stdin, "{payload}")?;
    }
    drop(stdin);
    child.wait()?;
    Ok(())
}
