use std::{io::Write, time::Duration};

use anyhow::Result;
use weir_health::Observed;
use weir_mqtt::Session;
use weir_profile::{BrokerUrl, Severity};

use crate::{
    cli::CheckArgs,
    command::{fits, settings},
    engines::Engines,
    exit::Exit,
    link, node,
    prepare::{Prepared, chain, finding},
};

/// How long a broker may take to answer.
const BROKER_WAIT: Duration = Duration::from_secs(10);

/// `weir check`: everything that `weir run` would refuse, without running.
pub(crate) fn check(args: &CheckArgs) -> Result<Exit> {
    let (prepared, engines) = match settings::prepared(&args.config)? {
        Ok(ready) => ready,
        Err(exit) => return Ok(exit),
    };
    let mut out = std::io::stdout().lock();
    let mut findings = Vec::new();
    for pipeline in &prepared.pipelines {
        let key = format!("pipeline.{}", pipeline.pipeline.name);
        for lane in &pipeline.lanes {
            let observed = Observed::new(pipeline.pipeline.name.to_string());
            let opened = lane
                .load(&engines)
                .and_then(|guest| Ok(guest.open(&observed)?));
            match opened {
                Ok(_) => {
                    let (took, memory) = observed.guest();
                    let guest = lane.guest_version();
                    let model = lane.model_version().map(|model| format!(" with {model}"));
                    writeln!(
                        out,
                        "ok: {key}: {guest}{} opens on {} in {} ms, {} of {} KiB of guest memory (profile {}, class {}; features: {})",
                        model.unwrap_or_default(),
                        lane.engine.engine,
                        took.as_millis(),
                        memory / 1_024,
                        lane.profile.limits.memory_bytes_max / 1_024,
                        lane.profile.name,
                        lane.profile.class,
                        fits::features(lane),
                    )?;
                }
                Err(error) => findings.push(node::refusal(pipeline, &error)),
            }
        }
    }
    if !args.offline {
        findings.extend(broker(&prepared, &mut out)?);
    }
    for note in engines.notes() {
        writeln!(out, "note: {note}")?;
    }
    for engine in absent(&engines) {
        writeln!(out, "{engine}")?;
    }
    settings::print(&findings);
    if findings.is_empty() {
        writeln!(
            out,
            "ok: `weir run` would start{}",
            if args.offline {
                " (broker not tried)"
            } else {
                ""
            }
        )?;
        return Ok(Exit::Done);
    }
    Ok(Exit::Refused)
}

fn absent(engines: &Engines) -> impl Iterator<Item = String> {
    let words = |absent: crate::engines::Absent| {
        format!(
            "note: engine {} is absent: {}",
            absent.engine, absent.reason
        )
    };
    engines.absent().into_iter().map(words)
}

/// Connects once and disconnects: no subscription, no message, and no effect on a running node's session.
fn broker(prepared: &Prepared, out: &mut impl Write) -> Result<Option<weir_profile::Finding>> {
    let settings = &prepared.settings.broker;
    let BrokerUrl::Remote { host, port, .. } = &settings.url else {
        writeln!(
            out,
            "ok: broker.url: the embedded broker is started by `weir run`"
        )?;
        return Ok(None);
    };
    let mut config = link::connection(settings, None);
    config.client_id = format!("weir-check-{}", std::process::id());
    config.session_expiry = Duration::ZERO;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(async {
        let mut session = Session::start(config)?;
        let stands = session.observer.wait_for(|state| {
            (state.outgoing.connected && state.incoming.connected)
                || state.outgoing.failures > 0
                || state.incoming.failures > 0
        });
        let state = tokio::time::timeout(BROKER_WAIT, stands).await.ok();
        session.control.drain(Duration::from_secs(1)).await;
        Ok::<_, weir_mqtt::ConfigError>(state)
    });
    let place = format!("{host}:{port}");
    let words = match answer {
        Err(error) => chain(&error),
        Ok(None) => format!("{place} did not answer within {} s", BROKER_WAIT.as_secs()),
        Ok(Some(state)) if state.outgoing.connected && state.incoming.connected => {
            writeln!(out, "ok: broker.url: {place} answers")?;
            return Ok(None);
        }
        Ok(Some(state)) => {
            let error = state.outgoing.last_error.or(state.incoming.last_error);
            format!(
                "{place}: {}",
                error.unwrap_or_else(|| "does not answer".to_owned())
            )
        }
    };
    let help = "is it running, and are url, username, password_file and ca_file right? --offline leaves it out";
    Ok(Some(finding(Severity::Error, "broker.url", words, help)))
}
