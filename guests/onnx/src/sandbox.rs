//! What a library expects of an operating system, answered by a guest that has none.

/// Runs the constructors that register tract's kernels. Must come before any other call of tract.
///
/// Naming them here also keeps the linker from running them again in each export.
#[cfg(target_arch = "wasm32")]
pub(crate) fn prepare() {
    #[expect(unsafe_code, reason = "made by the linker")]
    mod linker {
        unsafe extern "C" {
            pub(super) safe fn __wasm_call_ctors();
        }
    }
    linker::__wasm_call_ctors();
}

/// Outside of WebAssembly the system ran them.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn prepare() {}
