//! Guests on owning threads, kept warm or fresh for each message, bounded by the profile.
//!
//! A [`Lane`] is one pipeline under one device profile: some shards, each with a guest of its own, and a bounded queue in
//! front of each. A device always goes to the same shard, and a shard is pinned to a thread of the [`Crew`]: the
//! device's order, window and state are kept without a lock.

mod better;
mod clock;
mod crew;
#[cfg(test)]
mod fixtures;
mod keeper;
mod lane;
mod models;
mod pulse;
mod restarts;
mod runner;
mod shard;
mod source;
mod states;

pub use clock::Clock;
pub use crew::Crew;
pub use lane::{Backlog, Job, Lane, LaneClosed, LanePlan, Refused, StartError};
pub use models::{DoesNotOpen, Guests};
pub use pulse::{Beat, Pulse};
pub use runner::Runner;
pub use source::GuestSource;
