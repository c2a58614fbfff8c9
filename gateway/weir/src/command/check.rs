use std::{io::Write, time::Duration};

use anyhow::Result;
use weir_health::Observed;
use weir_mqtt::Session;
use weir_pool::{DoesNotOpen, GuestSource};
use weir_profile::{BrokerUrl, Compile, Finding, Isolation, Severity};

use crate::{
    cli::CheckArgs,
    command::{fits, settings},
    engines::Engines,
    exit::Exit,
    graphs,
    lane::{PreparedLane, PreparedModel},
    link, node,
    prepare::{Prepared, PreparedPipeline, chain, finding},
    service::Starting,
};

/// How long a broker may take to answer.
const BROKER_WAIT: Duration = Duration::from_secs(10);

/// `weir check`: everything that `weir run` would refuse, without running.
pub(crate) fn check(args: &CheckArgs) -> Result<Exit> {
    let starting = Starting::begin();
    let (prepared, engines) = match settings::prepared(&args.config)? {
        Ok(ready) => ready,
        Err(exit) => return Ok(exit),
    };
    let mut out = std::io::stdout().lock();
    let (mut findings, mut warnings) = (Vec::new(), Vec::new());
    let compile = prepared.settings.node.compile;
    for pipeline in &prepared.pipelines {
        let key = format!("pipeline.{}", pipeline.pipeline.name);
        for lane in &pipeline.lanes {
            for model in &lane.models {
                starting.step(&node::opening(pipeline, lane));
                match open(pipeline, lane, model, &engines, compile) {
                    Ok(opened) => {
                        writeln!(out, "ok: {key}: {}", opened.words)?;
                        warnings.extend(opened.warnings);
                    }
                    Err(error) => findings.push(node::refusal(pipeline, &error)),
                }
            }
        }
    }
    drop(starting);
    settings::print(&warnings);
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

/// A guest that opens.
struct Opens {
    words: String,
    warnings: Vec<Finding>,
}

/// Opens a guest with one of its models.
fn open(
    pipeline: &PreparedPipeline,
    lane: &PreparedLane,
    model: &PreparedModel,
    engines: &Engines,
    compile: Compile,
) -> Result<Opens> {
    let observed = Observed::new(pipeline.pipeline.name.to_string());
    let guest = lane.load_with(model, engines)?;
    drop(guest.open(&observed).map_err(|cause| DoesNotOpen {
        guest: guest.name.clone(),
        cause,
    })?);
    let (took, memory) = observed.guest();
    let words = format!(
        "{} opens on {} in {} ms, {} of {} KiB of guest memory (profile {}, class {}; features: {})",
        guest.name,
        lane.engine.engine,
        took.as_millis(),
        memory / 1_024,
        lane.profile.limits.memory_bytes_max / 1_024,
        lane.profile.name,
        lane.profile.class,
        fits::features(lane),
    );
    let fresh = lane.isolation == Isolation::Fresh && !fits::compiles_without_a_model(&guest, lane);
    let stays = !guest.module.is_precompiled() || compile == Compile::Never;
    let cold = fits::cold(&guest, lane).filter(|_| fresh && stays);
    let costly = cold.map(|why| costly(pipeline, &guest, took, &why));
    Ok(Opens {
        words,
        warnings: costly.into_iter().chain(instead(lane)).collect(),
    })
}

/// The profile names an nn backend that is not here.
fn instead(lane: &PreparedLane) -> Option<Finding> {
    let why = graphs::instead(&lane.code, &lane.profile)?;
    let sources = &lane.profile.sources;
    let stated = sources.iter().find(|source| source.key == "nn_backend");
    Some(Finding {
        file: stated.map(|source| source.file.clone()),
        ..finding(Severity::Warning, "nn_backend", why, "")
    })
}

/// Each message is to have a new instance, and a new instance is no snapshot.
fn costly(pipeline: &PreparedPipeline, guest: &GuestSource, took: Duration, why: &str) -> Finding {
    let key = format!("pipeline.{}.isolation", pipeline.pipeline.name);
    let (file, line) = pipeline.place.clone();
    let ms = took.as_secs_f64() * 1_000.0;
    let message = format!(
        "each message pays for opening {}, {ms:.2} ms here: it starts cold, {why}",
        guest.name
    );
    let help = "isolation = \"warm\" keeps instances; where Wasmtime runs a guest, most start from a snapshot";
    Finding {
        file,
        line,
        ..finding(Severity::Warning, &key, message, help)
    }
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
fn broker(prepared: &Prepared, out: &mut impl Write) -> Result<Option<Finding>> {
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
