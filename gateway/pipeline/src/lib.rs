//! The journey of a message: accept → decode → prepare → window → (the guest) → result or reject → publish.
//!
//! One file or folder for each stage, in the order of the data. There is no socket, no clock and no thread here:
//! time is a parameter ([`Now`]), and messages come and go through the types of `weir-transport`. The deep entry
//! is [`Journey`], one for each thread that owns a guest; [`Router`] stands in front of all of them.

mod accept;
mod binding;
mod decode;
#[cfg(test)]
mod fixtures;
mod identity;
mod journey;
mod model;
mod now;
mod pieces;
mod prepare;
mod publish;
mod reason;
mod reject;
mod result;
mod schema;
mod settled;
pub mod topics;
mod window;

pub use accept::{Overlap, Routed, Router, RouterError, Subscription};
pub use binding::{BindError, Binding, InputFacts, Layout, ModelFacts};
pub use journey::{Arrival, Journey, Origin, Step, WindowCounts};
pub use now::{Now, Timing, UtcMillis};
pub use publish::ReplyRefusal;
pub use reason::{Reason, RejectCode};
pub use reject::Reject;
pub use result::{Best, InferenceResult, Output, Ranked};
pub use schema::{reject_schema, result_schema};
pub use settled::{Inputs, Kind, Settled};
