use std::fmt::Write;

use anyhow::Result;
use weir_tests::{NodeConfig, WeirProcess};

use super::{Contestant, Kind, Stage, Topics};

/// What a node runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    engine: &'static str,
    guest: &'static str,
    model: &'static str,
    pipelines: usize,
    devices: usize,
}

/// The small network in the guest that reads any ONNX, compiled.
pub(super) const COMPILED: Work = Work {
    engine: "wasmtime",
    guest: "onnx",
    model: "vibration-bands",
    pipelines: 1,
    devices: super::DEVICES,
};

/// The same guest, interpreted.
pub(super) const INTERPRETED: Work = Work {
    engine: "wasmi",
    ..COMPILED
};

/// The same network in 8-bit integers, in the guest that an interpreter is for.
pub(super) const INTERPRETED_INT8: Work = Work {
    guest: "tinynn",
    model: "vibration-bands-int8",
    ..INTERPRETED
};

/// The smallest guest, compiled: what grows with the number of pipelines and devices has to show beside it.
pub(super) const SMALL: Work = Work {
    engine: "wasmtime",
    ..INTERPRETED_INT8
};

pub(super) const MANY_PIPELINES: Work = Work {
    pipelines: 64,
    devices: 64,
    ..SMALL
};

pub(super) const ONE_DEVICE: Work = Work {
    devices: 1,
    ..SMALL
};

pub(super) const MANY_DEVICES: Work = Work {
    devices: 10_000,
    ..SMALL
};

/// An interpreter takes long to load a model into the guest that reads any ONNX.
const LOAD_DEADLINE_MS: u32 = 120_000;

/// A node with this work in each of its pipelines, under the profile `edge-server`.
pub(super) async fn start(stage: &Stage, kind: Kind, work: &Work) -> Result<Contestant> {
    let node = format!("bench-{}", kind.key());
    let input = format!("{node}/{{pipeline}}/{{device}}/in");
    let profile = format!(
        "inherit = \"edge-server\"\nengine = \"{}\"\n\n\
         [limits]\nload_deadline_ms_max = {LOAD_DEADLINE_MS}\n",
        work.engine
    );
    let config = NodeConfig::new(&node, stage.port)?
        .broker("receive_max = 1000")
        .cache(&weir_tests::bench::compiled_guests()?)
        .profile(&node, &profile)?
        .section(&sections(work, &node, &input)?);
    let process = WeirProcess::start(&config).await?.into_process();
    Ok(Contestant {
        topics: Topics {
            rejects: Some(format!("weir/rejects/{node}-{{pipeline}}")),
            pipelines: work.pipelines,
            devices: work.devices,
            ..Topics::new(input, format!("weir/results/{node}-{{pipeline}}"))
        },
        process: Some(process),
        _config: Some(config),
    })
}

fn sections(work: &Work, node: &str, input: &str) -> Result<String> {
    let Work { guest, model, .. } = work;
    let mut text = String::new();
    for number in 0..work.pipelines {
        let topic = input.replace("{pipeline}", &number.to_string());
        writeln!(
            text,
            "[pipeline.{node}-{number}]\ntopic = \"{topic}\"\nprofile = \"{node}\"\n\
             guest = \"{guest}\"\nmodel = \"{model}\"\n\
             decode = {{ codec = \"raw\", dtype = \"f32\" }}\n"
        )?;
    }
    Ok(text)
}
