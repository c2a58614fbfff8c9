//! What to do next: for somebody who installs, in the words of files, keys and commands.

use weir_health::{
    BrokerStatus, Health, Last, Machine, NextStep, PipelineHealth, RejectSeen, Throttling,
};
use weir_mqtt::{Fault, LinkState};

use crate::telemetry::{Broker, Watched};

/// Seconds after which a pipeline without a message is worth a word.
const SILENT_S_MIN: u64 = 60;

/// What is known of a node that serves.
pub(super) struct Known<'k> {
    pub(super) fault: Option<&'k str>,
    pub(super) settings: &'k Broker,
    pub(super) link: &'k LinkState,
    pub(super) broker: &'k BrokerStatus,
    pub(super) health: &'k Health,
    pub(super) last: &'k [Last],
    pub(super) pipelines: &'k [Watched],
}

pub(super) fn step(words: impl Into<String>, command: &str) -> NextStep {
    NextStep {
        words: words.into(),
        command: (!command.is_empty()).then(|| command.to_owned()),
    }
}

impl Known<'_> {
    /// Everything that is to be done, the most urgent first.
    pub(super) fn steps(&self) -> Vec<NextStep> {
        let stuck = self.fault.map(|fault| {
            let words = format!(
                "A part of the node hangs: {fault}. Start the node anew, and report this: it is a fault in Weir"
            );
            step(words, "sudo systemctl restart weir")
        });
        let none = self.pipelines.is_empty().then(|| {
            step(
                "No pipeline is configured yet: set up the broker and the first one",
                "sudo weir setup",
            )
        });
        let steps = stuck.into_iter().chain(none).chain(self.broker());
        steps.chain(self.pipelines()).collect()
    }

    fn broker(&self) -> Vec<NextStep> {
        let mut steps = Vec::new();
        if !self.broker.connected {
            let connections = [&self.link.incoming, &self.link.outgoing];
            let missing = connections.iter().find(|connection| !connection.connected);
            steps.extend(
                missing
                    .and_then(|missing| missing.last_fault)
                    .map(|fault| self.mend(fault)),
            );
        }
        steps.extend(self.broker.refused_filters.iter().map(|refusal| {
            let words = format!(
                "The broker does not let this node subscribe to {} ({}): allow it in the broker's access list",
                refusal.topic, refusal.words
            );
            step(words, "")
        }));
        steps.extend(self.broker.refused_publish.iter().map(|refusal| {
            let words = format!(
                "The broker does not let this node publish to {} ({}): allow it in the broker's access list. Results wait until then",
                refusal.topic, refusal.words
            );
            step(words, "")
        }));
        steps
    }

    /// What mends a connection that fails so.
    fn mend(&self, fault: Fault) -> NextStep {
        let Broker {
            url,
            embedded,
            here,
            user,
        } = self.settings;
        match fault {
            Fault::Unreachable if *embedded => step(
                "The embedded broker does not answer; Weir starts it again by itself",
                "journalctl -u weir -e",
            ),
            Fault::Unreachable if *here => step(
                format!("No broker answers at {url}, on this machine. Is it running?"),
                "systemctl status mosquitto",
            ),
            Fault::Unreachable => step(
                format!(
                    "No broker answers at {url}. Is broker.url right, the broker running, and the network up?"
                ),
                "sudo weir check",
            ),
            Fault::Tls => step(
                "The broker's certificate is not accepted: broker.ca_file must hold the authority that signed it, the name in broker.url must be the certificate's, and this machine's clock must be right",
                "timedatectl",
            ),
            Fault::Credentials if *user => step(
                "The broker does not accept user and password: mend broker.username and the file that broker.password_file names",
                "sudo weir check",
            ),
            Fault::Credentials => step(
                "The broker asks for a user and a password: state broker.username and broker.password_file",
                "sudo weir setup",
            ),
            Fault::ClientId => step(
                "Another client uses the same client id: give each node a node.name (or broker.client_id) of its own",
                "",
            ),
            Fault::Protocol => step(
                "The broker does not speak MQTT 5: state broker.protocol = \"3.1.1\"",
                "",
            ),
            Fault::Other => step(
                "The connection to the broker does not last; the log says when and why",
                "journalctl -u weir -e",
            ),
        }
    }

    fn pipelines(&self) -> impl Iterator<Item = NextStep> {
        let seen = self
            .health
            .pipelines
            .iter()
            .zip(self.last)
            .zip(self.pipelines);
        seen.filter_map(|((health, last), watched)| {
            let silent = self.broker.connected && self.health.resources.uptime_s >= SILENT_S_MIN;
            match &last.reject {
                Some(reject) if last.result.is_none() => Some(all_rejected(health, reject)),
                _ if silent && health.counts.accepted == 0 => Some(silence(watched)),
                Some(_) | None => None,
            }
        })
    }
}

fn all_rejected(health: &PipelineHealth, reject: &RejectSeen) -> NextStep {
    let name = &health.name;
    let words = format!(
        "Pipeline {name} has rejected every payload so far, the last one as {}: {}. Save one payload in a file and try what makes it a result",
        reject.code, reject.words
    );
    step(words, &format!("weir test {name} --input FILE"))
}

fn silence(watched: &Watched) -> NextStep {
    let facts = &watched.facts;
    let words = format!(
        "Pipeline {} has had no message yet: does the sensor publish to {}?",
        facts.name, facts.topic
    );
    step(words, &format!("mosquitto_sub -v -t '{}'", facts.filter))
}

/// What the machine itself wants.
pub(super) fn for_machine(machine: &Machine) -> [Option<NextStep>; 2] {
    let throttling = machine.throttling.as_deref().unwrap_or_default();
    let any = |of: &[Throttling]| throttling.iter().any(|one| of.contains(one));
    let weak = [Throttling::UnderVoltage, Throttling::UnderVoltageOccurred];
    let hot = [Throttling::Throttled, Throttling::SoftTemperatureLimit];
    [
        any(&weak).then(|| {
            step(
                "The power supply is too weak: the Pi slows down, and may damage its card. Use a supply and a cable that are made for it",
                "",
            )
        }),
        (any(&hot) && !any(&weak[..1]))
            .then(|| step("The Pi is slowed down by heat: give it a cooler or more air", "")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(throttling: &[Throttling]) -> Vec<String> {
        let machine = Machine {
            throttling: Some(throttling.to_vec()),
            ..Machine::default()
        };
        let steps = for_machine(&machine).into_iter().flatten();
        steps.map(|step| step.words).collect()
    }

    #[test]
    fn a_weak_supply_is_told_apart_from_heat() {
        assert!(steps(&[]).is_empty());
        let weak = steps(&[Throttling::UnderVoltage, Throttling::Throttled]);
        assert!(
            weak.len() == 1 && weak[0].contains("power supply"),
            "{weak:?}"
        );
        let hot = steps(&[Throttling::SoftTemperatureLimit]);
        assert!(hot.len() == 1 && hot[0].contains("heat"), "{hot:?}");
        assert!(steps(&[Throttling::ThrottledOccurred]).is_empty());
    }
}
