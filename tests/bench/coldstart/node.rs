use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use weir_tests::{Client, Mosquitto, NodeConfig, Publication, WeirProcess, bench::compiled_guests};

use crate::{
    Figures,
    workload::{PROFILE, Workload},
};

const RESULT_DEADLINE: Duration = Duration::from_secs(60);
const END_DEADLINE: Duration = Duration::from_secs(60);

/// From the start of the process `weir run` to the result of a message that waits at the broker, in the session that
/// an earlier run has left.
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
    // Whatever is not compiled yet is compiled now.
    let mut first = WeirProcess::start(&config).await?;
    first.sigterm()?;
    first.ended_within(END_DEADLINE).await?;
    let topic = format!("{}/pump", config.name());
    for _ in 0..rounds {
        let message = Publication::new(topic.as_str(), workload.input.clone());
        dashboard.publish(message).await?;
        let took = first_result(&config, &dashboard).await?;
        figures.push(
            "first-result",
            workload.plan.key,
            "ms",
            took.as_secs_f64() * 1e3,
        );
    }
    Ok(())
}

const PIPELINE: &str = "coldstart";

async fn first_result(config: &NodeConfig, dashboard: &Client) -> Result<Duration> {
    let begun = Instant::now();
    let mut node = WeirProcess::spawn(config)?;
    let arrived = dashboard.take(|_| true, RESULT_DEADLINE).await;
    let took = begun.elapsed();
    node.still_runs()?;
    arrived.with_context(|| node.log())?;
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
        "[pipeline.{PIPELINE}]\ntopic = \"{name}/{{device}}\"\nprofile = \"coldstart\"\n\
         guest = \"{}\"\nmodel = \"{}\"\ndecode = {{ codec = \"raw\", dtype = \"f32\" }}\n",
        plan.guest, plan.model
    );
    let cache = compiled_guests()?;
    Ok(NodeConfig::new(&name, broker.port())?
        .cache(&cache)
        .models(&workload.models)
        .profile("coldstart", &profile)?
        .section(&section))
}
