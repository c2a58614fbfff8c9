use crate::{engines, exit::Exit};

/// `weir compile-guest`: for weir's own use.
pub(crate) fn compile_guest() -> anyhow::Result<Exit> {
    engines::compile_for_gateway()?;
    Ok(Exit::Done)
}
