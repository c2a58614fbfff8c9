use super::{Contestant, Topics};

/// Nobody: the dashboard subscribes to what the sensors publish.
pub(super) fn start() -> Contestant {
    Contestant {
        topics: Topics {
            input: "bench-generator/{device}".to_owned(),
            results: "bench-generator".to_owned(),
            rejects: None,
        },
        process: None,
        _config: None,
    }
}
