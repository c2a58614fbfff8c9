//! What is installed here, and what Weir itself says of a value: nothing is checked by rules of setup's own.

use std::path::Path;

use anyhow::Result;
use toml::Value;
use weir_profile::{Finding, GuestName, LoadOptions, ModelName, ProfileName, Settings};
use weir_store::Store;

use crate::prepare::chain;

/// A file that is not there: what is installed is looked for beside it.
const NOTHING: &str = ".nothing-yet";

/// Guests, models and device profiles of this machine.
pub(super) struct Catalogue {
    settings: Settings,
    store: Store,
}

impl Catalogue {
    /// What is in the usual folders and beside the configuration, whatever that says.
    pub(super) fn beside(config: &Path) -> Result<Self> {
        let nothing = config.with_file_name(NOTHING);
        let options = LoadOptions {
            default_file: Some(nothing.clone()),
            conf_dir: Some(nothing),
            env: Vec::new(),
            ..LoadOptions::from_process()
        };
        let loaded = weir_profile::load(&options).map_err(|findings| {
            let words: Vec<_> = findings.iter().map(Finding::to_string).collect();
            anyhow::anyhow!("{}", words.join("\n"))
        })?;
        Ok(Self {
            store: Store::new(&loaded.settings.paths),
            settings: loaded.settings,
        })
    }

    /// Whether there is such a device profile.
    pub(super) fn profile(&self, name: &str) -> Result<(), String> {
        let profile: ProfileName = parsed(name)?;
        if self.settings.profiles.contains_key(&profile) {
            return Ok(());
        }
        let known: Vec<_> = self
            .settings
            .profiles
            .keys()
            .map(ProfileName::as_str)
            .collect();
        Err(format!(
            "there is no profile {name}; there are {}",
            known.join(", ")
        ))
    }

    /// Whether there is such a guest, and the profile takes it.
    pub(super) fn guest(&self, name: &str, profile: &str) -> Result<(), String> {
        let guest: GuestName = parsed(name)?;
        let profile = self.settings.profiles.get(&parsed(profile)?);
        let profile = profile.ok_or("the profile is not known")?;
        let found = self.store.guest(&guest, profile);
        found.map(drop).map_err(|error| chain(&error))
    }

    /// Whether there is such a model, and the profile takes it.
    pub(super) fn model(&self, name: &str, profile: &str) -> Result<(), String> {
        let model: ModelName = parsed(name)?;
        let profile = self.settings.profiles.get(&parsed(profile)?);
        let profile = profile.ok_or("the profile is not known")?;
        let found = self.store.model(&model, profile);
        found.map(drop).map_err(|error| chain(&error))
    }
}

/// A name of some kind.
pub(super) fn parsed<T>(text: &str) -> Result<T, String>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// What Weir says of `broker.url`.
pub(super) fn url(text: &str) -> Result<(), String> {
    key(&format!("[broker]\nurl = {}\n", quoted(text)), "broker.url")
}

/// What Weir says of a pipeline's topic.
pub(super) fn topic(text: &str) -> Result<(), String> {
    key(&pipeline(text, "/value"), "pipeline.x.topic")
}

/// What Weir says of a JSON pointer.
pub(super) fn field(text: &str) -> Result<(), String> {
    key(
        &pipeline("sensors/{device}/value", text),
        "pipeline.x.decode",
    )
}

fn pipeline(topic: &str, field: &str) -> String {
    format!(
        "[pipeline.x]\ntopic = {}\nprofile = \"edge-server\"\nguest = \"x\"\n\
         decode = {{ codec = \"json\", fields = [{}] }}\n",
        quoted(topic),
        quoted(field)
    )
}

/// A text as TOML has it.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The first error that a configuration has at a key.
fn key(document: &str, key: &str) -> Result<(), String> {
    let findings = match weir_profile::parse(document) {
        Ok(_) => return Ok(()),
        Err(findings) => findings,
    };
    let mut errors = findings.into_iter().filter(Finding::is_error);
    match errors.find(|finding| finding.key.starts_with(key)) {
        None => Ok(()),
        Some(Finding { message, help, .. }) if help.is_empty() => Err(message),
        Some(Finding { message, help, .. }) => Err(format!("{message}; {help}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{field, quoted, topic, url};

    #[test]
    fn values_are_judged_as_the_configuration_is() {
        assert_eq!(url("mqtt://10.0.0.5"), Ok(()));
        assert!(url("http://10.0.0.5").unwrap_err().contains("scheme"));
        assert!(
            url("mqtt://me:secret@host")
                .unwrap_err()
                .contains("credentials")
        );
        assert_eq!(topic("sensors/{device}/vibration"), Ok(()));
        assert!(
            topic("sensors/+/vibration")
                .unwrap_err()
                .contains("{device}")
        );
        assert!(topic("weir/results/{device}/x").is_err());
        assert_eq!(field("/a/b"), Ok(()));
        assert!(field("value").unwrap_err().contains('/'));
    }

    #[test]
    fn a_text_cannot_leave_its_quotes() {
        let hostile = "x\"\n[broker]\nurl = \"embedded";
        assert!(url(hostile).is_err());
        let table: toml::Table = format!("x = {}\n", quoted(hostile)).parse().unwrap();
        assert_eq!(table.len(), 1);
        assert_eq!(table["x"].as_str(), Some(hostile));
    }
}
