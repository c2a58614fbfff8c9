//! What was observed: counts and percentiles per pipeline ([`Observed`]), the node's resources
//! ([`Resources`]), the health document made of them ([`Health`]), and what `weir status` shows ([`Status`]).

mod document;
mod event;
mod machine;
mod observed;
mod percentiles;
mod resources;
mod status;

pub use document::{
    Capabilities, CodeHealth, Health, LinkHealth, ModelsHealth, PipelineHealth, ResourceHealth,
    schema,
};
pub use event::{
    Accepted, Closed, Code, Improved, Improving, NotImproved, Opened, Rejected, Renewed, Resulted,
    Windowed,
};
pub use machine::{Machine, Throttling};
pub use observed::{CodeObserved, Counts, LastReject, LastResult, Observed};
pub use percentiles::Percentiles;
pub use resources::Resources;
pub use status::{
    BrokerStatus, EngineAbsent, Last, NextStep, NodeState, Refusal, RejectSeen, ResultSeen, Status,
    status_schema,
};
