use anyhow::Result;
use weir_tests::{NodeConfig, WeirProcess};

use super::{Contestant, Stage, Topics};

/// The engine that runs the guest.
#[derive(Debug, Clone, Copy)]
pub(super) enum Engine {
    Wasmtime,
    Wasmi,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Wasmtime => "wasmtime",
            Self::Wasmi => "wasmi",
        }
    }
}

/// An interpreter takes long to load a model into the guest that reads any ONNX.
const LOAD_DEADLINE_MS: u32 = 120_000;

/// A node with one pipeline: the small network in the guest `onnx`, under the profile `edge-server`.
pub(super) async fn start(stage: &Stage, engine: Engine) -> Result<Contestant> {
    let name = engine.name();
    let pipeline = format!("bench-{name}");
    let input = format!("{pipeline}/{{device}}/in");
    let profile = format!(
        "inherit = \"edge-server\"\nengine = \"{name}\"\n\n\
         [limits]\nload_deadline_ms_max = {LOAD_DEADLINE_MS}\n"
    );
    let section = format!(
        "[pipeline.{pipeline}]\ntopic = \"{input}\"\nprofile = \"{pipeline}\"\n\
         guest = \"onnx\"\nmodel = \"vibration-bands\"\n\
         decode = {{ codec = \"raw\", dtype = \"f32\" }}\n"
    );
    let config = NodeConfig::new(&pipeline, stage.port)?
        .broker("receive_max = 1000")
        .cache(&stage.target.join("bench").join("guests"))
        .profile(&pipeline, &profile)?
        .section(&section);
    let process = WeirProcess::start(&config).await?.into_process();
    Ok(Contestant {
        topics: Topics {
            input,
            results: format!("weir/results/{pipeline}"),
            rejects: Some(format!("weir/rejects/{pipeline}")),
        },
        process: Some(process),
        _config: Some(config),
    })
}
