use std::{fmt, sync::Arc};

use guest_abi::export;

use crate::{AccessError, Budget, Equipment, GuestCode, Limits, Trap};

/// The WebAssembly runtimes behind the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EngineKind {
    /// The interpreter in Rust: default of the microcontroller class.
    Wasmi,
    /// The interpreter in C, in a worker process.
    Wasm3,
    /// The compiler: single-board computers and edge servers.
    Wasmtime,
}

impl EngineKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Wasmi, Self::Wasm3, Self::Wasmtime];

    /// The name used in profiles, results and health.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wasmi => "wasmi",
            Self::Wasm3 => "wasm3",
            Self::Wasmtime => "wasmtime",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an engine can hold a guest to. What it cannot, a profile that needs it is refused for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enforces {
    /// Linear memory never grows beyond the limit.
    pub memory: bool,
    /// A call ends at its deadline, whatever the guest does.
    pub deadline: bool,
    /// A call ends when its fuel is spent.
    pub fuel: bool,
    /// Endless recursion is a trap.
    pub stack: bool,
    /// SIMD instructions run (where the class allows them).
    pub simd: bool,
    /// A guest reaches the nn backend that it is equipped with.
    pub nn: bool,
}

/// What the host's own functions use of the stack below a guest, generously (the default of Rust's threads is 2 MiB).
const HOST_STACK_BYTES: usize = 1024 * 1024;

/// A WebAssembly runtime.
pub trait Engine: Send + Sync {
    /// Which one it is.
    fn kind(&self) -> EngineKind;

    /// What it can hold a guest to.
    fn enforces(&self) -> Enforces;

    /// Whether an instruction that only moves an `f32` leaves the bits of every NaN as they are, as WebAssembly asks.
    /// An engine that does not makes a signalling NaN a quiet one; no number is affected.
    fn keeps_nan_bits(&self) -> bool {
        true
    }

    /// The native stack, in bytes, of a thread on which guests with these limits run.
    fn thread_stack_bytes(&self, limits: &Limits) -> usize {
        limits.stack_bytes_max.saturating_add(HOST_STACK_BYTES)
    }

    /// Makes an admitted guest ready to be instantiated: compiles it, or takes the compiled form from a cache.
    ///
    /// # Errors
    /// Fails where the engine does not accept the code, lacks what the guest is to be equipped with, or cannot enforce
    /// one of the limits.
    fn load(
        &self,
        code: &GuestCode,
        equipment: &Equipment,
        limits: &Limits,
    ) -> Result<Arc<dyn Module>, LoadError>;
}

/// What an instance begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// What the code states: the host initialises it and has it load its model.
    Cold,
    /// A snapshot of an instance that was initialised and had loaded the model of its [`Equipment`].
    Snapshot,
}

/// Is told of a better form of a guest, or why there is none; on another thread.
pub type TellBetter = Box<dyn FnOnce(Result<Arc<dyn Module>, String>) + Send>;

/// A guest made ready by one engine, under one set of limits.
pub trait Module: Send + Sync {
    /// A new instance with a memory of its own. No code of the guest runs yet.
    ///
    /// # Errors
    /// Fails where the limits do not allow its memory or tables, or its data lies outside of them.
    fn instantiate(&self) -> Result<Box<dyn Instance>, Trap>;

    /// What its instances begin with.
    fn start(&self) -> Start {
        Start::Cold
    }

    /// Why its instances begin cold, in words, where the engine tried to have a snapshot of the model loaded.
    fn why_cold(&self) -> Option<&str> {
        None
    }

    /// Whether its code was compiled elsewhere, for every processor of this architecture.
    fn is_precompiled(&self) -> bool {
        false
    }

    /// Has a better form of the same guest made while this one serves, where there can be one; says whether. It takes the
    /// same messages and gives the same results.
    fn improve(&self, tell: TellBetter) -> bool {
        drop(tell);
        false
    }
}

/// One instance of a guest. It stays on the thread that made it: interpreters need not be `Send`.
pub trait Instance {
    /// Whether the guest has this export (with the ABI's signature).
    fn has(&self, export: Export) -> bool;

    /// Calls an export; a function without a result gives 0.
    ///
    /// # Errors
    /// A trap, the deadline, or no fuel left. The instance must not be used afterwards.
    fn call(&mut self, export: Export, args: &[i32], budget: Budget) -> Result<i32, Trap>;

    /// The size of the linear memory as it is now. It may have grown with every call.
    fn memory_bytes(&mut self) -> u64;

    /// Copies from the guest's memory. The guest may run in another process: a caller copies what it needs, once.
    ///
    /// # Errors
    /// Fails where some of it lies outside of the memory, and where the guest is no longer there.
    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), AccessError>;

    /// Copies into the guest's memory. An engine may hold it back until the next call.
    ///
    /// # Errors
    /// Fails where some of it lies outside of the memory, and where the guest is no longer there.
    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), AccessError>;

    /// The lines that the guest logged since the last call of this function (bounded in number and length).
    fn take_log(&mut self) -> Vec<(u8, String)>;
}

/// The exports that the host calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Export {
    /// `weir_abi`.
    Abi,
    /// `weir_buffer`.
    Buffer,
    /// `load_model`.
    LoadModel,
    /// `weir_open`.
    Open,
    /// `predict`.
    Predict,
    /// `weir_error`.
    Error,
    /// `_initialize`.
    Initialize,
}

impl Export {
    /// Every export.
    pub const ALL: [Self; 7] = [
        Self::Abi,
        Self::Buffer,
        Self::LoadModel,
        Self::Open,
        Self::Predict,
        Self::Error,
        Self::Initialize,
    ];

    /// Its place in [`Export::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Abi => 0,
            Self::Buffer => 1,
            Self::LoadModel => 2,
            Self::Open => 3,
            Self::Predict => 4,
            Self::Error => 5,
            Self::Initialize => 6,
        }
    }

    /// Its name in the module.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Abi => export::ABI,
            Self::Buffer => export::BUFFER,
            Self::LoadModel => export::LOAD_MODEL,
            Self::Open => export::OPEN,
            Self::Predict => export::PREDICT,
            Self::Error => export::ERROR,
            Self::Initialize => export::INITIALIZE,
        }
    }

    /// The number of its `i32` parameters.
    #[must_use]
    pub const fn params(self) -> usize {
        match self {
            Self::Abi | Self::Open | Self::Error | Self::Initialize => 0,
            Self::Buffer | Self::LoadModel => 2,
            Self::Predict => 4,
        }
    }

    /// Whether it returns an `i32`.
    #[must_use]
    pub const fn returns(self) -> bool {
        !matches!(self, Self::Initialize)
    }

    /// Whether every guest must have it.
    #[must_use]
    pub const fn required(self) -> bool {
        matches!(self, Self::Abi | Self::Buffer | Self::Predict)
    }
}

/// Why an engine cannot make a guest ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The engine refuses the code.
    #[error("{engine} does not accept guest {guest}: {reason}")]
    Rejected {
        /// The engine.
        engine: EngineKind,
        /// The guest.
        guest: String,
        /// The engine's own words.
        reason: String,
    },
    /// A limit that this engine has no means to enforce.
    #[error("{engine} cannot enforce {limit}; choose another engine or remove the limit")]
    NotEnforced {
        /// The engine.
        engine: EngineKind,
        /// The limit's name in the profile.
        limit: &'static str,
    },
}
