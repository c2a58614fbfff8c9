//! What a backend leaves in the registers of the guest's thread.
#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::{__cpuid_count, _mm256_zeroupper, _xgetbv};

use weir_engine::NnFunction::{Compute, SetInput};

use crate::support::{BOUNDS, Guest, RECORD, graph, provider};

/// The upper halves of the registers of AVX, and of the first sixteen of AVX-512.
const UPPER_HALVES: u64 = 0b100_0100;

/// Which parts of the registers the processor knows to hold something; none where it does not say.
fn in_use() -> Option<u64> {
    #[target_feature(enable = "xsave")]
    fn read() -> u64 {
        #[expect(unsafe_code, reason = "an instruction that has no safe name")]
        // SAFETY: the caller asked the processor whether it answers this.
        unsafe {
            _xgetbv(1)
        }
    }
    let answers = is_x86_feature_detected!("xsave") && __cpuid_count(0xd, 1).eax & 0b100 != 0;
    #[expect(unsafe_code, reason = "it asks for a feature of the processor")]
    // SAFETY: the processor has it.
    answers.then(|| unsafe { read() } & UPPER_HALVES)
}

#[test]
fn upper_halves_are_left_as_the_calling_convention_has_them() {
    if !is_x86_feature_detected!("avx") {
        return;
    }
    let mut guest = Guest::new(provider(&graph(), BOUNDS).open());
    let context = guest.opened();
    #[expect(unsafe_code, reason = "an instruction that has no safe name")]
    // SAFETY: the processor has AVX.
    unsafe {
        _mm256_zeroupper();
    }
    let before = in_use();
    assert_eq!(guest.call(SetInput, &[context, 0, RECORD]), 0);
    assert_eq!(guest.call(Compute, &[context]), 0);
    assert_eq!(in_use(), before);
}
