//! Where the chip cannot go on: say it, and end with failure.

#![expect(
    unsafe_code,
    reason = "the handler of faults must be an unsafe function"
)]

use core::{error::Error, fmt::Write, iter::successors, panic::PanicInfo};

use cortex_m_rt::{ExceptionFrame, exception};
use cortex_m_semihosting::debug::{EXIT_FAILURE, exit};

use crate::say::{self, say};

/// Says why, with every cause.
pub(crate) fn tell(failure: &dyn Error) {
    say::line(|line| {
        write!(line, "failed: {failure}")?;
        let mut causes = successors(failure.source(), |&cause| cause.source());
        causes.try_for_each(|cause| write!(line, ": {cause}"))
    });
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    say!("failed: {info}");
    loop {
        exit(EXIT_FAILURE);
    }
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    say!("failed: fault at {:#010x}", frame.pc());
    loop {
        exit(EXIT_FAILURE);
    }
}
