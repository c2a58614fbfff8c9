//! The packer from outside: graphs that are built here, packed, and run by both arithmetics.

mod graph;

mod data;
mod hostile;
mod operators;
mod refused;
