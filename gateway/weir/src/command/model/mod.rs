//! `weir model`: one file for each command, and what they share.

mod bill;
mod evaluate;
mod folder;
mod inspect;
mod pack;
mod progress;
mod source;
mod words;

pub(crate) use evaluate::evaluate;
pub(crate) use inspect::inspect;
pub(crate) use pack::pack;

use crate::exit::Exit;

/// What a command refuses is printed with all its causes.
fn refused(error: &anyhow::Error) -> Exit {
    eprintln!("weir: {error:#}");
    Exit::Refused
}
