use std::io::Write;

use comfy_table::{Table, presets::NOTHING};
use weir_pool::GuestSource;
use weir_profile::{
    Codec, Color, Compile, Decode, DeviceId, ImageOptions, Pipeline, Resize, Scaling, Window,
};

use crate::{
    cli::ExplainArgs,
    command::{fits, settings},
    exit::Exit,
    lane::PreparedLane,
    prepare::PreparedPipeline,
};

/// `weir explain`: how a pipeline is resolved.
pub(crate) fn explain(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let (prepared, engines) = match settings::prepared(&args.config)? {
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
    let guest = lane.load_with(lane.own(), &engines)?;
    let way = way(pipeline, lane, &guest, prepared.settings.node.compile);
    write!(out, "{way}\n\n{}\n", limits(lane))?;
    Ok(Exit::Done)
}

/// The pipeline's stages, in the order of a message's way.
fn way(
    prepared: &PreparedPipeline,
    lane: &PreparedLane,
    guest: &GuestSource,
    compile: Compile,
) -> Table {
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
        ("input", lane.own().binding.shapes().join("; ")),
        (
            "profile",
            format!("{}: {}", lane.profile.name, lane.profile.description),
        ),
        ("class", fits::class(lane)),
        (
            "engine",
            format!("{}: {}", lane.engine.engine, lane.engine.reason),
        ),
        ("nn backend", fits::backend(lane)),
        ("guest", lane.guest_version()),
        ("features", fits::features(lane)),
        ("memory", fits::memory(lane)),
        ("code", fits::code(guest, lane, compile)),
        ("isolation", fits::isolation(guest, lane)),
        ("model", model),
        ("models", models(pipeline, lane)),
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

/// What else a message may name, how, and how much of it is open at once.
fn models(pipeline: &Pipeline, lane: &PreparedLane) -> String {
    if lane.further().is_empty() {
        return "one: messages name none".to_owned();
    }
    let further = lane.further().iter().map(|further| {
        let version = further.version().unwrap_or_default();
        format!("{version} ({})", further.binding.shapes().join("; "))
    });
    let further = further.collect::<Vec<_>>().join(", ");
    let property = "the user property model_id";
    let named = match &pipeline.decode.model_id {
        Some(pointer) => format!("{pointer} of the payload, else {property}"),
        None => property.to_owned(),
    };
    let kib_max = lane.profile.loaded_models_bytes_max / 1_024;
    format!("a message may name {further} in {named}; open at once in {kib_max} KiB")
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
