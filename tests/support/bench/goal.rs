use std::fmt;

/// Something that the project wants to hold, and what a run says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// What, the figure, and what was wanted.
    pub words: String,
    /// None where somebody did not run, or where the run says one thing and another: then the machine was too busy for
    /// a verdict.
    pub met: Option<bool>,
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "unclear",
        };
        write!(f, "- {sign}: {}", self.words)
    }
}
