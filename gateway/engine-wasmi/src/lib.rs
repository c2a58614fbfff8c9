//! The wasmi interpreter behind the engine contract.
//!
//! Code is metered always: a call runs in slices of fuel, well below a millisecond each, between which the clock
//! is read. So a deadline stops any loop, without a second thread and without signals.

mod engine;
mod instance;
mod module;
mod nn;
mod probe;
mod select;
mod slices;
mod trap;

#[cfg(test)]
mod fixtures;

pub use engine::WasmiEngine;
