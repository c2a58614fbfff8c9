use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

/// An ONNX network that the benches make themselves: `tests/bench/networks.py NAME SIZE`. It is kept below the target
/// folder, and made anew where the script has changed.
///
/// # Errors
/// Fails where Python or what the benches need of it is missing, or the script fails.
pub fn network(name: &str, size: u32) -> Result<PathBuf> {
    let script = crate::repository().join("tests/bench/networks.py");
    let text = fs::read(&script).with_context(|| format!("failed to read {}", script.display()))?;
    let digest = Sha256::digest(&text);
    let [first, second, third, fourth, ..] = digest.as_slice() else {
        unreachable!("a digest has 32 bytes");
    };
    let target = crate::target_folder()?;
    let folder = target.join("bench/networks");
    let version = format!("{first:02x}{second:02x}{third:02x}{fourth:02x}");
    let file = folder.join(format!("{name}-{size}-{version}.onnx"));
    if file.is_file() {
        return Ok(file);
    }
    fs::create_dir_all(&folder)?;
    let unfinished = folder.join(format!("{name}-{size}-{}.partial", std::process::id()));
    let output = Command::new(super::python(&target)?)
        .arg(&script)
        .args([name, &size.to_string()])
        .arg(&unfinished)
        .output()?;
    ensure!(
        output.status.success(),
        "{} fails: {}",
        script.display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    fs::rename(&unfinished, &file)?;
    Ok(file)
}
