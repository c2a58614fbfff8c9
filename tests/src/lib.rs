//! Conformance, system and fault tests, and the benches.
