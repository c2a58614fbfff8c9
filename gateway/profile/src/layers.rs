//! Files, environment and options as layers of one tree, each value with its origin.

mod environment;
mod file;

use config::{Config, ConfigError, Map, Source, Value};

pub(crate) use environment::{overrides, variables};
pub(crate) use file::{files, parse, read};

/// One layer; a later layer wins, key by key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layer(pub(crate) Map<String, Value>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

/// The layers in one tree.
pub(crate) fn merge(layers: impl IntoIterator<Item = Layer>) -> Result<Value, ConfigError> {
    let builder = layers
        .into_iter()
        .fold(Config::builder(), |builder, layer| {
            builder.add_source(layer)
        });
    Ok(builder.build()?.cache)
}
