use std::path::PathBuf;

use clap::Args;

use super::OptionalConfigArgs;

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) config: OptionalConfigArgs,

    /// The node's socket; else that of the configuration (node.status_socket), or the usual one.
    #[arg(long, value_name = "FILE")]
    pub(crate) socket: Option<PathBuf>,

    /// Print the document as the node gives it (weir schema status).
    #[arg(long)]
    pub(crate) json: bool,

    /// Ask every two seconds, until Ctrl-C.
    #[arg(long)]
    pub(crate) watch: bool,

    /// Mind only whether the node is alive, for probes that start it anew: exit code 0 where it answers and nothing in it
    /// is stuck, also while it starts and while its broker is away.
    #[arg(long, conflicts_with = "watch")]
    pub(crate) alive: bool,
}
