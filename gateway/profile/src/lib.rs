//! Configuration and device profiles in two steps: as written ([`written`]), then as the program relies on it
//! ([`Settings`], [`Profile`]). Whatever is refused is refused here, with file and key.

pub mod written;

mod isolation;
mod name;
mod profile;
mod settings;

mod builtin;
mod check;
mod compile;
mod engine_choice;
mod filter;
mod finding;
mod layers;
mod load;
mod origin;
mod reference;
mod report;
mod shape;

pub use compile::Compile;
pub use engine_choice::{EngineDecision, EngineError, HostEngines, choose_engine};
pub use finding::{Finding, Severity};
pub use isolation::Isolation;
pub use load::{DEFAULT_FILE, LoadOptions, Loaded, load, parse};
pub use name::{DeviceId, GuestName, ModelName, NameError, NodeName, PipelineName, ProfileName};
pub use profile::{Class, EngineChoice, LimitSource, NnBackend, Profile};
pub use reference::{config_schema, configuration_page, profile_schema};
pub use settings::{
    BrokerSettings, BrokerUrl, Codec, Color, Decode, FloatPolicy, IdSource, ImageOptions, Node,
    Paths, Pipeline, Resize, ResultFormat, ResultOptions, Scaling, Settings, TopicPattern, Window,
};
