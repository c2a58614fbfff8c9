use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use anyhow::{Result, anyhow, bail};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::Received;

/// A test that receives more than this without looking has lost its way.
const MESSAGES_MAX: usize = 1_000_000;

/// What has arrived and was not taken yet.
#[derive(Debug)]
pub(super) struct Inbox {
    messages: Mutex<VecDeque<Received>>,
    arrived: watch::Sender<u64>,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self {
            messages: Mutex::default(),
            arrived: watch::Sender::new(0),
        }
    }

    /// Called by the polling task; never waits. Beyond the maximum a message is only counted.
    pub(super) fn put(&self, message: Received) {
        let mut messages = self.lock();
        if messages.len() < MESSAGES_MAX {
            messages.push_back(message);
        }
        drop(messages);
        self.arrived.send_modify(|count| *count += 1);
    }

    pub(super) async fn collect_until<F>(
        &self,
        mut complete: F,
        deadline: Duration,
    ) -> Result<Vec<Received>>
    where
        F: FnMut(&[Received]) -> bool,
    {
        let end = Instant::now() + deadline;
        let mut arrived = self.arrived.subscribe();
        let mut taken = Vec::new();
        loop {
            arrived.mark_unchanged();
            taken.append(&mut self.drain()?);
            if complete(&taken) {
                return Ok(taken);
            }
            if timeout_at(end, arrived.changed()).await.is_err() {
                let last = taken.last().map_or_else(String::new, ToString::to_string);
                bail!(
                    "not complete after {deadline:?}: {} messages, the last one {last:?}",
                    taken.len()
                );
            }
        }
    }

    pub(super) async fn take<F>(&self, mut matches: F, deadline: Duration) -> Result<Received>
    where
        F: FnMut(&Received) -> bool,
    {
        let end = Instant::now() + deadline;
        let mut arrived = self.arrived.subscribe();
        loop {
            arrived.mark_unchanged();
            if let Some(message) = self.first(&mut matches) {
                return Ok(message);
            }
            if timeout_at(end, arrived.changed()).await.is_err() {
                let topics: Vec<String> = self.lock().iter().map(|m| m.topic.clone()).collect();
                bail!("no such message after {deadline:?}; the inbox holds {topics:?}");
            }
        }
    }

    pub(super) fn drain(&self) -> Result<Vec<Received>> {
        let mut messages = self.lock();
        if messages.len() >= MESSAGES_MAX {
            return Err(anyhow!("the inbox has overflowed"));
        }
        Ok(messages.drain(..).collect())
    }

    fn first<F>(&self, mut matches: F) -> Option<Received>
    where
        F: FnMut(&Received) -> bool,
    {
        let mut messages = self.lock();
        let at = messages.iter().position(&mut matches)?;
        messages.remove(at)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Received>> {
        self.messages.lock().expect("no holder of this lock panics")
    }
}
