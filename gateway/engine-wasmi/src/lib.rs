//! The wasmi interpreter behind the engine contract.
