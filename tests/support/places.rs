use std::{
    env,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

/// The folder of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or(package.clone(), Path::to_owned)
}

/// The folder with the binaries of the cargo profile that this executable was built in: `target/debug`.
///
/// # Errors
/// Fails where the system does not say which file is running.
pub fn profile_folder() -> Result<PathBuf> {
    let executable = env::current_exe().context("the system does not name this executable")?;
    let folder = executable
        .parent()
        .context("an executable lies in a folder")?;
    let folder = match folder.file_name() {
        Some(name) if name == "deps" => folder.parent().unwrap_or(folder),
        _ => folder,
    };
    Ok(folder.to_owned())
}

/// Cargo's target folder.
///
/// # Errors
/// Fails where the system does not say which file is running.
pub fn target_folder() -> Result<PathBuf> {
    let profile = profile_folder()?;
    Ok(profile.parent().unwrap_or(&profile).to_owned())
}

/// The folder of the built guests: `WEIR_GUESTS`, else where `cargo xtask guests` collects them.
///
/// # Errors
/// Fails where the system does not say which file is running.
pub fn guests() -> Result<PathBuf> {
    match env::var_os("WEIR_GUESTS") {
        Some(folder) => Ok(folder.into()),
        None => Ok(target_folder()?.join("share/weir/guests")),
    }
}

/// The worker of wasm3: `WEIR_WASM3_BIN`, else beside `weir`.
///
/// # Errors
/// Fails where it is not there.
pub fn wasm3_worker() -> Result<PathBuf> {
    let beside = |weir: PathBuf| weir.with_file_name("weir-wasm3");
    let worker = match (env::var_os("WEIR_WASM3_BIN"), env::var_os("WEIR_BIN")) {
        (Some(worker), _) => PathBuf::from(worker),
        (None, Some(weir)) => beside(weir.into()),
        (None, None) => beside(profile_folder()?.join("weir")),
    };
    ensure!(
        worker.is_file(),
        "no worker of wasm3 at {}: run `cargo xtask test`, which builds it, or set WEIR_WASM3_BIN",
        worker.display()
    );
    Ok(worker)
}

/// A port of the loopback interface that nobody listens on.
///
/// # Errors
/// Fails where no port is left.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}
