//! Warm guests on owning threads, bounded by the profile.
