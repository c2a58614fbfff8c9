use std::{fs, path::Path};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the kernel shows the temperature of the processor, in thousandths of a degree.
const TEMPERATURE: &str = "sys/class/thermal/thermal_zone0/temp";
/// Where the firmware of a Raspberry Pi says what it did to the processor: bits, in hexadecimal.
const THROTTLED: &str = "sys/devices/platform/soc/soc:firmware/get_throttled";

/// What the firmware's bits say, as <https://www.raspberrypi.com/documentation/computers/os.html#get_throttled> lists
/// them.
const BITS: [(u32, Throttling); 8] = [
    (0, Throttling::UnderVoltage),
    (1, Throttling::FrequencyCapped),
    (2, Throttling::Throttled),
    (3, Throttling::SoftTemperatureLimit),
    (16, Throttling::UnderVoltageOccurred),
    (17, Throttling::FrequencyCappedOccurred),
    (18, Throttling::ThrottledOccurred),
    (19, Throttling::SoftTemperatureLimitOccurred),
];

/// What the machine shows of its own state; what it does not show is left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// Temperature of the processor in degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_celsius: Option<f64>,
    /// What the firmware of a Raspberry Pi does, or did since it was started, to the processor; empty = nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttling: Option<Vec<Throttling>>,
}

/// Why a Raspberry Pi is slower than it could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Throttling {
    /// The power supply is too weak, now.
    UnderVoltage,
    /// The clock is capped, now.
    FrequencyCapped,
    /// The processor is slowed down, now.
    Throttled,
    /// The soft temperature limit is in force, now.
    SoftTemperatureLimit,
    /// The power supply was too weak since the machine was started.
    UnderVoltageOccurred,
    /// The clock was capped since the machine was started.
    FrequencyCappedOccurred,
    /// The processor was slowed down since the machine was started.
    ThrottledOccurred,
    /// The soft temperature limit was in force since the machine was started.
    SoftTemperatureLimitOccurred,
}

impl Machine {
    /// What this machine shows now.
    #[must_use]
    pub fn observe() -> Self {
        Self::below(Path::new("/"))
    }

    fn below(root: &Path) -> Self {
        let read = |place: &str| fs::read_to_string(root.join(place)).ok();
        Self {
            temperature_celsius: read(TEMPERATURE).as_deref().and_then(celsius),
            throttling: read(THROTTLED).as_deref().and_then(throttling),
        }
    }
}

/// Thousandths of a degree, to a tenth.
fn celsius(text: &str) -> Option<f64> {
    let thousandths: i32 = text.trim().parse().ok()?;
    Some((f64::from(thousandths) / 100.0).round() / 10.0)
}

fn throttling(text: &str) -> Option<Vec<Throttling>> {
    let text = text.trim();
    let bits = u32::from_str_radix(text.trim_start_matches("0x"), 16).ok()?;
    let set = BITS.iter().filter(|(bit, _)| bits & (1 << bit) != 0);
    Some(set.map(|(_, throttling)| *throttling).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> Machine {
        let root = tempfile::tempdir().unwrap();
        for (place, text) in files {
            let file = root.path().join(place);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        Machine::below(root.path())
    }

    #[test]
    fn a_hot_board_with_a_weak_supply_says_so() {
        let machine = machine(&[(TEMPERATURE, "81252\n"), (THROTTLED, "50005\n")]);
        assert_eq!(machine.temperature_celsius, Some(81.3));
        let said = [
            Throttling::UnderVoltage,
            Throttling::Throttled,
            Throttling::UnderVoltageOccurred,
            Throttling::ThrottledOccurred,
        ];
        assert_eq!(machine.throttling.as_deref(), Some(&said[..]));
    }

    #[test]
    fn a_board_that_is_well_says_that_too() {
        let machine = machine(&[(TEMPERATURE, "-1500\n"), (THROTTLED, "0\n")]);
        assert_eq!(machine.temperature_celsius, Some(-1.5));
        assert_eq!(machine.throttling, Some(Vec::new()));
    }

    #[test]
    fn what_is_not_there_or_not_understood_is_left_out() {
        assert_eq!(machine(&[]), Machine::default());
        let odd = machine(&[
            (TEMPERATURE, "hot"),
            (THROTTLED, "VCHI initialization failed"),
        ]);
        assert_eq!(odd, Machine::default());
        assert_eq!(serde_json::to_string(&odd).unwrap(), "{}");
    }
}
