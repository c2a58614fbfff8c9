use std::time::{Duration, Instant};

use anyhow::Result;
use weir_tests::{
    Client, Mosquitto, NodeConfig, Publication, Received, WeirProcess, target_folder,
};

use crate::{
    Figures,
    workload::{PROFILE, Workload},
};

const COMPILED_DEADLINE: Duration = Duration::from_secs(300);
const RESULT_DEADLINE: Duration = Duration::from_secs(60);
const END_DEADLINE: Duration = Duration::from_secs(60);

/// From the start of the process `weir run` to the result of a message that waits at the broker.
pub(crate) async fn measure(
    workload: &Workload,
    broker: &Mosquitto,
    rounds: u16,
    figures: &mut Figures,
) -> Result<()> {
    let config = config(workload, broker)?;
    let dashboard = Client::connect(broker.port(), &format!("{}-dashboard", config.name())).await?;
    dashboard
        .subscribe(&format!("weir/results/{PIPELINE}/+"))
        .await?;
    let topic = format!("{}/pump", config.name());
    dashboard
        .publish(Publication::new(topic.as_str(), workload.input.clone()).retained())
        .await?;
    // Whatever is not compiled yet is compiled now.
    first_result(&config, &dashboard, COMPILED_DEADLINE).await?;
    for _ in 0..rounds {
        let took = first_result(&config, &dashboard, RESULT_DEADLINE).await?;
        figures.push(
            "first-result",
            workload.plan.key,
            "ms",
            took.as_secs_f64() * 1e3,
        );
    }
    // The next workload's node has the same pipeline, and must not see this message.
    dashboard
        .publish(Publication::new(topic, Vec::new()).retained())
        .await
}

const PIPELINE: &str = "coldstart";

async fn first_result(
    config: &NodeConfig,
    dashboard: &Client,
    deadline: Duration,
) -> Result<Duration> {
    let begun = Instant::now();
    let mut node = WeirProcess::spawn(config)?;
    let result = |message: &Received| !message.retained;
    let arrived = dashboard.take(result, deadline).await;
    let took = begun.elapsed();
    node.still_runs()?;
    arrived?;
    node.sigterm()?;
    node.ended_within(END_DEADLINE).await?;
    Ok(took)
}

fn config(workload: &Workload, broker: &Mosquitto) -> Result<NodeConfig> {
    let plan = workload.plan;
    let name = format!("coldstart-{}", plan.model);
    let profile = format!(
        "inherit = \"{PROFILE}\"\nengine = \"wasmtime\"\n\n[limits]\nload_deadline_ms_max = 120_000\n\
         call_deadline_ms_max = 10_000\n"
    );
    let section = format!(
        "[pipeline.{PIPELINE}]\ntopic = \"{name}/{{device}}\"\nretained = true\nprofile = \"coldstart\"\n\
         guest = \"{}\"\nmodel = \"{}\"\ndecode = {{ codec = \"raw\", dtype = \"f32\" }}\n",
        plan.guest, plan.model
    );
    let cache = target_folder()?.join("bench").join("guests");
    Ok(NodeConfig::new(&name, broker.port())?
        .cache(&cache)
        .models(&workload.models)
        .profile("coldstart", &profile)?
        .section(&section))
}
