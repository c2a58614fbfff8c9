//! Gives back what only starting needed.

use std::{env, fs};

use rustix::mm::{Advice, madvise};

/// Gives the system what starting has allocated and freed, and takes the pages of this program's file that starting has
/// touched out of the process: configuration, checks and linking are read once and never again. Whatever is still
/// needed comes back from the page cache by itself.
///
/// Half of an idle node's memory were such pages (`cargo xtask bench footprint`).
pub(crate) fn give_back_what_starting_needed() {
    trim_heap();
    let (Ok(program), Ok(maps)) = (env::current_exe(), fs::read_to_string("/proc/self/smaps"))
    else {
        return;
    };
    for (start, len) in unwritten(&maps, &program.to_string_lossy()) {
        let start = std::ptr::without_provenance_mut(start);
        #[expect(unsafe_code, reason = "pages of this process are given back")]
        // SAFETY: the kernel says that no page of this mapping was ever written or relocated, and it cannot be
        // written: each of its pages is read again from the file, as it was. Nobody unmaps the program itself.
        let given = unsafe { madvise(start, len, Advice::LinuxDontNeed) };
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

/// Address and length of the mappings of this file that are not writable and of which no page is private. None where the
/// counts are made up: an emulator (qemu-user) says 0 of every mapping, of relocated ones too, and every process has
/// private pages.
fn unwritten(smaps: &str, program: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut counts = smaps
        .lines()
        .filter_map(|line| line.strip_prefix("Anonymous:"));
    if counts.all(|count| count.trim() == "0 kB") {
        return found;
    }
    let mut current = None;
    for line in smaps.lines() {
        if let Some((range, rest)) = line.split_once(' ')
            && let Some((start, end)) = range.split_once('-')
            && let (Ok(start), Ok(end)) = (
                usize::from_str_radix(start, 16),
                usize::from_str_radix(end, 16),
            )
        {
            let (access, _) = rest.split_at(rest.len().min(4));
            let ours = rest.ends_with(program) && matches!(access, "r-xp" | "r--p");
            current = ours.then_some((start, end.saturating_sub(start)));
        } else if line.starts_with("Anonymous:") && line.trim_end().ends_with(" 0 kB") {
            found.extend(current.take());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
55e0a0000000-55e0a0100000 r--p 00000000 08:01 42   /usr/bin/weir
Size:               1024 kB
Anonymous:             0 kB
55e0a0100000-55e0a0300000 r-xp 00100000 08:01 42   /usr/bin/weir
Anonymous:             0 kB
55e0a0300000-55e0a0400000 r--p 00300000 08:01 42   /usr/bin/weir
Anonymous:          1024 kB
55e0a0400000-55e0a0500000 rw-p 00400000 08:01 42   /usr/bin/weir
Anonymous:             0 kB
7f0000000000-7f0000100000 r-xp 00000000 08:01 43   /usr/lib/libc.so.6
Anonymous:             0 kB
";

    #[test]
    fn relocated_and_writable_pages_and_those_of_others_are_left_alone() {
        assert_eq!(
            unwritten(SMAPS, "/usr/bin/weir"),
            [(0x55e0_a000_0000, 0x10_0000), (0x55e0_a010_0000, 0x20_0000)]
        );
    }

    #[test]
    fn counts_that_an_emulator_makes_up_are_not_believed() {
        let emulated = SMAPS.replace("Anonymous:          1024 kB", "Anonymous: 0 kB");
        assert!(unwritten(&emulated, "/usr/bin/weir").is_empty());
    }

    #[test]
    fn the_program_goes_on_without_its_pages() {
        give_back_what_starting_needed();
        let maps = fs::read_to_string("/proc/self/smaps").unwrap();
        let program = env::current_exe().unwrap();
        assert!(!unwritten(&maps, &program.to_string_lossy()).is_empty());
    }
}
