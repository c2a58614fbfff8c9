//! The journey of a message: accept → decode → prepare → window → (the guest) → result or reject → publish.
//!
//! One file or folder for each stage, in the order of the data. There is no socket, no clock and no thread here:
//! time is a parameter ([`Now`]), and messages come and go through the types of `weir-transport`. The deep entry
//! is [`Journey`], one for each thread that owns a guest; [`Router`] stands in front of all of them.

mod accept;
mod binding;
mod decode;
mod identity;
mod journey;
mod now;
mod prepare;
mod publish;
mod reason;
mod reject;
mod result;
pub mod topics;
mod window;

pub use accept::{Overlap, Routed, Router, RouterError, Subscription};
pub use binding::{BindError, Binding, InputFacts, Layout, ModelFacts};
pub use journey::{Arrival, Inputs, Journey, Kind, Origin, Settled, Step, WindowCounts};
pub use now::{Now, Timing};
pub use publish::ReplyRefusal;
pub use reason::{Reason, RejectCode};
pub use reject::Reject;
pub use result::{InferenceResult, Output, Ranked};
