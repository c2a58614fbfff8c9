use std::{collections::BTreeSet, fs, time::Duration};

use anyhow::Result;
use weir_tests::{
    Client, Mosquitto, NodeConfig, Publication, WeirProcess,
    bench::{compiled_guests, tree_pss_mb},
};

use crate::cases::Case;

const RESULTS_DEADLINE: Duration = Duration::from_secs(60);
const END_DEADLINE: Duration = Duration::from_secs(60);

/// An idle node, looked at.
pub(crate) struct Idle {
    /// Memory of all its processes.
    pub(crate) pss_mb: f64,
    /// From the start of the process until the broker had granted every subscription.
    pub(crate) subscribed_ms: f64,
}

/// Starts a node with so many pipelines, has each of them infer once, and looks at the memory of all its processes. Node
/// and dashboard are new in every round: what the broker keeps for an earlier one must not arrive.
pub(crate) async fn look_at_idle(
    case: &Case,
    broker: &Mosquitto,
    round: u16,
    pipelines: u16,
) -> Result<Idle> {
    let config = config(case, broker, round, pipelines)?;
    let name = config.name();
    let dashboard = Client::connect(broker.port(), &format!("{name}-dashboard")).await?;
    dashboard.subscribe("weir/results/#").await?;
    let mut node = WeirProcess::start(&config).await?;
    let payload = vec![0_u8; case.payload_bytes];
    let messages = (0..pipelines)
        .map(|number| Publication::new(format!("footprint/{number}/pump"), payload.clone()));
    dashboard.publish_all(messages).await?;
    let results = |taken: &[weir_tests::Received]| {
        let topics: BTreeSet<&str> = taken.iter().map(|result| result.topic.as_str()).collect();
        topics.len() == usize::from(pipelines)
    };
    dashboard.collect_until(results, RESULTS_DEADLINE).await?;
    let idle = Idle {
        pss_mb: tree_pss_mb(node.id())?,
        subscribed_ms: node.ready_after().as_secs_f64() * 1e3,
    };
    node.sigterm()?;
    node.ended_within(END_DEADLINE).await?;
    Ok(idle)
}

/// A page that another process uses too counts half: a second weir makes the first one look small.
pub(crate) fn warn_of_others() -> Result<()> {
    let weir = weir_tests::weir_program()?.canonicalize()?;
    let processes = fs::read_dir("/proc")?.filter_map(Result::ok);
    let others = processes.filter(|process| {
        fs::read_link(process.path().join("exe")).is_ok_and(|program| program == weir)
    });
    let others = others.count();
    if others > 0 {
        eprintln!("{others} processes of the same weir run already: the figures are too small");
    }
    Ok(())
}

fn config(case: &Case, broker: &Mosquitto, round: u16, pipelines: u16) -> Result<NodeConfig> {
    let (key, engine) = (case.key, case.engine);
    let profile = format!(
        "inherit = \"{}\"\nengine = \"{engine}\"\n\n[limits]\nload_deadline_ms_max = 120_000\n",
        case.profile
    );
    let cache = compiled_guests()?;
    let mut config = NodeConfig::new(
        &format!("footprint-{key}-{round}-{pipelines}"),
        broker.port(),
    )?
    .cache(&cache)
    .profile("footprint", &profile)?;
    let model = case.model.map(|model| format!("model = \"{model}\"\n"));
    let model = model.unwrap_or_default();
    for number in 0..pipelines {
        config = config.section(&format!(
            "[pipeline.p{number}]\ntopic = \"footprint/{number}/{{device}}\"\n\
             profile = \"footprint\"\nguest = \"{}\"\n{model}\
             decode = {{ codec = \"raw\", dtype = \"f32\" }}\n",
            case.guest
        ));
    }
    Ok(config)
}
