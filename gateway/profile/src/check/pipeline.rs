use std::{num::NonZeroU32, str::FromStr, time::Duration};

use super::{decode::decode, models::models, profile::Profiles, result::result, topic};
use crate::{
    Codec, Isolation, NameError, Pipeline, Window,
    report::Report,
    written::{self, IsolationName},
};

/// What a pipeline is checked against.
pub(crate) struct Context<'a> {
    pub(crate) root: &'a str,
    pub(crate) packet_bytes_max: u32,
    pub(crate) mqtt_5: bool,
    pub(crate) profiles: &'a Profiles,
}

/// `[pipeline.<name>]`.
pub(crate) fn pipeline(
    report: &mut Report<'_>,
    name: &str,
    written: &written::Pipeline,
    context: &Context<'_>,
) -> Option<Pipeline> {
    let key = |key| ["pipeline", name, key];
    let pipeline_name = parsed(report, &["pipeline", name], name);
    let topic = match topic::pattern(&written.topic, context.root) {
        Ok(topic) => Some(topic),
        Err(refusal) => {
            report.error(&key("topic"), refusal.message, refusal.help);
            None
        }
    };
    let profile = context
        .profiles
        .known(report, &key("profile"), &written.profile);
    let guest = parsed(report, &key("guest"), &written.guest);
    let model = match &written.model {
        Some(model) => parsed(report, &key("model"), model).map(Some),
        None => Some(None),
    };
    let models = models(report, name, written, context.mqtt_5);
    if let Some(profile) = profile.as_ref().and_then(|name| context.profiles.get(name)) {
        let payload = profile.payload_bytes_max;
        if u64::try_from(payload).is_ok_and(|payload| payload > context.packet_bytes_max.into()) {
            let message = format!(
                "allows payloads of {payload} bytes, but broker.packet_bytes_max lets in {} only",
                context.packet_bytes_max
            );
            report.warning(&key("profile"), message, "raise broker.packet_bytes_max");
        }
    }
    let decode = decode(report, name, &written.decode);
    if matches!(decode.codec, Codec::Image(_)) && written.window.is_some() {
        let message = "an image is a whole input and enters no window";
        let help = "remove the window, or choose another codec";
        report.error(&key("window"), message, help);
    }
    let window = written
        .window
        .as_ref()
        .map(|written| window(report, name, written));
    Some(Pipeline {
        decode,
        result: result(report, name, &written.result),
        name: pipeline_name?,
        topic: topic?,
        retained: written.retained,
        profile: profile?,
        guest: guest?,
        model: model?,
        models: models?,
        isolation: match written.isolation {
            IsolationName::Warm => Isolation::Warm,
            IsolationName::Fresh => Isolation::Fresh,
        },
        window: match window {
            Some(window) => Some(window?),
            None => None,
        },
    })
}

fn window(report: &mut Report<'_>, name: &str, written: &written::Window) -> Option<Window> {
    let stride = written.stride.unwrap_or(written.size);
    if stride > written.size {
        let message = format!("{stride} is greater than size {}", written.size);
        let help = "a greater stride would skip samples: publish less often, or raise size";
        report.error(&["pipeline", name, "window", "stride"], message, help);
    }
    Some(Window {
        size: NonZeroU32::new(written.size)?,
        stride: NonZeroU32::new(stride)?,
        gap_max: written.gap_ms_max.map(Duration::from_millis),
        devices_max: NonZeroU32::new(written.devices_max)?,
    })
}

pub(super) fn parsed<T: FromStr<Err = NameError>>(
    report: &mut Report<'_>,
    key: &[&str],
    name: &str,
) -> Option<T> {
    name.parse()
        .map_err(|error: NameError| report.error(key, error.to_string(), ""))
        .ok()
}
