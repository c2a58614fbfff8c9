//! A site: a broker, a node on it, a sensor that publishes and a dashboard that sees everything.

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep},
};
use weir_tests::{Client, Mosquitto, NodeConfig, Publication, Received, WeirProcess};

use crate::{
    documents::{Answer, Counts, answers, health},
    program,
};

/// For whatever has to happen on a busy machine; nothing waits for it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// The node of a test.
pub(crate) const NODE: &str = "node-1";

/// A chip and a small board whose deadlines a busy machine does not miss.
const CALM: [(&str, &str); 2] = [
    ("calm-chip", "inherit = \"cortex-m4-256k\"\n"),
    ("calm-board", "inherit = \"pi-4\"\n"),
];
const CALM_LIMITS: &str = "[limits]\ncall_deadline_ms_max = 60000\nload_deadline_ms_max = 600000\n";

/// What a node logs once the broker has granted every subscription.
pub(crate) const READY: &str = "ready: every topic filter is subscribed";

const LOOK: Duration = Duration::from_millis(20);

/// Scores three numbers against what came before them; as cheap as a pipeline can be.
pub(crate) const ANOMALY: &str = r#"
[pipeline.anomaly]
topic = "sensors/{device}/vibration"
profile = "calm-chip"
guest = "anomaly"
decode = { codec = "json", fields = ["/ax", "/ay", "/az"], id = "/id" }
"#;

/// Tells the condition of a pump by 128 samples.
pub(crate) const VIBRATION: &str = r#"
[pipeline.vibration]
topic = "sensors/{device}/vibration"
profile = "calm-board"
guest = "onnx"
model = "vibration"
decode = { codec = "json", fields = ["/ax", "/ay", "/az"], time = "/t", id = "/id", scale = 0.001 }
window = { size = 128, gap_ms_max = 500 }
"#;

/// A broker, a node, a sensor and a dashboard.
pub(crate) struct Site {
    pub(crate) broker: Mosquitto,
    pub(crate) config: NodeConfig,
    pub(crate) node: WeirProcess,
    pub(crate) sensor: Client,
    pub(crate) dashboard: Client,
    watcher: Client,
}

/// A configuration with the profiles `calm-chip` and `calm-board`, and no pipeline.
pub(crate) fn config(port: u16) -> Result<NodeConfig> {
    let config = NodeConfig::new(NODE, port)?.node("health_interval_s = 1");
    CALM.iter().try_fold(config, |config, (name, text)| {
        config.profile(name, &format!("{text}{CALM_LIMITS}"))
    })
}

impl Site {
    /// A site whose node has these sections.
    pub(crate) async fn open(sections: &[&str]) -> Result<Self> {
        Self::open_with(|config| {
            sections
                .iter()
                .fold(config, |config, text| config.section(text))
        })
        .await
    }

    /// A site whose node is configured in another way.
    pub(crate) async fn open_with(
        configure: impl FnOnce(NodeConfig) -> NodeConfig,
    ) -> Result<Self> {
        let broker = Mosquitto::start().await?;
        let config = configure(config(broker.port())?);
        Self::open_on(broker, config).await
    }

    /// A site on this broker, with exactly this configuration.
    pub(crate) async fn open_on(broker: Mosquitto, config: NodeConfig) -> Result<Self> {
        let port = broker.port();
        let dashboard = dashboard(port).await?;
        let watcher = watcher(port).await?;
        let mut node = WeirProcess::start(&config).await?;
        logged(&mut node, READY, 1).await?;
        let sensor = Client::connect(port, "sensor").await?;
        Ok(Self {
            broker,
            config,
            node,
            sensor,
            dashboard,
            watcher,
        })
    }

    /// The next results and rejects, so many of them.
    pub(crate) async fn answers(&self, count: usize) -> Result<Vec<Answer>> {
        let complete =
            |taken: &[Received]| taken.iter().filter(|m| Answer::is_one(m)).count() >= count;
        answers(self.dashboard.collect_until(complete, DEADLINE).await?)
    }

    /// The first health document of which this is true.
    pub(crate) async fn health(&self, matches: impl FnMut(&Value) -> bool) -> Result<Value> {
        first_health(&self.watcher, matches).await
    }

    /// Waits until the node has said that so many messages were accepted, over all pipelines, and came to an end.
    pub(crate) async fn settled(&self, accepted: u64) -> Result<Value> {
        let settled = |document: &Value| {
            let all = Counts::of_all(document);
            all.accepted == accepted && all.accepted == all.results + all.rejects + all.windowed
        };
        let document = self.health(settled).await;
        document.with_context(|| {
            format!(
                "{accepted} messages accepted and settled:\n{}",
                self.node.log()
            )
        })
    }

    /// Once so many messages were accepted and settled, stops the node; gives every result and reject that was not
    /// taken before. There are no others.
    pub(crate) async fn finish(self, accepted: u64) -> Result<Vec<Answer>> {
        self.settled(accepted).await?;
        self.stop().await
    }

    /// Stops the node in order; gives every result and reject that was not taken before.
    pub(crate) async fn stop(mut self) -> Result<Vec<Answer>> {
        self.node.sigterm()?;
        let status = self.node.ended_within(DEADLINE).await?;
        ensure!(
            status.success(),
            "the node ended with {status}:\n{}",
            self.node.log()
        );
        let offline = |taken: &[Received]| taken.iter().any(|m| m.payload == "offline");
        answers(self.dashboard.collect_until(offline, DEADLINE).await?)
    }

    /// Publishes payloads to one topic, in this order.
    pub(crate) async fn publish<P: Into<bytes::Bytes>>(
        &self,
        topic: &str,
        payloads: impl IntoIterator<Item = P>,
    ) -> Result<()> {
        let messages = payloads
            .into_iter()
            .map(|payload| Publication::new(topic, payload));
        self.sensor.publish_all(messages).await
    }
}

/// A client that sees results, rejects and the status of every node.
pub(crate) async fn dashboard(port: u16) -> Result<Client> {
    let dashboard = Client::connect(port, "dashboard").await?;
    for filter in ["weir/results/#", "weir/rejects/#", "weir/nodes/+/status"] {
        dashboard.subscribe(filter).await?;
    }
    Ok(dashboard)
}

/// A client that sees health documents.
pub(crate) async fn watcher(port: u16) -> Result<Client> {
    let watcher = Client::connect(port, "watcher").await?;
    watcher.subscribe("weir/nodes/+/health").await?;
    Ok(watcher)
}

/// The first health document that comes to this client and of which this is true.
pub(crate) async fn first_health(
    watcher: &Client,
    mut matches: impl FnMut(&Value) -> bool,
) -> Result<Value> {
    let wanted = |message: &Received| message.json().is_ok_and(|document| matches(&document));
    match watcher.take(wanted, DEADLINE).await {
        Ok(message) => health(&message),
        Err(_) => {
            let last = watcher.drain()?.pop();
            let last = last.map_or_else(String::new, |message| format!("{:?}", message.payload));
            bail!("no such health document within {DEADLINE:?}; the last one: {last}")
        }
    }
}

/// Waits until something is true that no message tells, such as a line in a log.
pub(crate) async fn until(
    what: &str,
    mut is_true: impl AsyncFnMut() -> Result<bool>,
) -> Result<()> {
    let deadline = Instant::now() + DEADLINE;
    while !is_true().await? {
        ensure!(Instant::now() < deadline, "{what}: not within {DEADLINE:?}");
        sleep(LOOK).await;
    }
    Ok(())
}

/// Waits until a node has logged these words so many times.
pub(crate) async fn logged(node: &mut WeirProcess, words: &str, times: usize) -> Result<()> {
    let said = async || {
        node.still_runs()?;
        Ok(node.log().matches(words).count() >= times)
    };
    let found = until(&format!("{words:?} in the log"), said).await;
    found.with_context(|| node.log())
}

/// The folder of compiled guests that every test shares, with the guest `onnx` in it: it is compiled once.
pub(crate) async fn compiled() -> Result<&'static Path> {
    static COMPILED: OnceCell<PathBuf> = OnceCell::const_new();
    let folder = COMPILED.get_or_try_init(compile).await?;
    Ok(folder)
}

async fn compile() -> Result<PathBuf> {
    let home = cache_home();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(home.join("weir"))?;
    // Another test process may be at it: the lock ends with the file.
    let lock = std::fs::File::create(home.join("lock"))?;
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await??;
    let config = config(1)?.cache(&home.join("weir")).section(VIBRATION);
    let checked = program::weir(&["check", "--offline", "--config"], &[&config.write()?]).await?;
    ensure!(checked.code == Some(0), "{checked}");
    drop(lock);
    Ok(home.join("weir"))
}

/// What `XDG_CACHE_HOME` is for a `weir` that finds the compiled guests by itself.
pub(crate) fn cache_home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("system-tests")
}
