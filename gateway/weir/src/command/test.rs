use std::{
    fs,
    io::{Read, Write},
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, Result};
use bytes::Bytes;
use weir_engine::TensorRef;
use weir_health::Observed;
use weir_pipeline::{Kind, Settled};
use weir_pool::{Clock, Runner};
use weir_profile::DeviceId;
use weir_transport::{Message, Properties, QoS};

use crate::{
    cli::TestArgs,
    command::{settings, values::values},
    engines::Engines,
    exit::Exit,
    lane::PreparedLane,
    node,
    prepare::{Prepared, PreparedPipeline},
};

/// Values of a tensor that are shown.
const VALUES_SHOWN: usize = 8;

/// `weir test`: payloads through one pipeline, without a broker.
pub(crate) fn test(args: &TestArgs) -> Result<Exit> {
    let (prepared, engines) = match settings::prepared(&args.config)? {
        Ok(ready) => ready,
        Err(exit) => return Ok(exit),
    };
    let Some(pipeline) = prepared.pipeline(&args.pipeline) else {
        return Ok(Exit::Refused);
    };
    let device: DeviceId = args.device.parse()?;
    let lane = match pipeline.lane(Some(&device)) {
        Ok(lane) => lane,
        Err(words) => {
            eprintln!("weir: this pipeline rejects every message of {device}: {words}");
            return Ok(Exit::Refused);
        }
    };
    let mut runner = open(&prepared, pipeline, lane, &engines)?;
    let topic = pipeline.pipeline.topic.filter.clone();
    let payloads = payloads(&args.input, pipeline.pipeline.window.is_some())?;
    let mut out = std::io::stdout().lock();
    let (mut windowed, mut rejects) = (0, 0);
    for payload in payloads {
        let mut message = message(&topic, &device, payload);
        let named = args.model_id.iter();
        let named = named.map(|model| ("model_id".to_owned(), model.clone()));
        message.properties.user.extend(named);
        match runner.run(&message, Ok(device.clone()), Instant::now()) {
            None => windowed += 1,
            Some(settled) => {
                rejects += usize::from(!matches!(settled.kind, Kind::Result(_)));
                print(&mut out, &runner, settled)?;
            }
        }
    }
    if let Some(window) = pipeline.pipeline.window.filter(|_| windowed > 0) {
        writeln!(
            out,
            "{windowed} payloads entered the window of {} samples and completed none",
            window.size
        )?;
    }
    Ok(if rejects == 0 {
        Exit::Done
    } else {
        Exit::Mismatch
    })
}

fn open(
    prepared: &Prepared,
    pipeline: &PreparedPipeline,
    lane: &PreparedLane,
    engines: &Engines,
) -> Result<Runner> {
    let name = &pipeline.pipeline.name;
    let observed = Arc::new(Observed::new(name.to_string()));
    let router = &prepared.router;
    let journey = node::journey(
        &prepared.settings,
        pipeline,
        lane,
        NonZeroUsize::MIN,
        router,
        &observed,
    );
    let guests = lane.load(engines)?;
    Runner::open(guests, journey, NonZeroUsize::MIN, observed, Clock::start())
        .with_context(|| format!("pipeline {name}"))
}

/// The file as one payload; where there is a window, each line is one.
fn payloads(input: &Path, lines: bool) -> Result<Vec<Bytes>> {
    let mut bytes = Vec::new();
    if input == Path::new("-") {
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .context("failed to read standard input")?;
    } else {
        bytes = fs::read(input).with_context(|| format!("failed to read {}", input.display()))?;
    }
    if !lines {
        return Ok(vec![Bytes::from(bytes)]);
    }
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty());
    Ok(lines.map(Bytes::copy_from_slice).collect())
}

fn message(filter: &str, device: &DeviceId, payload: Bytes) -> Message {
    Message {
        topic: filter
            .replace('+', device.as_str())
            .replace('#', device.as_str())
            .into(),
        payload,
        qos: QoS::AtLeastOnce,
        retained: false,
        duplicate: false,
        properties: Properties::default(),
    }
}

fn print(out: &mut impl Write, runner: &Runner, settled: Settled) -> Result<()> {
    if matches!(settled.kind, Kind::Result(_)) {
        for input in runner.inputs().iter() {
            writeln!(out, "input  {}", words(input))?;
        }
    }
    if let Some(outgoing) = settled.published.or(settled.reply) {
        writeln!(out, "topic  {}", outgoing.topic)?;
        print_payload(out, &outgoing.payload)?;
    }
    Ok(())
}

/// A document as it is, anything else (CBOR, postcard) in hexadecimal.
fn print_payload(out: &mut impl Write, payload: &[u8]) -> Result<()> {
    match std::str::from_utf8(payload) {
        Ok(text) => write!(out, "{text}")?,
        Err(_) => payload
            .iter()
            .try_for_each(|byte| write!(out, "{byte:02x}"))?,
    }
    Ok(writeln!(out)?)
}

/// Type, shape and first values.
fn words(tensor: &TensorRef<'_>) -> String {
    let values = values(tensor).take(VALUES_SHOWN);
    let shown: Vec<_> = values.map(|value| format!("{value:.4}")).collect();
    format!(
        "{} {:?} [{} …]",
        tensor.dtype.name(),
        tensor.dims,
        shown.join(", ")
    )
}
