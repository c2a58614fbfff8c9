//! What was observed: counts, percentiles, resources and status.
