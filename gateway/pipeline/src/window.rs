//! Sliding windows, counted in samples, one per device.
//!
//! Rules:
//! - the first window is complete with `size` samples, the next ones with `stride` more each;
//! - one message yields at most one window: where its samples complete several, the newest one is taken and the
//!   others are counted as superseded;
//! - a pause of more than `gap_max` between two messages of a device empties its window, and so does a message
//!   whose own time lies before that of the message before it; equal times follow each other;
//! - at most `devices_max` devices have a window; the least recently heard one is forgotten.
//!
//! Time is the payload's own where it states one, else the arrival. A message enters whole or not at all.

use std::{iter::Sum, num::NonZeroUsize};

use lru::LruCache;
use weir_profile::{DeviceId, Window};

/// What happened to windows since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WindowCounts {
    /// Windows that were emptied because of a gap or a time that went back.
    pub resets: u64,
    /// Complete windows that gave way to a newer one of the same message.
    pub superseded: u64,
    /// Devices that were forgotten for another.
    pub evicted: u64,
}

impl Sum for WindowCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, one| Self {
            resets: sum.resets + one.resets,
            superseded: sum.superseded + one.superseded,
            evicted: sum.evicted + one.evicted,
        })
    }
}

/// When a message's samples were taken, in microseconds on either clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SampleTime {
    /// By the payload.
    Own(i64),
    /// By the node's monotonic clock.
    Arrival(u64),
}

/// The windows of one pipeline's devices.
#[derive(Debug)]
pub(crate) struct Windows {
    size: usize,
    stride: usize,
    gap_max_us: Option<u64>,
    sample_bytes: usize,
    devices: LruCache<DeviceId, Ring>,
    counts: WindowCounts,
}

/// The last samples of one device.
#[derive(Debug)]
struct Ring {
    /// `size` samples, each in one piece.
    bytes: Vec<u8>,
    /// Where the next sample goes; the oldest one lies there.
    next: usize,
    /// Samples until a window is complete.
    due: usize,
    last: Option<SampleTime>,
}

/// A complete window's samples, the oldest first, in two pieces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Complete<'w> {
    pub(crate) older: &'w [u8],
    pub(crate) newer: &'w [u8],
}

impl Windows {
    pub(crate) fn new(window: Window, sample_bytes: usize, shards: NonZeroUsize) -> Self {
        let count =
            |number: std::num::NonZeroU32| usize::try_from(number.get()).unwrap_or(usize::MAX);
        let devices = count(window.devices_max).div_ceil(shards.get());
        Self {
            size: count(window.size),
            stride: count(window.stride),
            gap_max_us: window
                .gap_max
                .map(|gap| u64::try_from(gap.as_micros()).unwrap_or(u64::MAX)),
            sample_bytes,
            devices: LruCache::sparse(NonZeroUsize::new(devices).unwrap_or(NonZeroUsize::MIN)),
            counts: WindowCounts::default(),
        }
    }

    pub(crate) const fn counts(&self) -> WindowCounts {
        self.counts
    }

    /// Adds a message's samples. Where they complete a window, `complete` gets the newest one.
    pub(crate) fn push<T>(
        &mut self,
        device: &DeviceId,
        time: SampleTime,
        samples: &[u8],
        complete: impl FnOnce(Complete<'_>) -> T,
    ) -> Option<T> {
        self.admit(device);
        let (size, stride, gap) = (self.size, self.stride, self.gap_max_us);
        let sample_bytes = self.sample_bytes;
        let ring = self.devices.get_mut(device)?;
        if ring.last.is_some_and(|last| broken(last, time, gap)) {
            ring.due = size;
            self.counts.resets += 1;
        }
        ring.last = Some(time);
        let count = samples.len() / sample_bytes;
        if count < ring.due {
            ring.due -= count;
            ring.write(samples, sample_bytes);
            return None;
        }
        let more = (count - ring.due) / stride;
        self.counts.superseded += u64::try_from(more).unwrap_or(u64::MAX);
        let end = ring.due + more * stride;
        ring.due = stride - (count - end);
        let (until, after) = samples.split_at(end * sample_bytes);
        ring.write(until, sample_bytes);
        let (newer, older) = ring.bytes.split_at(ring.next * sample_bytes);
        let completed = complete(Complete { older, newer });
        ring.write(after, sample_bytes);
        Some(completed)
    }

    /// Makes room for a device that has no window yet; the forgotten one's memory is used again.
    fn admit(&mut self, device: &DeviceId) {
        if self.devices.contains(device) {
            return;
        }
        let full = self.devices.len() >= self.devices.cap().get();
        let forgotten = if full { self.devices.pop_lru() } else { None };
        let bytes = match forgotten {
            Some((_, ring)) => {
                self.counts.evicted += 1;
                ring.bytes
            }
            None => vec![0; self.size * self.sample_bytes],
        };
        let ring = Ring {
            bytes,
            next: 0,
            due: self.size,
            last: None,
        };
        self.devices.put(device.clone(), ring);
    }
}

impl Ring {
    /// Writes samples over the oldest ones.
    fn write(&mut self, samples: &[u8], sample_bytes: usize) {
        let kept = samples.len().saturating_sub(self.bytes.len());
        let mut samples = &samples[kept..];
        while !samples.is_empty() {
            let start = self.next * sample_bytes;
            let fits = samples.len().min(self.bytes.len() - start);
            self.bytes[start..start + fits].copy_from_slice(&samples[..fits]);
            samples = &samples[fits..];
            self.next = (start + fits) % self.bytes.len() / sample_bytes;
        }
    }
}

/// Whether a message does not follow the one before it.
fn broken(last: SampleTime, time: SampleTime, gap_max_us: Option<u64>) -> bool {
    let pause = match (last, time) {
        (SampleTime::Own(last), SampleTime::Own(time)) if time < last => return true,
        (SampleTime::Own(last), SampleTime::Own(time)) => time.abs_diff(last),
        (SampleTime::Arrival(last), SampleTime::Arrival(time)) => time.saturating_sub(last),
        (SampleTime::Own(_), SampleTime::Arrival(_))
        | (SampleTime::Arrival(_), SampleTime::Own(_)) => {
            return true;
        }
    };
    gap_max_us.is_some_and(|gap| pause > gap)
}

#[cfg(test)]
mod tests;
