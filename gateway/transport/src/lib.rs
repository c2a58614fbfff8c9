//! The narrow contracts between a transport and the pipelines: deliveries in, outgoing messages out, and the
//! ticket that ties the two together. `gateway/mqtt` is the first transport; another is a sibling of it.

mod message;
mod refusal;
mod sink;
mod text;
mod ticket;

pub use message::{Message, Outgoing, Properties, QoS};
pub use refusal::{Refusal, Substitute};
pub use sink::{Sink, SinkClosed};
pub use text::Text;
pub use ticket::{Acknowledge, Delivery, Ticket};
