//! The process in which wasm3 runs one guest.
//!
//! The gateway starts it and speaks with it over the socket that is its standard input
//! (`weir_engine_wasm3::wire`). Before it looks at the guest's code it locks itself in: it can open no file and no
//! socket, start nothing, and have no more memory than the guest's limits ask for. What remains to a guest that
//! takes wasm3 over is this process, and wrong answers.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod filter;
mod gateway;
mod guest;
mod lock;
mod log;
mod serve;

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use weir_engine_wasm3::wire;

/// What is said in the greeting, and by `--version`.
pub(crate) fn about() -> String {
    let wasm3 = wasm3x_sys::M3_VERSION.strip_suffix(b"\0");
    let wasm3 = wasm3.map(String::from_utf8_lossy).unwrap_or_default();
    format!("{}wasm3 {wasm3})", wire::ABOUT)
}

fn main() -> ExitCode {
    let args: Vec<_> = env::args_os().skip(1).collect();
    match args.first() {
        Some(arg) if *arg == *wire::SERVE => serve::serve(),
        Some(arg) if *arg == *"--version" => {
            let about = about();
            let line = format!("{about}: a part of Weir, which runs guests under wasm3 in it\n");
            match io::stdout().write_all(line.as_bytes()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            }
        }
        _ => {
            let line = b"weir-wasm3 is a part of Weir: `weir run` starts it where a device profile has engine = \"wasm3\"\n";
            match io::stderr().write_all(line) {
                Ok(()) | Err(_) => ExitCode::from(2),
            }
        }
    }
}
