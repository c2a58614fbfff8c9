use std::{fmt, path::PathBuf};

use weir_engine::{EngineKind, Limits};

use crate::ProfileName;

/// What a class of target may spend and which engine runs for it; inheritance resolved.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name.
    pub name: ProfileName,
    /// What the target is, in a few words.
    pub description: String,
    /// The profiles that it inherits from, the nearest first.
    pub inherits: Vec<ProfileName>,
    /// The class of target.
    pub class: Class,
    /// The engine asked for.
    pub engine: EngineChoice,
    /// The tensor runtime of the host that guests may reach.
    pub nn_backend: NnBackend,
    /// What a guest may spend.
    pub limits: Limits,
    /// Bytes of a guest's module.
    pub module_bytes_max: usize,
    /// Bytes of a payload.
    pub payload_bytes_max: usize,
    /// Messages that wait for one pipeline.
    pub queue_messages_max: usize,
    /// Instances of one pipeline, where the machine has as many cores.
    pub instances_max: usize,
    /// Bytes of guest memory of all open instances of one pipeline, over all its models.
    pub loaded_models_bytes_max: u64,
    /// Devices whose state is kept; the least recently used one is forgotten.
    pub state_devices_max: usize,
    /// Class, engine, nn backend and each limit: its key, its value in words, and the file (and profile) that it came
    /// from.
    pub sources: Vec<LimitSource>,
}

/// Where a limit came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSource {
    /// The key.
    pub key: &'static str,
    /// The value, as written.
    pub value: String,
    /// The profile that states it.
    pub profile: ProfileName,
    /// Its file.
    pub file: PathBuf,
}

/// The tensor runtime of the host that guests may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NnBackend {
    /// None: guests compute by themselves.
    None,
    /// tract, built in.
    Tract,
    /// ONNX Runtime, where it is installed.
    OnnxRuntime,
}

/// The class of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// At most 256 KiB of guest memory, interpreters, no SIMD.
    Microcontroller,
    /// A single-board computer.
    Sbc,
    /// A server at the edge.
    EdgeServer,
}

/// The engine that a profile asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineChoice {
    /// By class and host.
    Auto,
    /// This one.
    Fixed(EngineKind),
}

impl Class {
    /// The greatest guest memory of the class microcontroller, all pages.
    pub const MICROCONTROLLER_MEMORY_BYTES_MAX: u64 = 256 * 1024;

    /// The name used in profiles.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Microcontroller => "microcontroller",
            Self::Sbc => "sbc",
            Self::EdgeServer => "edge-server",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl EngineChoice {
    /// The name used in profiles.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Fixed(kind) => kind.name(),
        }
    }
}

impl NnBackend {
    /// The name used in profiles.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tract => "tract",
            Self::OnnxRuntime => "onnxruntime",
        }
    }
}
