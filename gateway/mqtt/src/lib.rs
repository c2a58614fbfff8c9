//! The MQTT session layer: deliveries in, results out, acknowledgements in the order of arrival.
//!
//! Two connections, so that results never queue behind acknowledgements: one consumes (persistent session), one
//! publishes (clean session; the outbox here is what survives). See `gateway/decisions/0001-mqtt-client.md` for what
//! is taken from rumqttc and what is not.

mod config;
mod topic;
mod words;

mod error;
mod tls;

mod link;
mod pulse;
mod wire;

mod backoff;
mod state;

mod consume;
mod subscriptions;
mod window;

mod outbox;
mod publish;
mod sendable;

mod session;

pub use config::{
    Backoff, ClientIdentity, ConfigError, Credentials, Endpoint, Presence, Protocol, SessionConfig,
    Subscription, Tls,
};
pub use error::{Fault, LinkError};
pub use session::{Control, DrainReport, Session};
pub use state::{ConnectionState, LinkState, Observer, RefusedPublish, SubscriptionState};
pub use subscriptions::Grant;
