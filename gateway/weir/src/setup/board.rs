//! What this machine is, and the device profile for it.

use std::{fs::File, io::Read};

/// Where Linux names the board.
const MODEL_FILE: &str = "/proc/device-tree/model";
/// Of a name.
const NAME_BYTES_MAX: u64 = 256;

/// The machine's name, where it has one, and the device profile for it.
pub(super) struct Board {
    pub(super) name: Option<String>,
    pub(super) profile: &'static str,
}

/// Looks at this machine.
pub(super) fn here() -> Board {
    let name = name();
    Board {
        profile: profile(name.as_deref()),
        name,
    }
}

fn name() -> Option<String> {
    let mut bytes = Vec::new();
    let file = File::open(MODEL_FILE).ok()?;
    file.take(NAME_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    let name = String::from_utf8_lossy(&bytes);
    let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    Some(name).filter(|name| !name.is_empty())
}

/// Boards by what their names begin with, the longer first. Those older than the ones that have a profile get that of
/// the smallest: its limits fit them.
const BOARDS: [(&str, &str); 13] = [
    ("Raspberry Pi Compute Module 5", "pi-5"),
    ("Raspberry Pi Compute Module 4", "pi-4"),
    ("Raspberry Pi Compute Module 3", "pi-3"),
    ("Raspberry Pi Zero 2", "pi-zero-2w"),
    ("Raspberry Pi 500", "pi-5"),
    ("Raspberry Pi 400", "pi-4"),
    ("Raspberry Pi 5", "pi-5"),
    ("Raspberry Pi 4", "pi-4"),
    ("Raspberry Pi 3", "pi-3"),
    ("Raspberry Pi 2", "pi-zero-2w"),
    ("Raspberry Pi", "pi-zero-2w"),
    ("NVIDIA Jetson", "jetson-nano"),
    ("Jetson", "jetson-nano"),
];

fn profile(name: Option<&str>) -> &'static str {
    let Some(name) = name else {
        return "edge-server";
    };
    let mut boards = BOARDS.iter();
    let known = boards.find(|(begins, _)| name.starts_with(begins));
    known.map_or("edge-server", |(_, profile)| profile)
}

#[cfg(test)]
mod tests {
    use super::{BOARDS, profile};

    #[test]
    fn boards_have_the_profile_of_their_kind() {
        for (name, wanted) in [
            ("Raspberry Pi 5 Model B Rev 1.0", "pi-5"),
            ("Raspberry Pi 500 Rev 1.0", "pi-5"),
            ("Raspberry Pi 4 Model B Rev 1.5", "pi-4"),
            ("Raspberry Pi 400 Rev 1.0", "pi-4"),
            ("Raspberry Pi Compute Module 4 Rev 1.1", "pi-4"),
            ("Raspberry Pi 3 Model B Plus Rev 1.3", "pi-3"),
            ("Raspberry Pi Zero 2 W Rev 1.0", "pi-zero-2w"),
            ("Raspberry Pi 2 Model B Rev 1.1", "pi-zero-2w"),
            ("NVIDIA Jetson Nano Developer Kit", "jetson-nano"),
            ("Some Other Board", "edge-server"),
        ] {
            assert_eq!(profile(Some(name)), wanted, "{name}");
        }
        assert_eq!(profile(None), "edge-server");
    }

    #[test]
    fn every_profile_ships() {
        let settings = weir_profile::parse("").unwrap().settings;
        for (_, name) in BOARDS {
            assert!(
                settings.profiles.contains_key(&name.parse().unwrap()),
                "{name}"
            );
        }
    }
}
