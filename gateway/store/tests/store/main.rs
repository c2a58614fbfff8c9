//! The store from its public edge: guests and models that are taken, and those that are refused.

mod admission;
mod class;
mod graphs;
mod models;
mod support;
