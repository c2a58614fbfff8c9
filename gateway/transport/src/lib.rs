//! The narrow contracts of a source of messages and a sink of results.
