//! The process in which guests are compiled, alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    match weir_engine_wasmtime::compile_for_gateway() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
