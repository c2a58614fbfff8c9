use weir_profile::ModelName;
use weir_transport::Message;

use crate::{Reason, RejectCode};

/// The user property that names a message's model, where its payload does not.
const MODEL_ID: &str = "model_id";

/// The models that a message may name; the first is that of messages that name none.
#[derive(Debug, Default)]
pub(crate) struct Allowed(Vec<ModelName>);

impl Allowed {
    /// The pipeline's own model alone: what a message names is not looked at.
    pub(crate) fn new(own: Option<&ModelName>) -> Self {
        Self(own.cloned().into_iter().collect())
    }

    /// One more.
    pub(crate) fn add(&mut self, model: ModelName) {
        self.0.push(model);
    }

    /// What a message's properties name, where there is something to choose.
    pub(crate) fn property<'m>(&self, message: &'m Message) -> Option<&'m str> {
        let mut user = message.properties.user.iter().filter(|_| self.several());
        user.find(|(key, _)| key == MODEL_ID)
            .map(|(_, value)| value.as_str())
    }

    /// The place of the model that a message names.
    pub(crate) fn find(&self, named: Option<&str>) -> Result<usize, Reason> {
        let Some(named) = named.filter(|_| self.several()) else {
            return Ok(0);
        };
        let found = self.0.iter().position(|model| model.as_str() == named);
        found.ok_or_else(|| {
            let shown: String = named.chars().take(ModelName::LEN_MAX).collect();
            let allowed: Vec<_> = self.0.iter().map(ModelName::as_str).collect();
            let words = format!(
                "model {shown:?}; the pipeline allows {}",
                allowed.join(", ")
            );
            Reason::new(RejectCode::ModelNotAllowed, words)
        })
    }

    fn several(&self) -> bool {
        self.0.len() > 1
    }
}
