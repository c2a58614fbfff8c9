use std::io::Write;

use comfy_table::{Table, presets::NOTHING};
use weir_profile::{Codec, Decode, DeviceId, Scaling, Window};

use crate::{
    cli::ExplainArgs,
    command::settings,
    exit::Exit,
    prepare::{PreparedLane, PreparedPipeline},
};

/// `weir explain`: how a pipeline is resolved.
pub(crate) fn explain(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let (prepared, _engines) = match settings::prepared(&args.config)? {
        Ok(ready) => ready,
        Err(exit) => return Ok(exit),
    };
    let Some(pipeline) = prepared.pipeline(&args.pipeline) else {
        return Ok(Exit::Refused);
    };
    let device = args
        .device
        .as_deref()
        .map(str::parse::<DeviceId>)
        .transpose()?;
    let lane = match pipeline.lane(device.as_ref()) {
        Ok(lane) => lane,
        Err(words) => {
            eprintln!("weir: this pipeline rejects every message of that device: {words}");
            return Ok(Exit::Refused);
        }
    };
    let mut out = std::io::stdout().lock();
    write!(out, "{}\n\n{}\n", way(pipeline, lane), limits(lane))?;
    Ok(Exit::Done)
}

/// The pipeline's stages, in the order of a message's way.
fn way(prepared: &PreparedPipeline, lane: &PreparedLane) -> Table {
    let pipeline = &prepared.pipeline;
    let window = pipeline.window.map_or_else(|| "none".to_owned(), window);
    let model = lane
        .model_version()
        .unwrap_or_else(|| "none: the guest needs none".to_owned());
    let devices: Vec<_> = prepared.devices.keys().map(DeviceId::as_str).collect();
    let mut table = Table::new();
    table.load_style(NOTHING);
    let rows = [
        ("pipeline", pipeline.name.to_string()),
        (
            "topic",
            format!(
                "{} (subscribes {})",
                pipeline.topic.pattern, pipeline.topic.filter
            ),
        ),
        ("decode", decode(&pipeline.decode)),
        ("window", window),
        ("input", lane.binding.shapes().join("; ")),
        (
            "profile",
            format!("{} ({})", lane.profile.name, lane.profile.class),
        ),
        (
            "engine",
            format!("{}: {}", lane.engine.engine, lane.engine.reason),
        ),
        ("guest", lane.guest_version()),
        ("model", model),
        (
            "own profiles",
            if devices.is_empty() {
                "no device".to_owned()
            } else {
                devices.join(", ")
            },
        ),
    ];
    for (name, value) in rows {
        table.add_row([name.to_owned(), value]);
    }
    table
}

fn decode(decode: &Decode) -> String {
    let mut words = match &decode.codec {
        Codec::Json { fields, time } => {
            let time = time
                .as_ref()
                .map(|time| format!(", sample time from {time}"));
            format!(
                "json, values from {}{}",
                fields.join(" "),
                time.unwrap_or_default()
            )
        }
        Codec::Raw { dtype } => format!("raw, little-endian {}", dtype.name()),
        Codec::Postcard => "postcard, weir-payload's Sample".to_owned(),
    };
    let Scaling {
        scale,
        offset,
        mean,
        std,
    } = &decode.scaling;
    let own = [
        ("scale", Some(scale)),
        ("offset", Some(offset)),
        ("mean", mean.as_ref()),
        ("std", std.as_ref()),
    ];
    for (name, values) in own {
        if let Some(values) = values.filter(|values| !values.is_empty()) {
            words.push_str(&format!(", {name} {values:?}"));
        }
    }
    words
}

fn window(window: Window) -> String {
    let Window {
        size,
        stride,
        gap_max,
        devices_max,
    } = window;
    let gap = gap_max.map(|gap| format!(", emptied by a gap of {} ms", gap.as_millis()));
    format!(
        "{size} samples, every {stride}{}, for {devices_max} devices at most",
        gap.unwrap_or_default()
    )
}

/// Each limit, its value, and the profile and file that state it.
fn limits(lane: &PreparedLane) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_header(["limit", "value", "from profile", "file"]);
    for limit in &lane.profile.sources {
        let file = limit.file.display().to_string();
        table.add_row([
            limit.key.to_owned(),
            limit.value.clone(),
            limit.profile.to_string(),
            file,
        ]);
    }
    table
}
