//! `weir demo`: pumps being diagnosed. Own broker, simulated sensors, every engine on the same stream, and an audience
//! that counts results from outside.

mod audience;
mod left_out;
mod pumps;
mod table;
mod totals;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::sync::watch;
use weir_mqtt::Session;
use weir_profile::{LoadOptions, Profile};

use self::{
    audience::{Audience, Diagnoses},
    left_out::{LeftOut, leave_out},
    pumps::Confirmed,
    table::Screen,
    totals::Totals,
};
use crate::{
    cli::{BrokerArgs, DemoArgs},
    embedded,
    engines::Engines,
    exit::Exit,
    link,
    node::{self, Node, Opened},
    prepare::{Prepared, prepare},
    telemetry::Telemetry,
};

/// The demo's configuration, as a user would write it.
const CONFIGURATION: &str = include_str!("demo.toml");
/// When a pump turns faulty, unless the demo ends before twice this.
const TURN_AFTER: Duration = Duration::from_secs(10);
/// Between two drawings of the table.
const DRAW_EVERY: Duration = Duration::from_millis(500);
/// How long nothing of what is on its way may arrive after the pumps have stopped. A slow machine takes longer for all
/// of it.
const SETTLE: Duration = Duration::from_secs(20);
/// In the end, this is enough for any machine.
const SETTLE_MAX: Duration = Duration::from_secs(300);

/// Runs the demo until Ctrl-C or for the seconds asked for; says whether every message is accounted for.
pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let mut loaded = configuration()?;
    let engines = Engines::start(&loaded.settings)?;
    let choose = |profile: &Profile| engines.choose(profile);
    let left_out = leave_out(&mut loaded.settings, &engines.absent(), choose);
    let prepared = match prepare(loaded, &engines) {
        Ok(prepared) => prepared,
        Err(findings) => {
            findings.iter().for_each(|finding| eprintln!("{finding}"));
            eprintln!("weir: guests or models are not there: `cargo xtask demo` builds them");
            return Ok(Exit::Refused);
        }
    };
    eprintln!("opening the guests (the first time, the compiler takes some seconds) …");
    let opened = open(prepared, &engines)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .build()?;
    runtime.block_on(play(args, opened, &left_out, started))
}

fn open(prepared: Prepared, engines: &Engines) -> anyhow::Result<Opened> {
    for pipeline in &prepared.pipelines {
        let lane = &pipeline.lanes[0];
        let model = lane
            .model_version()
            .map(|model| format!(" with model {model}"));
        eprintln!(
            "  {}: guest {}{} on {}",
            pipeline.pipeline.name,
            lane.guest_version(),
            model.unwrap_or_default(),
            lane.engine.engine
        );
    }
    node::open(prepared, engines, |_| {}).map_err(|finding| anyhow::anyhow!("{finding}"))
}

fn configuration() -> anyhow::Result<weir_profile::Loaded> {
    let folder =
        tempfile::tempdir().context("failed to make a folder for the demo's configuration")?;
    let file = folder.path().join("weir.toml");
    std::fs::write(&file, CONFIGURATION).context("failed to write the demo's configuration")?;
    let options = LoadOptions {
        file: Some(file),
        env: Vec::new(),
        ..LoadOptions::from_process()
    };
    weir_profile::load(&options).map_err(|findings| {
        let words: Vec<_> = findings.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the demo's configuration is refused: {}", words.join("; "))
    })
}

async fn play(
    args: &DemoArgs,
    opened: Opened,
    left_out: &[LeftOut],
    started: Instant,
) -> anyhow::Result<Exit> {
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    let broker = embedded::start(&BrokerArgs::default()).await?;
    let port = broker.addr().port();
    let audience = Audience::join(port).await?;
    let session = opened.session(Some(port));
    let node = opened.start(session, started)?;
    node.observer()
        .wait_for(|state| state.incoming.connected && link::all_granted(state))
        .await;

    let sensors = Session::start(link::local(port, "weir-demo-pumps"))?;
    let confirmed = Arc::new(Confirmed::default());
    let (stop, stopped) = watch::channel(false);
    let turn = args.seconds.map_or(TURN_AFTER, |seconds| {
        TURN_AFTER.min(Duration::from_secs(seconds) / 2)
    });
    let pumps = tokio::spawn(pumps::publish(
        sensors.sink.clone(),
        Arc::clone(&confirmed),
        turn,
        stopped,
    ));

    let diagnoses = audience.diagnoses();
    let below = Below {
        diagnoses: &diagnoses,
        left_out,
        port,
        turn,
    };
    let watching = watch_table(args, &node.telemetry, &below);
    let limit = async {
        match args.seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        drawn = watching => drawn?,
        () = limit => {}
        _ = interrupt.recv() => {}
    }
    eprintln!("stopping: finishing what was published …");
    stop.send_replace(true);
    let published = pumps.await?;
    let totals = finish(node, sensors, audience, &confirmed, published).await;
    broker.stop().await;
    totals.print(args.json, left_out)
}

/// What stands below the table.
struct Below<'d> {
    diagnoses: &'d Diagnoses,
    left_out: &'d [LeftOut],
    port: u16,
    turn: Duration,
}

impl Below<'_> {
    fn command(&self) -> String {
        let port = self.port;
        format!("mosquitto_sub -V mqttv5 -p {port} -t 'weir/#' -v")
    }

    fn text(&self, elapsed: Duration) -> String {
        let pump = if elapsed < self.turn {
            "is healthy"
        } else {
            "has turned: bearing fault"
        };
        let left_out = self.left_out.iter().map(|left| left.line() + "\n");
        format!(
            "{}the network says: {}\npump-5 {pump}. See the results in another terminal:\n  {}\nCtrl-C stops and prints the totals.",
            left_out.collect::<String>(),
            self.diagnoses.line(),
            self.command(),
        )
    }
}

/// Draws the table until the end; without a table, says on standard error how it goes.
async fn watch_table(
    args: &DemoArgs,
    telemetry: &Telemetry,
    below: &Below<'_>,
) -> anyhow::Result<()> {
    let begin = Instant::now();
    let mut screen = Screen::new();
    if args.json {
        eprintln!("running; see the results with: {}", below.command());
        return std::future::pending().await;
    }
    let mut ticks = tokio::time::interval(DRAW_EVERY);
    loop {
        ticks.tick().await;
        screen.draw(&telemetry.rows(), &below.text(begin.elapsed()))?;
    }
}

/// Waits until every pipeline has settled this many messages, or makes no progress any more.
async fn until_settled(telemetry: &Telemetry, confirmed: u64) {
    let begin = tokio::time::Instant::now();
    let (mut progress, mut progressed) = (0, begin);
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    loop {
        let now = ticks.tick().await;
        let rows = telemetry.rows();
        let settled = rows.iter().map(|row| totals::settled(&row.counts));
        if settled.clone().all(|settled| settled >= confirmed) {
            return;
        }
        let sum = settled.sum::<u64>();
        if sum > progress {
            (progress, progressed) = (sum, now);
        }
        if now >= progressed + SETTLE || now >= begin + SETTLE_MAX {
            return;
        }
    }
}

/// Waits until everything that the broker confirmed to the pumps has its result, reject or window, then stops.
async fn finish(
    node: Node,
    sensors: Session,
    audience: Audience,
    confirmed: &Confirmed,
    published: u64,
) -> Totals {
    sensors.control.drain(SETTLE).await;
    let confirmed = confirmed.count();
    let telemetry = Arc::clone(&node.telemetry);
    until_settled(&telemetry, confirmed).await;
    node.drain().await;
    let rows = telemetry.rows();
    let expected = rows
        .iter()
        .map(|row| row.counts.results + row.counts.rejects)
        .sum();
    let seen = audience.leave(expected, SETTLE).await;
    Totals {
        rows,
        published,
        confirmed,
        seen,
    }
}
