use std::io::Write;

use comfy_table::{Table, presets::NOTHING};
use weir_profile::{Codec, Color, Decode, DeviceId, ImageOptions, Resize, Scaling, Window};

use crate::{
    cli::ExplainArgs,
    command::{fits, settings},
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
            format!("{}: {}", lane.profile.name, lane.profile.description),
        ),
        ("class", fits::class(lane)),
        (
            "engine",
            format!("{}: {}", lane.engine.engine, lane.engine.reason),
        ),
        ("guest", lane.guest_version()),
        ("features", fits::features(lane)),
        ("memory", fits::memory(lane)),
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
        Codec::Json { fields, time } => document("json", fields, time.as_deref()),
        Codec::Cbor { fields, time } => document("cbor", fields, time.as_deref()),
        Codec::Image(options) => image(options),
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

fn document(codec: &str, fields: &[String], time: Option<&str>) -> String {
    let time = time.map(|time| format!(", sample time from {time}"));
    let fields = fields.join(" ");
    format!("{codec}, values from {fields}{}", time.unwrap_or_default())
}

fn image(options: &ImageOptions) -> String {
    let color = match options.color {
        None => "colours as the model has channels",
        Some(Color::Rgb) => "rgb",
        Some(Color::Bgr) => "bgr",
        Some(Color::Gray) => "gray",
    };
    let resize = match options.resize {
        None => "stretched where the model's size is fixed",
        Some(Resize::Stretch) => "stretched to the model's size",
        Some(Resize::Crop) => "cropped to the model's proportions",
        Some(Resize::Pad) => "padded to the model's proportions",
        Some(Resize::None) => "of the model's size",
    };
    let pixels_max = options.pixels_max;
    format!("image (JPEG, PNG), {color}, {resize}, at most {pixels_max} pixels")
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
