use std::{collections::BTreeSet, thread};

use anyhow::Result;
use weir_tests::{Client, Mosquitto, Publication, Received, WeirProcess};

use crate::{
    documents::Answer,
    site::{DEADLINE, config},
    stream::{ids, sample},
};

/// Messages for each pipeline.
const MESSAGES: usize = 20;
/// More than the guest threads of any core, so that pipelines share them.
const PIPELINES_PER_CORE: usize = 10;

#[tokio::test]
async fn pipelines_that_share_threads_answer_every_message_and_finish_at_a_stop() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let pipelines = PIPELINES_PER_CORE * thread::available_parallelism()?.get();
    let mut config = config(broker.port())?;
    for number in 0..pipelines {
        config = config.section(&format!(
            "[pipeline.p{number}]\ntopic = \"crowd/{number}/{{device}}\"\nprofile = \"calm-chip\"\n\
             guest = \"anomaly\"\n\
             decode = {{ codec = \"json\", fields = [\"/ax\", \"/ay\", \"/az\"], id = \"/id\" }}\n"
        ));
    }
    let dashboard = Client::connect(broker.port(), "crowd-dashboard").await?;
    dashboard.subscribe("weir/results/#").await?;
    let mut node = WeirProcess::start(&config).await?;
    let messages = ids("m", MESSAGES).into_iter().flat_map(|id| {
        let topic = |number| format!("crowd/{number}/pump");
        (0..pipelines).map(move |number| Publication::new(topic(number), sample(&id)))
    });
    dashboard.publish_all(messages).await?;
    let complete = |taken: &[Received]| taken.len() >= MESSAGES * pipelines;
    let results = dashboard.collect_until(complete, DEADLINE).await?;
    let mut different = BTreeSet::new();
    for result in &results {
        different.insert((&result.topic, Answer::read(result.clone())?.id().to_owned()));
    }
    assert_eq!(different.len(), results.len(), "each exactly once");
    assert_eq!(different.len(), MESSAGES * pipelines);
    node.sigterm()?;
    assert_eq!(node.ended_within(DEADLINE).await?.code(), Some(0));
    Ok(())
}
