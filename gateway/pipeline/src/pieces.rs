use std::{collections::VecDeque, mem};

use bytes::{Bytes, BytesMut};
use weir_transport::Text;

/// Bytes of a chunk: a few dozen small results.
const CHUNK_BYTES: usize = 16 * 1024;
/// Chunks that are kept for later. With these, half a megabyte of results may wait to be sent before memory is
/// allocated anew.
const CHUNKS_MAX: usize = 32;

/// Memory for what leaves: results and topics are written behind each other into chunks, and a chunk is used again once
/// everything in it was sent. Grows with what waits, one chunk where nothing does.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    open: BytesMut,
    /// Chunks that are full, the oldest first. What is in them may still wait to be sent.
    full: VecDeque<BytesMut>,
}

impl Pieces {
    /// The parts, one behind the other. Allocates where all chunks are lent out, and for what is larger than a chunk.
    pub(crate) fn join(&mut self, parts: &[&[u8]]) -> Bytes {
        let bytes = parts.iter().map(|part| part.len()).sum();
        if bytes > CHUNK_BYTES {
            return parts.concat().into();
        }
        if self.open.capacity() < bytes {
            self.turn();
        }
        for part in parts {
            self.open.extend_from_slice(part);
        }
        self.open.split().freeze()
    }

    /// The same for a text.
    pub(crate) fn text(&mut self, parts: [&str; 2]) -> Text {
        let joined = self.join(&parts.map(str::as_bytes));
        Text::try_from(joined).expect("texts joined are a text")
    }

    /// Opens a chunk with all its room.
    fn turn(&mut self) {
        if self.open.try_reclaim(CHUNK_BYTES) {
            return;
        }
        let oldest = self.full.front_mut();
        let free = oldest.is_some_and(|chunk| chunk.try_reclaim(CHUNK_BYTES));
        let next = free.then(|| self.full.pop_front()).flatten();
        let next = next.unwrap_or_else(|| BytesMut::with_capacity(CHUNK_BYTES));
        let full = mem::replace(&mut self.open, next);
        if self.full.len() < CHUNKS_MAX && full.capacity() > 0 {
            self.full.push_back(full);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_handed_out_is_never_written_over(
            sizes in prop::collection::vec((0_usize..3000, 0_usize..40), 1..400),
        ) {
            let mut pieces = Pieces::default();
            let mut waiting = VecDeque::new();
            for (number, (size, waits)) in sizes.into_iter().enumerate() {
                let wanted: Vec<u8> = (0..size).map(|at| (at ^ number).to_le_bytes()[0]).collect();
                let (head, tail) = wanted.split_at(size / 3);
                waiting.push_back((pieces.join(&[head, tail]), wanted.clone()));
                while waiting.len() > waits {
                    let (piece, wanted) = waiting.pop_front().unwrap();
                    prop_assert_eq!(piece, wanted);
                }
            }
            prop_assert!(pieces.full.len() <= CHUNKS_MAX);
        }
    }

    #[test]
    fn a_chunk_is_used_again_once_it_was_sent() {
        let mut pieces = Pieces::default();
        let first = pieces.join(&[b"first"]).as_ptr();
        let again = (0..10 * CHUNK_BYTES).any(|_| pieces.join(&[b"x"]).as_ptr() == first);
        assert!(again);
        assert!(pieces.full.is_empty());
    }

    #[test]
    fn chunks_rotate_while_some_of_them_wait() {
        let mut pieces = Pieces::default();
        let mut waiting = VecDeque::new();
        let mut chunks = std::collections::BTreeSet::new();
        for _ in 0..1000 {
            let piece = pieces.join(&[&[7; CHUNK_BYTES / 2]]);
            chunks.insert(piece.as_ptr());
            waiting.push_back(piece);
            if waiting.len() > 10 {
                waiting.pop_front();
            }
        }
        assert!(chunks.len() < 20, "{} places", chunks.len());
    }

    #[test]
    fn what_is_larger_than_a_chunk_has_memory_of_its_own() {
        let large = vec![3; CHUNK_BYTES + 1];
        assert_eq!(Pieces::default().join(&[&large]), large);
    }
}
