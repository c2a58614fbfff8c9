use alloc::vec::Vec;

use weir_guest::Error;

/// So many zeros, reserved exactly.
pub(crate) fn zeros<T: Clone + Default>(count: usize) -> Result<Vec<T>, Error> {
    let mut values = reserved(count)?;
    values.resize(count, T::default());
    Ok(values)
}

/// Room for so many.
pub(crate) fn reserved<T>(count: usize) -> Result<Vec<T>, Error> {
    let mut values = Vec::new();
    values
        .try_reserve_exact(count)
        .map_err(|_| Error::OutOfMemory)?;
    Ok(values)
}

/// A size of a tensor as a length.
pub(crate) fn len(size: u32) -> Result<usize, Error> {
    usize::try_from(size).map_err(|_| Error::OutOfMemory)
}
