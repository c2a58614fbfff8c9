use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use firmware_feed::{ADDRESS, FEED_BYTES_MAX, Feed};
use tokio::process::Command;
use weir_tests::Process;

use crate::{Case, FUEL_MAX, report::Report};

const EMULATOR: &str = "qemu-system-arm";
/// An Arm development board with a Cortex-M4F. Its memories are larger than the chip's; the firmware fences them off.
const MACHINE: &str = "mps2-an386";
/// Seconds on a desktop; a busy machine may need minutes.
const DEADLINE: Duration = Duration::from_secs(300);

/// An emulated chip with the firmware.
pub(crate) struct Chip {
    firmware: PathBuf,
}

impl Chip {
    /// The firmware as `cargo xtask test` built it, where the emulator is installed.
    pub(crate) fn installed() -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        let found = env::split_paths(&path).any(|folder| folder.join(EMULATOR).is_file());
        assert!(
            found,
            "{EMULATOR} is missing: run `sudo apt-get install {EMULATOR}`"
        );
        let target = weir_tests::target_folder().expect("this executable has a place");
        let firmware = target.join("firmware/thumbv7em-none-eabihf/release/weir-firmware");
        assert!(
            firmware.is_file(),
            "{} is missing: run `cargo xtask test firmware`, which builds it",
            firmware.display()
        );
        Self { firmware }
    }

    /// Puts a guest, its model and its calls into flash, lets the chip run until it ends, and reads what it said.
    pub(crate) async fn run(&self, case: &Case, memory_bytes: u64) -> Report {
        let calls = case.calls();
        let feed = Feed {
            memory_bytes_max: u32::try_from(memory_bytes).expect("a small memory"),
            fuel_max: FUEL_MAX,
            guest: &case.wasm,
            model: case.model.as_deref().unwrap_or_default(),
            calls: &calls,
        };
        self.power_on(&feed.encode()).await
    }

    /// The same with whatever lies in flash.
    pub(crate) async fn power_on(&self, feed: &[u8]) -> Report {
        assert!(
            feed.len() <= FEED_BYTES_MAX,
            "{} bytes do not fit into flash",
            feed.len()
        );
        let folder = tempfile::tempdir().expect("a folder");
        let [image, log] = ["feed", "log"].map(|name| folder.path().join(name));
        fs::write(&image, feed).expect("the folder takes it");
        let mut chip = Process::start(EMULATOR, self.command(&image), &log).expect("it starts");
        let status = chip
            .ended_within(DEADLINE)
            .await
            .expect("the chip comes to an end");
        let report = Report::read(&chip.log());
        assert_eq!(
            status.success(),
            report.failed.is_none(),
            "{}",
            chip.log_tail()
        );
        report
    }

    fn command(&self, image: &Path) -> Command {
        let mut command = Command::new(EMULATOR);
        command
            .args(["-machine", MACHINE, "-cpu", "cortex-m4"])
            .args(["-display", "none", "-monitor", "none", "-serial", "none"])
            .args(["-semihosting-config", "enable=on,target=native"])
            .arg("-kernel")
            .arg(&self.firmware)
            .arg("-device")
            .arg(format!(
                "loader,file={},addr={ADDRESS:#x},force-raw=on",
                image.display()
            ));
        command
    }
}
