use guest_abi::import;

use crate::NnFunction;

/// A function of the host that a guest may import. Engines offer nothing else and refuse code that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Import {
    /// `weir_host.log`.
    Log,
    /// A function of `wasi_ephemeral_nn`: only for guests that have an nn backend.
    Nn(NnFunction),
}

impl Import {
    /// The function of this name; none where there is no such function.
    #[must_use]
    pub fn named(module: &str, name: &str) -> Option<Self> {
        match module {
            import::HOST if name == import::LOG => Some(Self::Log),
            import::NN => NnFunction::named(name).map(Self::Nn),
            _ => None,
        }
    }

    /// The function of this name that a guest is granted which has an nn backend, or none.
    ///
    /// # Errors
    /// The reason in words where there is no such function, or it is one of a backend that the guest does not have.
    pub fn granted(module: &str, name: &str, has_nn: bool) -> Result<Self, String> {
        match Self::named(module, name) {
            Some(Self::Nn(_)) if !has_nn => Err(format!(
                "it imports {module}.{name}, and has no nn backend: nn_backend in its device profile grants one"
            )),
            Some(import) => Ok(import),
            None => Err(format!("it imports {module}.{name}, which is not offered")),
        }
    }

    /// The number of its `i32` parameters.
    #[must_use]
    pub const fn params(self) -> usize {
        match self {
            Self::Log => 3,
            Self::Nn(function) => function.params(),
        }
    }

    /// Whether it returns an `i32`.
    #[must_use]
    pub const fn returns(self) -> bool {
        matches!(self, Self::Nn(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_its_name() {
        assert_eq!(Import::named("weir_host", "log"), Some(Import::Log));
        for function in NnFunction::ALL {
            let named = Import::named("wasi_ephemeral_nn", function.name());
            assert_eq!(named, Some(Import::Nn(function)));
        }
        assert_eq!(Import::named("wasi_ephemeral_nn", "log"), None);
        assert_eq!(Import::named("env", "load"), None);
    }

    #[test]
    fn a_refusal_says_what_would_help() {
        let refused = Import::granted("wasi_ephemeral_nn", "compute", false).unwrap_err();
        assert!(refused.contains("nn_backend"), "{refused}");
        assert!(Import::granted("wasi_ephemeral_nn", "compute", true).is_ok());
        let refused = Import::granted("wasi_snapshot_preview1", "fd_write", true).unwrap_err();
        assert!(refused.contains("not offered"), "{refused}");
    }
}
