//! What the system tests and the benches share: a real broker, a real node, and a client that keeps its promises.
//!
//! Everything here drives Weir from outside, as a sensor, a dashboard or an installer would: processes, signals,
//! files, MQTT. Nothing waits for a fixed time; whatever waits has a deadline and says what did not happen.

pub mod bench;

mod broker;
mod client;
mod config;
mod node;
mod places;
mod process;

pub use broker::Mosquitto;
pub use client::{Client, Publication, Receipt, Received};
pub use config::NodeConfig;
pub use node::{WeirProcess, weir_program};
pub use places::{free_port, guests, profile_folder, repository, target_folder, wasm3_worker};
pub use process::Process;
