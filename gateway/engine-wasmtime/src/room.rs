//! Whether a machine has the memory in which a guest can be compiled while others serve.

use std::{fs, path::Path};

/// Memory that compiling takes for a byte of a guest. Measured: 810 MB for the guest `onnx` of 15 MB.
const BYTES_PER_GUEST_BYTE: u64 = 56;
/// Memory for a byte of its model: as it arrives, as the guest has it, as it is looked at and written.
const BYTES_PER_MODEL_BYTE: u64 = 12;

/// Whether there is enough for a guest and a model of so many bytes; the error says what is missing.
pub(crate) fn is_enough(guest: usize, model: usize) -> Result<(), String> {
    let bytes = |count: usize, each: u64| {
        u64::try_from(count)
            .unwrap_or(u64::MAX)
            .saturating_mul(each)
    };
    let needed =
        bytes(guest, BYTES_PER_GUEST_BYTE).saturating_add(bytes(model, BYTES_PER_MODEL_BYTE));
    match available() {
        Some(available) if available < needed => Err(format!(
            "compiling it takes some {} MiB of memory, of which {} MiB are available; it is tried again at the next start",
            needed >> 20,
            available >> 20
        )),
        _ => Ok(()),
    }
}

/// What this process may still take, by the system's and its control group's account.
fn available() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok();
    let system = system.as_deref().and_then(of_system);
    let group = of_group(Path::new("/sys/fs/cgroup"));
    system.into_iter().chain(group).min()
}

fn of_system(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// What the control group (version 2) of this process and those above it leave.
fn of_group(root: &Path) -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let own = root.join(own);
    let above = own.ancestors().take_while(|group| group.starts_with(root));
    above.filter_map(left_in).min()
}

fn left_in(group: &Path) -> Option<u64> {
    let number = |file: &str| -> Option<u64> {
        let text = fs::read_to_string(group.join(file)).ok()?;
        text.trim().parse().ok()
    };
    let max = number("memory.max")?;
    Some(max.saturating_sub(number("memory.current")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_account_is_read() {
        let meminfo = "MemTotal:  8000 kB\nMemAvailable:    4096 kB\n";
        assert_eq!(of_system(meminfo), Some(4 << 20));
        assert_eq!(of_system("MemAvailable: many kB"), None);
        assert!(available().is_some(), "of this machine");
    }

    #[test]
    fn a_group_leaves_what_it_has_not_taken() {
        let group = tempfile::tempdir().unwrap();
        assert_eq!(left_in(group.path()), None);
        fs::write(group.path().join("memory.current"), "70\n").unwrap();
        fs::write(group.path().join("memory.max"), "max\n").unwrap();
        assert_eq!(left_in(group.path()), None);
        fs::write(group.path().join("memory.max"), "100\n").unwrap();
        assert_eq!(left_in(group.path()), Some(30));
    }

    #[test]
    fn what_is_missing_is_said() {
        assert_eq!(is_enough(1, 1), Ok(()));
        let words = is_enough(1 << 50, 0).unwrap_err();
        assert!(words.contains("are available"), "{words}");
    }
}
