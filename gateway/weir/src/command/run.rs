use std::{path::Path, sync::Arc, time::Instant};

use anyhow::Context;
use tokio::{
    signal::unix::{SignalKind, signal},
    task::AbortHandle,
};
use weir_broker::Supervisor;
use weir_mqtt::LinkState;
use weir_profile::BrokerUrl;

use crate::{
    cli::{BrokerArgs, ProfileKind, RunArgs},
    command::settings,
    embedded,
    engines::{GuestProfiles, Profiling},
    exit::Exit,
    link,
    node::{self, Node},
    prepare::Prepared,
    resident, service,
    status::{self, Board, Socket},
};

/// Where sensors find the embedded broker of a node.
const EMBEDDED: BrokerArgs = BrokerArgs {
    port: Some(1884),
    v311_port: None,
    child: false,
};

/// `weir run`: until SIGTERM or Ctrl-C, then drain.
pub(crate) fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let profiles = GuestProfiles::default();
    let profiling = match args.profile {
        None => Profiling::Off,
        Some(ProfileKind::Perf) => Profiling::Perf,
        Some(ProfileKind::Guest) => Profiling::Guests(profiles.clone()),
    };
    let starting = service::Starting::begin();
    let (prepared, engines) = match settings::profiled(&args.config, profiling)? {
        Ok(ready) => ready,
        Err(exit) => return Ok(stays_stopped(exit)),
    };
    let embedded = prepared.settings.broker.url == BrokerUrl::Embedded;
    say_what_runs(&prepared);
    let board = Board::new();
    let places = &prepared.settings.node.status_sockets;
    let socket = Socket::open(places, &board, started, engines.absent());
    let opened = node::open(prepared, &engines, |words| {
        starting.step(words);
        board.starting(words);
    });
    let opened = match opened {
        Ok(opened) => opened,
        Err(finding) => return Ok(stays_stopped(settings::refused(&[*finding]))),
    };
    drop(starting);
    // One thread for both connections: a result or an acknowledgement never has to wake another one.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let drained = runtime.block_on(async {
        let broker = match embedded {
            true => Some(own_broker().await?),
            false => None,
        };
        let session = opened.session(broker.as_ref().map(|broker| broker.addr().port()));
        let node = opened.start(session, started)?;
        board.serving(&node.telemetry);
        service::ready();
        let drained = until_stopped(node).await;
        if let Some(broker) = broker {
            broker.stop().await;
        }
        drained
    });
    drop(socket);
    write(&profiles, &args.profile_folder)?;
    drained
}

fn write(profiles: &GuestProfiles, folder: &Path) -> anyhow::Result<()> {
    let written = profiles.write(folder);
    let written =
        written.with_context(|| format!("failed to write a profile in {}", folder.display()))?;
    for profile in written {
        tracing::info!(
            guest = profile.guest,
            samples = profile.samples,
            left_out = profile.left_out,
            "profile: {}",
            profile.file.display()
        );
    }
    Ok(())
}

/// The embedded broker on its usual port; on another where that one is taken.
async fn own_broker() -> anyhow::Result<Supervisor> {
    match embedded::start(&EMBEDDED).await {
        Ok(broker) => Ok(broker),
        Err(error) => {
            let broker = embedded::start(&BrokerArgs::default()).await?;
            tracing::warn!(
                "port 1884 is not free ({error:#}): sensors must use port {}",
                broker.addr().port()
            );
            Ok(broker)
        }
    }
}

async fn until_stopped(node: Node) -> anyhow::Result<Exit> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut observer = node.observer();
    let telemetry = Arc::clone(&node.telemetry);
    let pipelines = telemetry.pipelines.len();
    let words = move |state: &LinkState| status::in_words(&telemetry.broker, pipelines, state);
    let following = tokio::spawn(service::follow(node.observer(), words));
    let following = following.abort_handle();
    let ready = observer.wait_for(|state| state.incoming.connected && link::all_granted(state));
    tokio::select! {
        _ = ready => {
            tracing::info!("ready: every topic filter is subscribed");
            drop(tokio::task::spawn_blocking(
                resident::give_back_what_starting_needed,
            ));
        }
        _ = terminate.recv() => return drain(node, &following).await,
        _ = interrupt.recv() => return drain(node, &following).await,
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    drain(node, &following).await
}

async fn drain(node: Node, following: &AbortHandle) -> anyhow::Result<Exit> {
    tracing::info!("stopping: finishing what was accepted");
    following.abort();
    service::stopping(node.drain_deadline());
    let report = node.drain().await;
    if report.clean {
        tracing::info!("stopped: everything accepted is settled");
    } else {
        tracing::warn!(
            unsettled = report.unsettled,
            unsent = report.unsent,
            "stopped before everything was settled; the broker sends what is unsettled again"
        );
    }
    Ok(Exit::Done)
}

/// What is refused now is refused again: a service manager does not start it anew (`RestartPreventExitStatus=`).
fn stays_stopped(exit: Exit) -> Exit {
    if std::env::var_os("NOTIFY_SOCKET").is_some() {
        tracing::error!(
            "stays stopped until this is mended; then: sudo weir check && sudo systemctl restart weir"
        );
    }
    exit
}

fn say_what_runs(prepared: &Prepared) {
    if prepared.pipelines.is_empty() {
        tracing::warn!(
            "no pipeline is configured: `sudo weir setup` makes the first one, docs/configuration.md lists every key"
        );
    }
    for pipeline in &prepared.pipelines {
        let lane = &pipeline.lanes[0];
        tracing::info!(
            pipeline = %pipeline.pipeline.name,
            topic = %pipeline.pipeline.topic.filter,
            profile = %lane.profile.name,
            engine = %lane.engine.engine,
            guest = lane.guest_version(),
            model = lane.model_version().unwrap_or_default(),
            "opening pipeline"
        );
    }
}
