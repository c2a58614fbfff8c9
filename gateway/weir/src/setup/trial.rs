//! The test message: to the broker, as a sensor would send it; where no node answers, through the pipeline in this
//! process.

use std::{
    io::{Write, stdout},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use bytes::Bytes;
use tempfile::NamedTempFile;
use tokio::time::timeout;
use weir_mqtt::{Grant, LinkState, Session, SessionConfig, Subscription};
use weir_pipeline::topics;
use weir_profile::{Codec, DeviceId, Pipeline, Settings};
use weir_transport::{Message, Outgoing, QoS};

use crate::{
    cli::{ConfigArgs, TestArgs},
    command, link,
};

use payload::payloads;

mod payload;

/// The device of a test message where there is no user whose rights count.
const DEVICE: &str = "weir-setup";
/// For the broker to take a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// For a node to answer.
const ANSWER_WAIT: Duration = Duration::from_secs(15);

/// Sends a test message and prints what comes back.
pub(super) fn run(config: &ConfigArgs, pipeline: &str) -> Result<()> {
    let Ok(loaded) = command::load(config) else {
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
            writeln!(stdout(), "{why}; the same in this process:")?;
            in_process(config, pipeline, device, &payloads)
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
            for payload in payloads {
                let mut message =
                    Outgoing::new(topic(pipeline, device), Bytes::from(payload.clone()));
                message.properties.response_topic = Some(reply.clone());
                session.sink.send(message).await?;
            }
            match timeout(ANSWER_WAIT, session.deliveries.recv()).await {
                Ok(Some(delivery)) => {
                    let message = delivery.message.clone();
                    delivery.ticket.settle();
                    Ok(message)
                }
                Ok(None) | Err(_) => Err(silence(&session.observer.state())),
            }
        }
        Ok(_) | Err(_) => Err("the broker takes no connection".to_owned()),
    };
    session.control.drain(Duration::from_secs(1)).await;
    Ok(answer)
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

fn in_process(
    config: &ConfigArgs,
    pipeline: &Pipeline,
    device: &str,
    payloads: &[String],
) -> Result<()> {
    let mut file = NamedTempFile::new()?;
    for payload in payloads {
        writeln!(file, "{payload}")?;
    }
    file.flush()?;
    command::test(&TestArgs {
        pipeline: pipeline.name.to_string(),
        input: file.path().to_owned(),
        device: device.to_owned(),
        model_id: None,
        config: config.clone(),
    })?;
    Ok(())
}
