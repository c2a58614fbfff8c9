//! The postcard payloads that sensors may send and dashboards may read.
