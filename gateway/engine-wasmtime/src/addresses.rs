use std::fs;

use crate::capacity::Capacity;

/// All that a 32-bit address can reach.
const WHOLE_BYTES: u64 = 1 << 32;
/// Not mapped, behind a memory: what an instruction's own offset can reach.
const WHOLE_GUARD_BYTES: u64 = 32 << 20;
const EXACT_GUARD_BYTES: u64 = 64 << 10;
/// A page of WebAssembly memory.
const PAGE_BYTES: u64 = 64 << 10;
/// The share of a process's addresses that one pool may have.
const SHARE: u64 = 4;
/// What a process has where it cannot be found out: the least of all kernels for 64-bit machines (RISC-V, Sv39).
const SPACE_BYTES_MIN: u64 = 1 << 38;

/// The addresses that are set aside for the memory of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// All that a guest can name: a bad address meets nothing, no instruction is checked.
    Whole,
    /// As many as the memory can grow to: compiled code compares every address.
    Exact {
        /// Whole pages.
        memory_bytes_max: u64,
    },
}

impl Addresses {
    /// Whole memories where they are few enough for this process. A Raspberry Pi's kernel gives a process 512 GiB of
    /// addresses, others 128 TiB.
    pub(crate) fn of(memory_bytes_max: u64, capacity: Capacity) -> Self {
        Self::within(space_bytes(), memory_bytes_max, capacity)
    }

    fn within(space_bytes: u64, memory_bytes_max: u64, capacity: Capacity) -> Self {
        let whole = u64::from(capacity.instances_max) * (WHOLE_BYTES + WHOLE_GUARD_BYTES);
        if whole <= space_bytes / SHARE {
            return Self::Whole;
        }
        let pages = memory_bytes_max
            .clamp(PAGE_BYTES, WHOLE_BYTES)
            .div_ceil(PAGE_BYTES);
        Self::Exact {
            memory_bytes_max: pages.next_power_of_two() * PAGE_BYTES,
        }
    }

    pub(crate) const fn reservation_bytes(self) -> u64 {
        match self {
            Self::Whole => WHOLE_BYTES,
            Self::Exact { memory_bytes_max } => memory_bytes_max,
        }
    }

    pub(crate) const fn guard_bytes(self) -> u64 {
        match self {
            Self::Whole => WHOLE_GUARD_BYTES,
            Self::Exact { .. } => EXACT_GUARD_BYTES,
        }
    }

    /// What a memory can grow to.
    pub(crate) fn memory_bytes_max(self) -> usize {
        usize::try_from(self.reservation_bytes()).unwrap_or(usize::MAX)
    }
}

/// The addresses of this process: its stack lies at their end.
fn space_bytes() -> u64 {
    let stack_end = || {
        let maps = fs::read_to_string("/proc/self/maps").ok()?;
        let line = maps.lines().find(|line| line.ends_with("[stack]"))?;
        let (range, _) = line.split_once(' ')?;
        let (_, end) = range.split_once('-')?;
        u64::from_str_radix(end, 16)
            .ok()?
            .checked_next_power_of_two()
    };
    stack_end().unwrap_or(SPACE_BYTES_MIN).max(SPACE_BYTES_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_whole_where_they_are_few_enough() {
        let of = |bits: u32, instances| {
            Addresses::within(1 << bits, 256 << 10, Capacity::of_instances(instances))
        };
        let exact = Addresses::Exact {
            memory_bytes_max: 256 << 10,
        };
        assert_eq!(of(47, 1000), Addresses::Whole);
        assert_eq!(of(47, 10_000), exact);
        assert_eq!(of(39, 16), Addresses::Whole);
        assert_eq!(of(39, 100), exact);
        assert!(exact.reservation_bytes() >= 256 << 10);
    }

    #[test]
    fn the_space_of_this_process_is_found() {
        assert!(space_bytes() > SPACE_BYTES_MIN, "more than the least");
    }
}
