/// Zeroes the upper halves of the vector registers, on processors that have them.
///
/// tract's kernels for AVX and AVX-512 leave values in them. As long as they lie there, every SSE instruction of the
/// thread has to keep them, and waits for what wrote them last: compiled guests took 1.9 times as long for the rest of
/// their lives, and so did the parts of tract that the compiler made for SSE (decision 0011).
pub(crate) fn clean() {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx") {
        #[expect(unsafe_code, reason = "an instruction that has no safe name")]
        // SAFETY: the processor has AVX. The calling convention lets a function do as it likes with these halves.
        unsafe {
            std::arch::x86_64::_mm256_zeroupper();
        }
    }
}
