use crate::{Error, Inputs, ManifestSpec, Outputs};

/// One inference, as its author writes it.
pub trait Guest: Sized + 'static {
    /// What the host reads before anything runs. Where it states inputs, `predict` is called only
    /// with inputs that agree with it; where it states none, the model does and the guest checks.
    const MANIFEST: ManifestSpec;

    /// Called once for each instance where the guest is exported with `open`, after the model was
    /// loaded or a snapshot with the loaded model was restored.
    ///
    /// # Errors
    /// An error makes the host discard the instance.
    fn open(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Reads the inputs, writes the outputs. `self` is the loaded model with its working memory:
    /// whatever else a later call would need is an output that the manifest pairs with an input.
    ///
    /// # Errors
    /// An error makes the host reject the message with the words of the error.
    fn predict(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), Error>;
}

/// A guest that takes a model.
pub trait Load: Guest {
    /// Makes a guest of a model's bytes, which stay where they are for as long as the instance
    /// lives. Must not log: an instance may be a snapshot taken after this call.
    ///
    /// # Errors
    /// An error makes the host refuse the model with the words of the error.
    fn load(model: &'static [u8]) -> Result<Self, Error>;
}
