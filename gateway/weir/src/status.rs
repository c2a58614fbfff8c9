//! `weir status`: what a running node answers on its socket, and how that reads.

mod ask;
mod document;
mod next;
mod page;
mod socket;

pub(crate) use ask::{Asked, ask};
pub(crate) use document::{Board, in_words};
pub(crate) use page::page;
pub(crate) use socket::Socket;
