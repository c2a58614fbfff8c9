//! The first stage: which pipelines take a message, and which device it is from.

mod filter;
mod router;

pub use router::{Overlap, Routed, Router, RouterError, Subscription};
