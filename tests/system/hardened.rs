//! What the drop-in for interpreters takes from the node, taken by the kernel.

use std::io;

use anyhow::Result;
use weir_tests::NodeConfig;

use crate::{
    program::{self, Finished},
    site::config,
};

/// `prctl`: no memory of this process, and of those that it starts, becomes executable (Linux 6.3).
const PR_SET_MDWE: i32 = 65;
const PR_MDWE_REFUSE_EXEC_GAIN: libc::c_ulong = 1;

/// One pipeline on this engine, within the limits of this chip.
fn on(engine: &str, chip: &str) -> Result<NodeConfig> {
    let limits = "[limits]\nguest_memory_kib_max = 256\ncall_deadline_ms_max = 60000\nload_deadline_ms_max = 600000\n";
    let profile = format!("inherit = {chip:?}\nengine = {engine:?}\n{limits}");
    let pipeline = r#"
[pipeline.anomaly]
topic = "sensors/{device}/vibration"
profile = "hardened"
guest = "anomaly"
decode = { codec = "json", fields = ["/ax", "/ay", "/az"], id = "/id" }
"#;
    Ok(config(1)?.profile("hardened", &profile)?.section(pipeline))
}

/// `weir check`, which opens the guest, where no memory can be made executable.
async fn check(config: &NodeConfig) -> Result<Finished> {
    let mut command = program::command(&["check", "--offline", "--config"], &[config.write()?])?;
    let deny = || {
        #[expect(unsafe_code, reason = "a system call that the test is about")]
        // SAFETY: it takes numbers, and is allowed between fork and exec.
        let denied = unsafe { libc::prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) };
        match denied {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    #[expect(unsafe_code, reason = "the program is to begin without the right")]
    // SAFETY: the closure makes one system call and allocates nothing.
    unsafe {
        command.pre_exec(deny);
    }
    program::finish(command).await
}

#[tokio::test]
async fn interpreters_need_no_memory_that_can_be_written_and_run() -> Result<()> {
    for (engine, chip) in [("wasmi", "cortex-m4-256k"), ("wasm3", "esp32")] {
        let checked = check(&on(engine, chip)?).await?;
        checked.says(0, &["ok: pipeline.anomaly", &format!("opens on {engine}")])?;
    }
    Ok(())
}
