use crate::exit::Exit;

/// `weir compile-guest`: for weir's own use.
pub(crate) fn compile_guest() -> anyhow::Result<Exit> {
    weir_engine_wasmtime::compile_for_gateway()?;
    Ok(Exit::Done)
}
