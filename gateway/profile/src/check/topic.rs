use crate::{TopicPattern, filter};

/// The segment of a topic pattern that names the device.
const DEVICE: &str = "{device}";
/// The greatest length of a topic pattern.
const BYTES_MAX: usize = 1024;
/// What Weir publishes below its root.
const OUTPUTS: [&str; 3] = ["results/+/+", "rejects/+/+", "nodes/+/+"];

/// Why a pattern is refused, and what to do.
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// Why a text is not a topic to publish to; none = it is.
pub(super) fn name_fault(topic: &str) -> Option<&'static str> {
    if topic.is_empty() {
        return Some("is empty");
    }
    if topic.starts_with('$') {
        return Some("begins with $, which brokers keep for themselves");
    }
    if topic.contains(['+', '#']) {
        return Some("has a wildcard");
    }
    if topic.split('/').any(str::is_empty) {
        return Some("has an empty segment");
    }
    topic
        .contains(char::is_control)
        .then_some("has a control character")
}

/// Reads a topic pattern.
pub(super) fn pattern(pattern: &str, root: &str) -> Result<TopicPattern, Refusal> {
    let refuse = |message: &str, help| {
        Err(Refusal {
            message: format!("{pattern:?} {message}"),
            help,
        })
    };
    if let Some((message, help)) = fault(pattern) {
        return refuse(message, help);
    }
    let mut devices = pattern
        .split('/')
        .enumerate()
        .filter(|(_, segment)| *segment == DEVICE);
    let Some((device_segment, _)) = devices.next() else {
        let help =
            "write {device} for the segment that names the device: sensors/{device}/vibration";
        return refuse("names no device", help);
    };
    if devices.next().is_some() {
        return refuse("names the device twice", "write + for the other segment");
    }
    let filter = pattern.replace(DEVICE, "+");
    if let Some(topic) = own_output(&filter, root) {
        return Err(Refusal {
            message: format!(
                "{pattern:?} would match what Weir itself publishes, such as {topic}: results would become inputs"
            ),
            help: "begin the topic with a fixed segment, or set node.root to a segment that no sensor uses",
        });
    }
    Ok(TopicPattern {
        pattern: pattern.to_owned(),
        filter,
        device_segment,
    })
}

fn own_output(filter: &str, root: &str) -> Option<String> {
    OUTPUTS
        .iter()
        .find_map(|output| filter::overlap(&format!("{root}/{output}"), filter))
}

fn fault(pattern: &str) -> Option<(&'static str, &'static str)> {
    if pattern.is_empty() {
        return Some((
            "is empty",
            "write something like sensors/{device}/vibration",
        ));
    }
    if pattern.len() > BYTES_MAX {
        return Some(("is longer than 1024 bytes", ""));
    }
    if pattern.starts_with("$share/") {
        return Some((
            "is a shared subscription, which Weir does not support yet",
            "write the filter without $share/<group>/; give each node topics of its own",
        ));
    }
    if pattern.contains(char::is_control) {
        return Some(("has a control character", ""));
    }
    let segments: Vec<&str> = pattern.split('/').collect();
    let last = segments.len() - 1;
    let misplaced = |(index, segment): (usize, &&str)| {
        let hash = segment.contains('#') && (*segment != "#" || index != last);
        hash || (segment.contains('+') && *segment != "+")
    };
    if segments.iter().enumerate().any(misplaced) {
        return Some((
            "has a wildcard in the wrong place",
            "+ stands for a whole segment, # for all that follows, at the end only",
        ));
    }
    let braced = |segment: &&str| segment.contains(['{', '}']) && *segment != DEVICE;
    segments.iter().any(braced).then_some((
        "has braces that are not {device}",
        "{device} is the only name, and a whole segment; write + for the others",
    ))
}
