//! What was observed: counts and percentiles per pipeline ([`Observed`]), the node's resources
//! ([`Resources`]), and the health document made of them ([`Health`]).

mod document;
mod event;
mod observed;
mod percentiles;
mod resources;

pub use document::{
    Capabilities, Health, LinkHealth, ModelsHealth, PipelineHealth, ResourceHealth, schema,
};
pub use event::{Accepted, Closed, Opened, Rejected, Renewed, Resulted, Windowed};
pub use observed::{Counts, LastResult, Observed};
pub use percentiles::Percentiles;
pub use resources::Resources;
