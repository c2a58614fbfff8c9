//! Gives back what only starting needed.

use std::{
    ffi::{c_int, c_void},
    ops::Range,
    ptr, slice,
};

use rustix::{
    mm::{Advice, madvise},
    param::page_size,
};

/// Gives the system what starting has allocated and freed, and takes the pages of this program's file that starting has
/// touched out of the process: configuration, checks and linking are read once and never again. Whatever is still
/// needed comes back from the page cache by itself.
///
/// Half of an idle node's memory were such pages (`cargo xtask bench footprint`).
pub(crate) fn give_back_what_starting_needed() {
    trim_heap();
    for pages in read_only_segments() {
        let start = ptr::without_provenance_mut(pages.start);
        #[expect(unsafe_code, reason = "pages of this process are given back")]
        // SAFETY: these pages are mapped from the program's file without the right to write, now and while it was
        // linked: each is read again from the file, as it was. Nobody unmaps the program itself.
        let given = unsafe { madvise(start, pages.len(), Advice::LinuxDontNeed) };
        if let Err(error) = given {
            tracing::debug!("pages of the program stay: {error}");
        }
    }
}

/// glibc keeps what is freed. Files that were read on the way to a guest are as large as the guest.
fn trim_heap() {
    #[cfg(target_env = "gnu")]
    {
        #[expect(unsafe_code, reason = "glibc's own function")]
        // SAFETY: it takes a number, and may be called at any time on any thread.
        let trimmed = unsafe { libc::malloc_trim(0) };
        tracing::debug!(trimmed, "gave freed memory back");
    }
}

/// Addresses of the segments of this program, page by page, that its file says are never written: code and constants.
/// What the loader relocates lies in a writable segment, also where it is made read-only afterwards.
fn read_only_segments() -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    #[expect(unsafe_code, reason = "libc's own function")]
    // SAFETY: the pointer is to a list that outlives the call, and `of_the_program` takes it for that.
    unsafe {
        libc::dl_iterate_phdr(Some(of_the_program), (&raw mut found).cast())
    };
    found
}

/// Called for each object of the process; the program is the first, and the last that is asked for.
///
/// # Safety
///
/// `info` is the loader's, `found` a list of ranges that nobody else uses meanwhile.
#[expect(unsafe_code, reason = "a callback of libc")]
unsafe extern "C" fn of_the_program(
    info: *mut libc::dl_phdr_info,
    _: usize,
    found: *mut c_void,
) -> c_int {
    // SAFETY: as the caller promises; the program's headers stay where they are as long as it runs.
    let (base, headers, found) = unsafe {
        let info = &*info;
        let headers = slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into());
        (
            info.dlpi_addr,
            headers,
            &mut *found.cast::<Vec<Range<usize>>>(),
        )
    };
    let page = page_size();
    for header in headers {
        let place = usize::try_from(base + header.p_vaddr);
        if let (Ok(start), Ok(bytes)) = (place, usize::try_from(header.p_memsz))
            && header.p_type == libc::PT_LOAD
            && header.p_flags & libc::PF_W == 0
        {
            found.push(start / page * page..(start + bytes).next_multiple_of(page));
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relocated: the loader writes two addresses.
    static RELOCATED: [fn(); 2] = [give_back_what_starting_needed, trim_heap];
    static CONSTANT: [u64; 2] = [1, 2];

    #[expect(
        clippy::as_conversions,
        reason = "a function says its address by nothing else"
    )]
    fn address(function: fn()) -> usize {
        function as usize
    }

    #[test]
    fn code_and_constants_are_given_back_and_what_is_relocated_is_not() {
        let segments = read_only_segments();
        let holds = |address: usize| segments.iter().any(|pages| pages.contains(&address));
        assert!(holds(address(give_back_what_starting_needed)));
        assert!(holds((&raw const CONSTANT).addr()));
        assert!(!holds((&raw const RELOCATED).addr()));
        for pages in &segments {
            assert!(pages.start.is_multiple_of(page_size()) && !pages.is_empty());
        }
    }

    #[test]
    fn the_program_goes_on_without_its_pages() {
        give_back_what_starting_needed();
        assert_eq!(address(RELOCATED[1]), address(trim_heap));
        assert_eq!(CONSTANT.iter().sum::<u64>(), 3);
    }
}
