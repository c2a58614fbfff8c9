use std::fmt::Write as _;

use weir_profile::{DeviceId, NodeName, PipelineName};
use weir_transport::Message;

use crate::topics::NO_DEVICE;

/// The longest identity that is taken from a message's properties.
const ID_BYTES_MAX: usize = 256;

/// Says which identity a message has: the sensor's own (in the payload, else the `CloudEvents` user property `id`),
/// so that a message that is delivered again keeps it; else `<node>/<pipeline>/<device>/<counter>`.
#[derive(Debug)]
pub(crate) struct Identities {
    prefix: String,
    counter: u64,
}

impl Identities {
    /// `start` is the counter's first number: one that no earlier run of the node has reached.
    pub(crate) fn new(node: &NodeName, pipeline: &PipelineName, start: u64) -> Self {
        Self {
            prefix: format!("{node}/{pipeline}/"),
            counter: start,
        }
    }

    /// Writes the identity over `id`. `own` is what the payload says; empty = nothing.
    pub(crate) fn write(
        &mut self,
        own: &str,
        message: &Message,
        device: Option<&DeviceId>,
        id: &mut String,
    ) {
        id.clear();
        if !own.is_empty() {
            return id.push_str(own);
        }
        if let Some(event) = cloud_event_id(message) {
            return id.push_str(event);
        }
        let number = self.counter;
        self.counter = self.counter.wrapping_add(1);
        let device = device.map_or(NO_DEVICE, DeviceId::as_str);
        write!(id, "{}{device}/{number}", self.prefix).expect("writing to a String does not fail");
    }
}

/// The `id` of a message in the binary mode of `CloudEvents`, which `specversion` tells.
fn cloud_event_id(message: &Message) -> Option<&str> {
    let property = |name: &str| {
        let mut user = message.properties.user.iter();
        user.find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    property("specversion")?;
    property("id").filter(|id| (1..=ID_BYTES_MAX).contains(&id.len()))
}
