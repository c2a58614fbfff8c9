//! `wasi_ephemeral_nn`, by the names of crate `wasi-nn`.
//!
//! Not that crate itself: its 0.6.0 makes the imports for targets with WASI only, and panics on every other; it also
//! needs `std`. The layouts are the same: a guest that uses it runs on the same host.
#![expect(
    unsafe_code,
    reason = "imports that take addresses, see each SAFETY comment"
)]

use core::fmt;

use weir_guest::DType;

/// A graph of the host.
#[derive(Debug)]
pub(crate) struct Graph {
    handle: u32,
}

/// What one inference after the other runs in. Freed with the instance.
#[derive(Debug)]
pub(crate) struct GraphExecutionContext {
    handle: u32,
}

/// Types of elements, numbered as in the interface's definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum TensorType {
    F16 = 0,
    F32 = 1,
    F64 = 2,
    U8 = 3,
    I32 = 4,
    I64 = 5,
}

/// Why the host refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BackendError {
    InvalidArgument,
    InvalidEncoding,
    MissingMemory,
    Busy,
    RuntimeError,
    UnsupportedOperation,
    TooLarge,
    NotFound,
    Unknown(i32),
}

impl Graph {
    /// Opens a graph that the host has under this name.
    pub(crate) fn load_by_name(name: &str) -> Result<Self, BackendError> {
        let mut handle = 0;
        // SAFETY: reads the name, writes the handle, keeps neither address.
        check(unsafe { import::load_by_name(name.as_ptr(), name.len(), &raw mut handle) })?;
        Ok(Self { handle })
    }

    /// Something to run it in.
    pub(crate) fn init_execution_context(&self) -> Result<GraphExecutionContext, BackendError> {
        let mut handle = 0;
        // SAFETY: writes the handle, does not keep its address.
        check(unsafe { import::init_execution_context(self.handle, &raw mut handle) })?;
        Ok(GraphExecutionContext { handle })
    }
}

impl GraphExecutionContext {
    /// Gives the graph an input. The host copies it.
    pub(crate) fn set_input(
        &mut self,
        index: u32,
        tensor_type: TensorType,
        dimensions: &[u32],
        data: &[u8],
    ) -> Result<(), BackendError> {
        let tensor = import::Tensor {
            dimensions: dimensions.as_ptr(),
            rank: dimensions.len(),
            tensor_type,
            data: data.as_ptr(),
            len: data.len(),
        };
        // SAFETY: reads the record and the two slices that it names, keeps no address.
        check(unsafe { import::set_input(self.handle, index, &raw const tensor) })
    }

    /// Runs the graph.
    pub(crate) fn compute(&mut self) -> Result<(), BackendError> {
        // SAFETY: takes no address.
        check(unsafe { import::compute(self.handle) })
    }

    /// Copies an output; the number of bytes that it has.
    pub(crate) fn get_output(&self, index: u32, out: &mut [u8]) -> Result<usize, BackendError> {
        let mut written = 0;
        // SAFETY: writes at most `out.len()` bytes and the count, keeps no address.
        check(unsafe {
            import::get_output(
                self.handle,
                index,
                out.as_mut_ptr(),
                out.len(),
                &raw mut written,
            )
        })?;
        Ok(written)
    }
}

impl TensorType {
    /// None where the interface has no number for it.
    pub(crate) fn of(code: u8) -> Option<Self> {
        let pairs = [
            (DType::F16, Self::F16),
            (DType::F32, Self::F32),
            (DType::F64, Self::F64),
            (DType::U8, Self::U8),
            (DType::I32, Self::I32),
            (DType::I64, Self::I64),
        ];
        let found = pairs.into_iter().find(|(dtype, _)| dtype.code() == code);
        found.map(|(_, tensor_type)| tensor_type)
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidArgument => f.write_str("the backend took an argument for invalid"),
            Self::InvalidEncoding => f.write_str("the backend does not know the encoding"),
            Self::MissingMemory => f.write_str("the backend found no memory of the guest"),
            Self::Busy => f.write_str("the backend is busy"),
            Self::RuntimeError => f.write_str("the backend failed, see the node's log"),
            Self::UnsupportedOperation => f.write_str("the backend does not do this"),
            Self::TooLarge => f.write_str("a tensor or the number of handles is too large"),
            Self::NotFound => f.write_str("the backend has no such graph"),
            Self::Unknown(code) => write!(f, "the backend gave the unknown error {code}"),
        }
    }
}

fn check(code: i32) -> Result<(), BackendError> {
    Err(match code {
        0 => return Ok(()),
        1 => BackendError::InvalidArgument,
        2 => BackendError::InvalidEncoding,
        3 => BackendError::MissingMemory,
        4 => BackendError::Busy,
        5 => BackendError::RuntimeError,
        6 => BackendError::UnsupportedOperation,
        7 => BackendError::TooLarge,
        8 => BackendError::NotFound,
        code => BackendError::Unknown(code),
    })
}

/// The imports. `load` is not among them: the host owns the graphs.
#[cfg(target_arch = "wasm32")]
mod import {
    pub(super) use super::record::Tensor;

    const _: () = assert!(size_of::<Tensor>() == 20);

    #[link(wasm_import_module = "wasi_ephemeral_nn")]
    unsafe extern "C" {
        pub(super) fn load_by_name(name: *const u8, len: usize, graph: *mut u32) -> i32;
        pub(super) fn init_execution_context(graph: u32, context: *mut u32) -> i32;
        pub(super) fn set_input(context: u32, index: u32, tensor: *const Tensor) -> i32;
        pub(super) fn get_output(
            context: u32,
            index: u32,
            buffer: *mut u8,
            len_max: usize,
            written: *mut usize,
        ) -> i32;
        pub(super) fn compute(context: u32) -> i32;
    }
}

/// Outside of WebAssembly there is no host: every call is one that is not supported.
#[cfg(not(target_arch = "wasm32"))]
mod import {
    pub(super) use super::record::Tensor;

    const UNSUPPORTED: i32 = 6;

    pub(super) unsafe fn load_by_name(_: *const u8, _: usize, _: *mut u32) -> i32 {
        UNSUPPORTED
    }

    pub(super) unsafe fn init_execution_context(_: u32, _: *mut u32) -> i32 {
        UNSUPPORTED
    }

    pub(super) unsafe fn set_input(_: u32, _: u32, _: *const Tensor) -> i32 {
        UNSUPPORTED
    }

    pub(super) unsafe fn get_output(_: u32, _: u32, _: *mut u8, _: usize, _: *mut usize) -> i32 {
        UNSUPPORTED
    }

    pub(super) unsafe fn compute(_: u32) -> i32 {
        UNSUPPORTED
    }
}

mod record {
    use super::TensorType;

    /// A tensor as the host reads it: 20 bytes.
    #[repr(C)]
    pub(super) struct Tensor {
        pub(super) dimensions: *const u32,
        pub(super) rank: usize,
        pub(super) tensor_type: TensorType,
        pub(super) data: *const u8,
        pub(super) len: usize,
    }
}
