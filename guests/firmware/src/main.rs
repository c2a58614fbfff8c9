//! The chip itself: a bare-metal Cortex-M firmware that runs a guest as a gateway runs it.
//!
//! It reads a feed (guest, model, inputs) from flash, drives guest ABI 1 over wasmi, and says each output bit for bit,
//! then what it took of RAM and flash. README.md has the lines that it writes.
#![no_std]
#![no_main]

extern crate alloc;

mod failure;
mod faults;
mod fence;
mod figures;
mod guest;
mod heap;
mod host;
mod say;
mod stream;
mod tensors;

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS, exit};
use firmware_feed::{Calls, Feed};

use crate::{failure::Failure, figures::Figures, guest::Guest, say::say};

#[entry]
fn main() -> ! {
    let status = match run() {
        Ok(()) => {
            say!("done");
            EXIT_SUCCESS
        }
        Err(failure) => {
            faults::tell(&failure);
            EXIT_FAILURE
        }
    };
    loop {
        exit(status);
    }
}

fn run() -> Result<(), Failure> {
    fence::raise();
    let feed = Feed::decode(figures::feed())?;
    heap::divide(feed.memory_bytes_max)?;
    let calls = Calls::decode(feed.calls)?;
    let mut guest = Guest::open(&feed)?;
    let fuel = stream::run(&mut guest, &calls)?;
    Figures::take(&guest, fuel).say();
    Ok(())
}
