//! The memory protection unit: any access to RAM that the chip does not have, or to the end of the stack, is a fault.
//!
//! The emulated board has 16 MiB; without this nothing would show that 256 KiB are enough.
#![expect(unsafe_code, reason = "registers of the core")]

use cortex_m::{Peripherals, asm};

use crate::figures;

/// The lowest bytes of the stack, which nothing may touch.
pub(crate) const BYTES: usize = 256;

/// Fields of `MPU_RASR`, from the Armv7-M Architecture Reference Manual, B3.5.9. Sizes are powers of two: 2^(n + 1).
const ENABLE: u32 = 1;
const EXECUTE_NEVER: u32 = 1 << 28;
const FULL_ACCESS: u32 = 0b011 << 24;
const NORMAL_SHARED: u32 = 0b110 << 16;
const SIZE_512_MIB: u32 = 28 << 1;
const SIZE_256_KIB: u32 = 17 << 1;
const SIZE_256_BYTES: u32 = 7 << 1;
/// `MPU_CTRL`: on, and what no region covers is as it was without.
const ON: u32 = 0b101;
/// `MPU_RBAR`: the number of the region is in the lowest bits.
const VALID: u32 = 1 << 4;

/// Raises the fence. Of two regions that overlap, the later one counts.
pub(crate) fn raise() {
    let Some(core) = Peripherals::take() else {
        return;
    };
    let [ram, stack_end] = figures::fenced().map(|place| u32::try_from(place).unwrap_or(0));
    let regions = [
        (ram, EXECUTE_NEVER | SIZE_512_MIB),
        (
            ram,
            EXECUTE_NEVER | FULL_ACCESS | NORMAL_SHARED | SIZE_256_KIB,
        ),
        (stack_end, EXECUTE_NEVER | SIZE_256_BYTES),
    ];
    for ((base, attributes), number) in regions.into_iter().zip(0..) {
        // SAFETY: what the program uses stays accessible: its 256 KiB of RAM but for the fence, flash by `ON`.
        unsafe {
            core.MPU.rbar.write(base | VALID | number);
            core.MPU.rasr.write(attributes | ENABLE);
        }
    }
    // SAFETY: as above.
    unsafe { core.MPU.ctrl.write(ON) };
    asm::dsb();
    asm::isb();
}
