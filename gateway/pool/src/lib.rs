//! Guests on owning threads, kept warm or fresh for each message, bounded by the profile.
//!
//! A [`Lane`] is one pipeline under one device profile: some threads, each with a guest of its own, and a bounded
//! queue in front of each. A device always goes to the same thread, which keeps its order, its window and its
//! state without a lock.

mod clock;
#[cfg(test)]
mod fixtures;
mod keeper;
mod lane;
mod models;
mod restarts;
mod runner;
mod states;
mod worker;

pub use clock::Clock;
pub use keeper::GuestSource;
pub use lane::{Backlog, Job, Lane, LaneClosed, LanePlan, Refused, StartError};
pub use models::{DoesNotOpen, Guests};
pub use runner::Runner;
