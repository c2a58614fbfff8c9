use std::ops::Range;

use weir_engine::Export;

use crate::wire::RANGES_MAX;

/// Ranges of guest memory: address, length.
type Ranges = Vec<(u32, u32)>;

/// What the host reads after a call of an export, so that the next call of it brings that back with its answer.
///
/// The driver of the ABI reads the same places after every call of `predict`. So one call is one message there and
/// one back, and where a place is new or longer, one more of each.
pub(crate) struct Calls {
    learned: [Ranges; Export::ALL.len()],
    read: Ranges,
    last: Option<Export>,
    /// What the last answer brought: address, length, and where it lies in the answer.
    brought: Vec<(u32, u32, usize)>,
    bytes_max: usize,
}

impl Calls {
    /// An answer brings at most so many bytes.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            learned: Default::default(),
            read: Ranges::new(),
            last: None,
            brought: Vec::new(),
            bytes_max,
        }
    }

    /// Another call begins: what was read since the last one is what the next one of the same export brings.
    pub(crate) fn begin(&mut self, export: Export) -> &[(u32, u32)] {
        self.brought.clear();
        if let Some(last) = self.last.replace(export) {
            std::mem::swap(&mut self.learned[last.index()], &mut self.read);
        }
        self.read.clear();
        &self.learned[export.index()]
    }

    /// The bytes that the answer to the call that began has to bring.
    pub(crate) fn expected(&self) -> usize {
        let learned = self.last.map(|export| &self.learned[export.index()]);
        learned
            .into_iter()
            .flatten()
            .map(|(_, len)| size(*len))
            .sum()
    }

    /// The answer came: its bytes begin at this place.
    pub(crate) fn answered(&mut self, at: usize) {
        let Some(export) = self.last else { return };
        let mut at = at;
        for (address, len) in &self.learned[export.index()] {
            self.brought.push((*address, *len, at));
            at += size(*len);
        }
    }

    /// Where these bytes lie in the last answer, if it brought them. They are noted for the next.
    pub(crate) fn find(&mut self, address: u32, len: usize) -> Option<Range<usize>> {
        self.note(address, len);
        self.brought.iter().find_map(|(start, room, at)| {
            let offset = size(address.checked_sub(*start)?);
            let end = offset.checked_add(len)?;
            (end <= size(*room)).then(|| at + offset..at + end)
        })
    }

    /// What the answer brought is older than what lies there now.
    pub(crate) fn forget(&mut self, address: u32, len: usize) {
        let (start, end) = (u64::from(address), u64::from(address) + as_u64(len));
        self.brought.retain(|(address, len, _)| {
            let brought = u64::from(*address);
            end <= brought || brought + u64::from(*len) <= start
        });
    }

    /// The answer was overwritten by another.
    pub(crate) fn forget_all(&mut self) {
        self.brought.clear();
    }

    fn note(&mut self, address: u32, len: usize) {
        let noted: usize = self.read.iter().map(|(_, len)| size(*len)).sum();
        let fits = noted.saturating_add(len) <= self.bytes_max && self.read.len() < RANGES_MAX;
        if let Some(len) = u32::try_from(len).ok().filter(|_| fits) {
            self.read.push((address, len));
        }
    }
}

fn size(len: u32) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

fn as_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_after_a_call_comes_with_the_next_of_the_same() {
        let mut calls = Calls::new(100);
        assert!(calls.begin(Export::Predict).is_empty());
        calls.answered(17);
        assert_eq!(calls.find(64, 8), None);
        assert_eq!(calls.find(128, 4), None);
        assert!(calls.begin(Export::Buffer).is_empty());
        assert_eq!(calls.begin(Export::Predict), [(64, 8), (128, 4)]);
        assert_eq!(calls.expected(), 12);
        calls.answered(17);
        assert_eq!(calls.find(64, 8), Some(17..25));
        assert_eq!(calls.find(130, 2), Some(27..29));
        assert_eq!(calls.find(130, 3), None);
        assert_eq!(calls.find(63, 2), None);
    }

    #[test]
    fn what_was_written_since_is_asked_for_anew() {
        let mut calls = Calls::new(100);
        calls.begin(Export::Predict);
        calls.find(64, 8);
        calls.begin(Export::Predict);
        calls.answered(0);
        calls.forget(72, 8);
        assert_eq!(calls.find(64, 8), Some(0..8));
        calls.forget(71, 1);
        assert_eq!(calls.find(64, 8), None);
    }

    #[test]
    fn what_is_noted_has_an_end() {
        let mut calls = Calls::new(100);
        calls.begin(Export::Predict);
        for address in 0..1000 {
            calls.find(address, 0);
        }
        calls.find(0, 101);
        assert_eq!(calls.begin(Export::Predict).len(), RANGES_MAX);
    }
}
