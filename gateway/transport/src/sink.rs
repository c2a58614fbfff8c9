use tokio::sync::mpsc;

use crate::Outgoing;

/// Where outgoing messages go: a bounded queue in front of a transport's outbox. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sink {
    queue: mpsc::Sender<Outgoing>,
}

/// The transport has ended.
#[derive(Debug, thiserror::Error)]
#[error("the transport has ended")]
pub struct SinkClosed;

impl Sink {
    /// A sink and the end that a transport takes from; at most `messages_max` wait between them.
    #[must_use]
    pub fn bounded(messages_max: usize) -> (Self, mpsc::Receiver<Outgoing>) {
        let (queue, outgoing) = mpsc::channel(messages_max);
        (Self { queue }, outgoing)
    }

    /// Hands a message over; waits while the queue is full, which is the back-pressure.
    ///
    /// # Errors
    /// Fails where the transport has ended; the message's ticket stays unsettled.
    pub async fn send(&self, message: Outgoing) -> Result<(), SinkClosed> {
        self.queue.send(message).await.map_err(|_| SinkClosed)
    }

    /// Messages that wait to be taken.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}
