//! Compiles guests for packages: `precompile-guest TARGET FOLDER GUEST.wasm…`. What it wrote is told on standard output:
//! name, bytes of the file, bytes when it is unpacked.

use std::{
    env,
    error::Error,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use weir_engine_wasmtime::{Precompiled, precompile};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let target = arguments
        .next()
        .and_then(|target| target.into_string().ok());
    let (Some(target), Some(folder)) = (target, arguments.next()) else {
        return Err("usage: precompile-guest TARGET FOLDER GUEST.wasm…".into());
    };
    for guest in arguments.map(PathBuf::from) {
        let written = write(&target, Path::new(&folder), &guest)?;
        let Precompiled {
            name,
            bytes,
            unpacked_bytes,
        } = written;
        writeln!(io::stdout(), "{name} {} {unpacked_bytes}", bytes.len())?;
    }
    Ok(())
}

fn write(target: &str, folder: &Path, guest: &Path) -> Result<Precompiled, Box<dyn Error>> {
    let named = |error: io::Error| format!("{}: {error}", guest.display());
    let wasm = fs::read(guest).map_err(named)?;
    let name = guest.file_stem().unwrap_or_default().to_string_lossy();
    let made = precompile(&name, &wasm, target)?;
    fs::write(folder.join(&made.name), &made.bytes).map_err(named)?;
    Ok(made)
}
