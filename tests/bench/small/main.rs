//! Benches of small things, by Criterion: a topic routed, a payload decoded, a result written, a call into a guest.
//!
//! `cargo bench -p weir-tests --bench small`, with a part of a name to run only some.

mod call;
mod journey;
mod route;

use criterion::{criterion_group, criterion_main};

criterion_group!(benches, route::benches, journey::benches, call::benches);
criterion_main!(benches);
