/// Why a call gave nothing, with the numbers of `wasi_ephemeral_nn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errno {
    /// An address, a handle, an index, a shape or a type is not right.
    InvalidArgument = 1,
    /// The backend failed, or the deadline passed.
    RuntimeError = 5,
    /// The host owns the graphs: a guest brings none.
    UnsupportedOperation = 6,
    /// More than is granted, or more than the guest has room for.
    TooLarge = 7,
    /// No graph has this name.
    NotFound = 8,
}

impl Errno {
    /// What a call returns.
    #[expect(clippy::as_conversions, reason = "the discriminant is the number")]
    pub(crate) const fn of(result: Result<(), Self>) -> i32 {
        match result {
            Ok(()) => 0,
            Err(errno) => errno as i32,
        }
    }
}
