use crate::Export;

/// What a guest was asked to do when opening it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Memory, tables and data are set up.
    Instantiate,
    /// `_initialize`.
    Initialize,
    /// `weir_abi`.
    Abi,
    /// `weir_buffer`.
    Buffer,
    /// `load_model`.
    LoadModel,
    /// `weir_open`.
    Open,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Instantiate => "instantiation",
            Self::Initialize => Export::Initialize.name(),
            Self::Abi => Export::Abi.name(),
            Self::Buffer => Export::Buffer.name(),
            Self::LoadModel => Export::LoadModel.name(),
            Self::Open => Export::Open.name(),
        })
    }
}

/// An address from a guest that the host does not touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PointerFault {
    /// Some of it lies outside of the memory.
    #[error("{len} bytes at address {address} lie outside of the memory of {memory_bytes} bytes")]
    Outside {
        /// The address.
        address: u32,
        /// The bytes asked for.
        len: u64,
        /// The memory's size.
        memory_bytes: u64,
    },
    /// Not a multiple of 16.
    #[error("address {address} is not aligned to 16 bytes")]
    Misaligned {
        /// The address.
        address: u32,
    },
    /// The guest was never asked for this buffer.
    #[error("buffer {slot} was never reserved")]
    Missing {
        /// The buffer's number.
        slot: i32,
    },
    /// It overlaps a buffer that the guest gave before.
    #[error("{len} bytes at address {address} overlap another buffer")]
    Overlapping {
        /// The address.
        address: u32,
        /// The bytes asked for.
        len: u64,
    },
}

/// What is wrong with an output that a guest returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputFault {
    /// Its data stands elsewhere than in the buffer that the host gave.
    #[error("its data was moved out of its buffer")]
    Moved,
    /// More bytes than its buffer has.
    #[error("{len} bytes in a buffer of {capacity}")]
    BeyondBuffer {
        /// Bytes that it states.
        len: u32,
        /// Bytes reserved.
        capacity: u32,
    },
    /// Another type than the manifest states.
    #[error("type {found} instead of {stated}")]
    Type {
        /// The code stated.
        stated: u8,
        /// The code found.
        found: u8,
    },
    /// Other sizes than the manifest states.
    #[error("sizes {found:?} (rank {rank}) instead of {stated:?}")]
    Dims {
        /// The sizes stated.
        stated: Vec<i32>,
        /// The sizes found.
        found: Vec<u32>,
        /// The rank found.
        rank: u8,
    },
    /// Its bytes are not those of its sizes.
    #[error("{len} bytes for sizes {dims:?}")]
    Length {
        /// The bytes.
        len: u32,
        /// The sizes.
        dims: Vec<u32>,
    },
    /// The guest asked for larger outputs although each has the room that it asks for, or asked twice.
    #[error("it asks for more room without need, or again after it got it")]
    AskedAgain,
}
