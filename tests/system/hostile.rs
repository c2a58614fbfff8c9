use anyhow::Result;
use weir_tests::{Mosquitto, NodeConfig};

use crate::{
    artefacts::{Shelf, fixture},
    documents::{Answer, Counts},
    site::{ANOMALY, Site, config},
    stream::{ids, sample},
};

/// A guest, and what its messages are rejected with.
const HOSTILE: [(&str, &str); 8] = [
    ("endless_loop", "guest_deadline"),
    ("endless_recursion", "guest_stack_overflow"),
    ("grows_memory", "guest_deadline"),
    ("unreachable", "guest_trap"),
    ("output_beyond_buffer", "guest_output_invalid"),
    ("output_moved", "guest_output_invalid"),
    ("buffer_later_outside", "guest_bad_pointer"),
    ("fails_with_words", "guest_failed"),
];
const EACH: usize = 3;
const GOOD: usize = 100;

/// Little time, on the engine that a test names.
fn hasty(engine: &str) -> String {
    format!(
        "inherit = \"pi-4\"\nengine = \"{engine}\"\n[limits]\ncall_deadline_ms_max = 50\nguest_memory_kib_max = 1024\n"
    )
}

fn pipeline(config: NodeConfig, guest: &str) -> NodeConfig {
    config.section(&format!(
        "[pipeline.{guest}]\ntopic = \"hostile/{{device}}\"\nprofile = \"hasty\"\nguest = {guest:?}\n\
         decode = {{ codec = \"json\", fields = [\"/x\"], id = \"/id\" }}"
    ))
}

async fn hostile_guests_on(engine: &str) -> Result<()> {
    let broker = Mosquitto::start().await?;
    let config = config(broker.port())?
        .profile("hasty", &hasty(engine))?
        .section(ANOMALY);
    let config = HOSTILE
        .iter()
        .fold(config, |config, (guest, _)| pipeline(config, guest));
    let shelf = Shelf::of(&config)?;
    for (guest, _) in HOSTILE {
        shelf.guest(guest, &fixture(guest)?)?;
    }
    let site = Site::open_on(broker, config).await?;
    let bad = (0..EACH).map(|number| format!(r#"{{"id":"bad-{number}","x":[1,2,3]}}"#));
    let good = ids("good", GOOD);
    let samples = good.iter().map(|id| sample(id));
    let (bad, good_published) = tokio::join!(
        site.publish("hostile/device", bad),
        site.publish("sensors/pump-1/vibration", samples)
    );
    bad?;
    good_published?;
    let accepted = u64::try_from(GOOD + EACH * HOSTILE.len())?;
    let health = site.settled(accepted).await?;
    let answers = site.stop().await?;
    for (guest, code) in HOSTILE {
        let of: Vec<&Answer> = answers
            .iter()
            .filter(|answer| answer.pipeline == guest)
            .collect();
        let found: Vec<&str> = of.iter().map(|answer| answer.text("code")).collect();
        assert_eq!(found, [code; EACH], "{guest} on {engine}: {of:?}");
        let counts = Counts::of(&health, guest)?;
        assert_eq!(counts.rejects, u64::try_from(EACH)?);
    }
    let results: Vec<&str> = answers
        .iter()
        .filter(|answer| answer.pipeline == "anomaly" && answer.is_result)
        .map(Answer::id)
        .collect();
    assert_eq!(results, good, "the neighbour was served all the while");
    Ok(())
}

#[tokio::test]
async fn hostile_guests_harm_nobody_on_wasmi() -> Result<()> {
    hostile_guests_on("wasmi").await
}

#[tokio::test]
async fn hostile_guests_harm_nobody_on_wasm3() -> Result<()> {
    hostile_guests_on("wasm3").await
}

#[tokio::test]
async fn hostile_guests_harm_nobody_on_wasmtime() -> Result<()> {
    hostile_guests_on("wasmtime").await
}
