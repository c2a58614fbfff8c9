//! Configuration and device profiles: as written, then as relied on.
