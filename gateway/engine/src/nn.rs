use std::time::Instant;

/// The functions of `wasi_ephemeral_nn` that a guest may import: integers in, one error number out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NnFunction {
    /// `load(builders, count, encoding, target, graph_out)`.
    Load,
    /// `load_by_name(name, len, graph_out)`.
    LoadByName,
    /// `init_execution_context(graph, context_out)`.
    InitExecutionContext,
    /// `set_input(context, index, tensor)`.
    SetInput,
    /// `get_output(context, index, buffer, len_max, written_out)`.
    GetOutput,
    /// `compute(context)`.
    Compute,
}

impl NnFunction {
    /// Every function.
    pub const ALL: [Self; 6] = [
        Self::Load,
        Self::LoadByName,
        Self::InitExecutionContext,
        Self::SetInput,
        Self::GetOutput,
        Self::Compute,
    ];

    /// The function of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|function| function.name() == name)
    }

    /// Its name in `wasi_ephemeral_nn`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::LoadByName => "load_by_name",
            Self::InitExecutionContext => "init_execution_context",
            Self::SetInput => "set_input",
            Self::GetOutput => "get_output",
            Self::Compute => "compute",
        }
    }

    /// The number of its `i32` parameters; each function returns one `i32`.
    #[must_use]
    pub const fn params(self) -> usize {
        match self {
            Self::Load | Self::GetOutput => 5,
            Self::LoadByName | Self::SetInput => 3,
            Self::InitExecutionContext => 2,
            Self::Compute => 1,
        }
    }
}

/// One call of a guest to its nn backend.
pub struct NnCall<'a> {
    /// What it calls.
    pub function: NnFunction,
    /// The arguments; those beyond [`NnFunction::params`] are 0.
    pub args: [i32; 5],
    /// The guest's memory. Every address among the arguments is hostile until it was checked against it.
    pub memory: &'a mut [u8],
    /// When the guest's own call ends: a backend does not compute beyond.
    pub ends: Instant,
}

/// The nn backend of one instance: its handles are freed together with it.
pub trait NnHost {
    /// Does what the guest asks for; an error number of `wasi_ephemeral_nn`, 0 = success.
    fn call(&mut self, call: NnCall<'_>) -> i32;
}

/// An nn backend with the graphs that one guest may use.
pub trait NnProvider: Send + Sync {
    /// For a new instance.
    fn open(&self) -> Box<dyn NnHost>;
}

/// For instances that run where no graph can be reached (a snapshot is made of them): every call is an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoGraphs;

impl NoGraphs {
    /// `unsupported_operation` of `wasi_ephemeral_nn`.
    pub const ANSWER: i32 = 6;
}

impl NnProvider for NoGraphs {
    fn open(&self) -> Box<dyn NnHost> {
        Box::new(Self)
    }
}

impl NnHost for NoGraphs {
    fn call(&mut self, _: NnCall<'_>) -> i32 {
        Self::ANSWER
    }
}
