//! Where the chip cannot go on: say it, and end with failure.

#![expect(
    unsafe_code,
    reason = "the handler of faults must be an unsafe function, and reads a register"
)]

use core::{error::Error, fmt::Write, iter::successors, panic::PanicInfo};

use cortex_m::peripheral::SCB;
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

/// `CFSR.MSTKERR`: what an exception saves could not be written to the stack.
const STACK_REFUSED: u32 = 1 << 4;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    say!("failed: {info}");
    loop {
        exit(EXIT_FAILURE);
    }
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    // SAFETY: a register of the core, which is only read.
    let status = unsafe { (*SCB::PTR).cfsr.read() };
    if status & STACK_REFUSED == 0 {
        say!("failed: fault at {:#010x}", frame.pc());
    } else {
        say!("failed: the stack is used up");
    }
    loop {
        exit(EXIT_FAILURE);
    }
}
