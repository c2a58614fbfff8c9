use crate::{cli::BrokerArgs, embedded, exit::Exit};

/// `weir broker`: the embedded broker alone.
pub(crate) fn broker(args: &BrokerArgs) -> anyhow::Result<Exit> {
    embedded::serve(args)?;
    Ok(Exit::Done)
}
