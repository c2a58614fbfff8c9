use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::Notify, time::Instant};
use weir_transport::Acknowledge;

use crate::state::Tally;

/// The messages at QoS 1 of one connection that are handed over and not acknowledged, in the order of arrival.
///
/// Each connection has a window of its own, which its tickets point to: a ticket of an earlier connection settles
/// nothing here, so no acknowledgement can reach a message that took over its packet identifier.
pub(crate) struct Window {
    entries: Mutex<Entries>,
    /// The first message can be acknowledged, or was given up.
    pub(crate) moved: Notify,
    tally: Arc<Tally>,
}

#[derive(Default)]
struct Entries {
    first: u64,
    next: u64,
    entries: VecDeque<Entry>,
    ended: bool,
}

struct Entry {
    pkid: u16,
    since: Instant,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Settled,
    Abandoned,
}

/// What the first message that is not acknowledged waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// Nothing waits.
    None,
    /// It is not settled since then.
    Open(Instant),
    /// It never will be.
    Abandoned,
}

impl Window {
    pub(crate) fn new(tally: Arc<Tally>) -> Arc<Self> {
        Arc::new(Self {
            entries: Mutex::default(),
            moved: Notify::new(),
            tally,
        })
    }

    /// Takes a message in; its number is what the ticket carries.
    pub(crate) fn open(&self, pkid: u16, since: Instant) -> u64 {
        self.tally.opened();
        let mut entries = self.lock();
        let state = State::Open;
        entries.entries.push_back(Entry { pkid, since, state });
        let sequence = entries.next;
        entries.next += 1;
        sequence
    }

    /// Takes out what can be acknowledged, in the order of arrival, and says what the next one waits for.
    pub(crate) fn take(&self, mut acknowledge: impl FnMut(u16)) -> Front {
        let mut entries = self.lock();
        while entries
            .entries
            .front()
            .is_some_and(|entry| entry.state == State::Settled)
        {
            entries.first += 1;
            let entry = entries.entries.pop_front();
            entry.into_iter().for_each(|entry| acknowledge(entry.pkid));
        }
        match entries.entries.front() {
            None => Front::None,
            Some(entry) if entry.state == State::Abandoned => Front::Abandoned,
            Some(entry) => Front::Open(entry.since),
        }
    }

    /// Messages that are not acknowledged.
    pub(crate) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// The connection ended: what settles from now on is too late, and comes again.
    pub(crate) fn end(&self) {
        self.lock().ended = true;
    }

    fn close(&self, sequence: u64, state: State) {
        let mut entries = self.lock();
        let at = sequence
            .checked_sub(entries.first)
            .and_then(|at| usize::try_from(at).ok());
        if let Some(entry) = at.and_then(|at| entries.entries.get_mut(at)) {
            entry.state = state;
        }
        let (ended, is_first) = (entries.ended, at == Some(0));
        drop(entries);
        if is_first {
            self.moved.notify_one();
        }
        self.tally.closed(state == State::Settled, ended);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Acknowledge for Window {
    fn settled(&self, sequence: u64) {
        self.close(sequence, State::Settled);
    }

    fn abandoned(&self, sequence: u64) {
        self.close(sequence, State::Abandoned);
    }
}

/// Messages at QoS 0: counted, so that a drain waits for them, and never acknowledged.
pub(crate) struct Loose(pub(crate) Arc<Tally>);

impl Acknowledge for Loose {
    fn settled(&self, _sequence: u64) {
        self.0.closed(true, false);
    }

    fn abandoned(&self, _sequence: u64) {
        self.0.closed(false, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window_of(pkids: &[u16]) -> (Arc<Window>, Vec<u64>) {
        let window = Window::new(Arc::default());
        let sequences = pkids
            .iter()
            .map(|pkid| window.open(*pkid, Instant::now()))
            .collect();
        (window, sequences)
    }

    fn taken(window: &Window) -> Vec<u16> {
        let mut pkids = Vec::new();
        let front = window.take(|pkid| pkids.push(pkid));
        assert_eq!(front == Front::None, window.len() == 0);
        pkids
    }

    #[test]
    fn acknowledgements_leave_in_the_order_of_arrival() {
        let (window, sequences) = window_of(&[5, 3, 9]);
        window.settled(sequences[2]);
        window.settled(sequences[1]);
        assert!(taken(&window).is_empty());
        window.settled(sequences[0]);
        assert_eq!(taken(&window), [5, 3, 9]);
        assert_eq!(window.len(), 0);
    }

    #[test]
    fn numbers_go_on_after_messages_left() {
        let (window, sequences) = window_of(&[1, 2]);
        window.settled(sequences[0]);
        assert_eq!(taken(&window), [1]);
        let third = window.open(1, Instant::now());
        window.settled(third);
        window.settled(sequences[1]);
        assert_eq!(taken(&window), [2, 1]);
    }

    #[test]
    fn a_message_that_was_given_up_holds_those_behind_it() {
        let (window, sequences) = window_of(&[1, 2]);
        window.settled(sequences[1]);
        window.abandoned(sequences[0]);
        assert!(taken(&window).is_empty());
        assert_eq!(window.take(|_| ()), Front::Abandoned);
    }
}
