//! As written → as relied on, section by section. Each function reports all that it finds; what it returns is used
//! only where there were no errors.

mod broker;
mod decode;
mod models;
mod node;
mod pipeline;
mod profile;
mod result;
mod topic;

pub(crate) use broker::broker;
pub(crate) use node::{Search, devices, node, paths, usual_status_sockets};
pub(crate) use pipeline::{Context, pipeline};
pub(crate) use profile::{Profiles, Source};
