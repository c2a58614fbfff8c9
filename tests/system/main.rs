//! Weir from outside: real `weir` processes, real brokers, sensors and dashboards.
//!
//! Each file is one subject. A test says what it publishes and what it expects to see; nothing waits for a fixed time,
//! and nothing is asserted about how long things take.

mod artefacts;
mod documents;
mod onnx;
mod program;
mod secured;
mod site;
mod stream;

mod benches;
mod cbor;
mod classes;
mod commands;
mod connection;
mod counts;
mod crowd;
mod demo;
mod drain;
mod embedded;
mod faults;
mod graphs;
mod hardened;
mod hostile;
mod images;
mod isolation;
mod journey;
mod model;
mod models;
mod pages;
mod precompiled;
mod profiles;
mod refused_artefacts;
mod refused_configuration;
mod rejects;
mod requests;
mod retained;
mod rights;
mod service;
mod setup;
mod status;
mod topics;
mod v311;
mod wasm3;
mod windows;
