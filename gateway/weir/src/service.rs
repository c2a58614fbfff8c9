//! Weir as a service: what the service manager is told, whether the node still lives, and how the journal reads.

pub(crate) mod journal;
mod life;
mod notify;

pub(crate) use life::{Life, watch};
pub(crate) use notify::{Starting, follow, ready, stopping};
