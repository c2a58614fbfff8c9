//! Configuration and device profiles in two steps: as written (`written`), then as the program relies on it
//! ([`Settings`], [`Profile`]). Whatever is refused is refused here, with file and key.

mod name;
mod settings;

pub use name::{DeviceId, GuestName, ModelName, NameError, NodeName, PipelineName, ProfileName};
pub use settings::{
    BrokerSettings, BrokerUrl, Class, Codec, Decode, EngineChoice, FloatPolicy, IdSource,
    LimitSource, Node, Paths, Pipeline, Profile, ResultFormat, ResultOptions, Scaling, Settings,
    TopicPattern, Window,
};
