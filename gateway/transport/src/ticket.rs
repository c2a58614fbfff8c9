use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use crate::Message;

/// A message with the ticket that must be settled before the transport may acknowledge it.
#[derive(Debug)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// Its ticket.
    pub ticket: Ticket,
}

/// What a transport does once everything that depends on a message is safe.
pub trait Acknowledge: Send + Sync {
    /// Every ticket of the message with this number is settled.
    fn settled(&self, sequence: u64);

    /// A ticket of the message was dropped unsettled: it must not be acknowledged.
    fn abandoned(&self, sequence: u64);
}

/// A share in a message that is not acknowledged yet. Clone it for each pipeline that takes the message and for
/// each outgoing message that must be safe first; the message is acknowledged when every clone is settled.
/// A ticket that is dropped without [`Ticket::settle`] keeps the message unacknowledged: the broker sends it again.
pub struct Ticket {
    shared: Arc<Shared>,
    settled: bool,
}

struct Shared {
    acknowledge: Arc<dyn Acknowledge>,
    sequence: u64,
    open: AtomicUsize,
    abandoned: AtomicBool,
}

impl Ticket {
    /// The first ticket of a message.
    #[must_use]
    pub fn new(acknowledge: Arc<dyn Acknowledge>, sequence: u64) -> Self {
        let shared = Shared {
            acknowledge,
            sequence,
            open: AtomicUsize::new(1),
            abandoned: AtomicBool::new(false),
        };
        Self {
            shared: Arc::new(shared),
            settled: false,
        }
    }

    /// Says that what this ticket stands for is safe.
    pub fn settle(mut self) {
        self.settled = true;
    }
}

impl Clone for Ticket {
    fn clone(&self) -> Self {
        self.shared.open.fetch_add(1, Ordering::Relaxed);
        Self {
            shared: Arc::clone(&self.shared),
            settled: false,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let shared = &self.shared;
        if !self.settled {
            shared.abandoned.store(true, Ordering::Release);
        }
        if shared.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            if shared.abandoned.load(Ordering::Acquire) {
                shared.acknowledge.abandoned(shared.sequence);
            } else {
                shared.acknowledge.settled(shared.sequence);
            }
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({})", self.shared.sequence)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Log(Mutex<Vec<(u64, bool)>>);

    impl Acknowledge for Log {
        fn settled(&self, sequence: u64) {
            self.0.lock().unwrap().push((sequence, true));
        }

        fn abandoned(&self, sequence: u64) {
            self.0.lock().unwrap().push((sequence, false));
        }
    }

    #[test]
    fn a_message_is_settled_by_its_last_ticket_only() {
        let log = Arc::new(Log::default());
        let first = Ticket::new(log.clone(), 7);
        let second = first.clone();
        first.settle();
        assert!(log.0.lock().unwrap().is_empty());
        second.settle();
        assert_eq!(*log.0.lock().unwrap(), [(7, true)]);
    }

    #[test]
    fn a_dropped_ticket_keeps_the_message_unacknowledged() {
        let log = Arc::new(Log::default());
        let first = Ticket::new(log.clone(), 8);
        drop(first.clone());
        first.settle();
        assert_eq!(*log.0.lock().unwrap(), [(8, false)]);
    }
}
