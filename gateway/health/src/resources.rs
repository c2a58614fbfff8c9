use std::time::{Duration, Instant};

use procfs::{
    Current, WithCurrentSystemInfo,
    process::{Process, Stat},
};

use crate::{Capabilities, ResourceHealth};

/// Reads the node's own use of memory and processor from `/proc`.
#[derive(Debug)]
pub struct Resources {
    started: Instant,
    last: Option<(Instant, u64)>,
}

impl Resources {
    /// Starts to observe; `started` is when the process began.
    #[must_use]
    pub fn new(started: Instant) -> Self {
        Self {
            started,
            last: None,
        }
    }

    /// What the process uses now; the processor's share is that since the last call. What `/proc` does not
    /// show is left out.
    pub fn sample(&mut self, now: Instant) -> ResourceHealth {
        let process = Process::myself().ok();
        let stat = process.as_ref().and_then(|process| process.stat().ok());
        let pss_bytes = process
            .and_then(|process| process.smaps_rollup().ok())
            .and_then(|maps| maps.memory_map_rollup.0.first().cloned())
            .and_then(|map| map.extension.map.get("Pss").copied());
        ResourceHealth {
            uptime_s: now.duration_since(self.started).as_secs(),
            rss_bytes: stat.as_ref().map(|stat| stat.rss_bytes().get()),
            pss_bytes,
            cpu_percent: stat.and_then(|stat| self.cpu_percent(now, &stat)),
        }
    }

    fn cpu_percent(&mut self, now: Instant, stat: &Stat) -> Option<f64> {
        let ticks = stat.utime + stat.stime;
        let (then, ticks_then) = self.last.replace((now, ticks))?;
        let wall = now.checked_duration_since(then)?;
        if wall < Duration::from_millis(1) {
            return None;
        }
        let used = u32::try_from(ticks.saturating_sub(ticks_then)).unwrap_or(u32::MAX);
        let ticks_per_second = u32::try_from(procfs::ticks_per_second()).unwrap_or(100);
        let percent = f64::from(used) / f64::from(ticks_per_second) / wall.as_secs_f64() * 100.0;
        Some((percent * 10.0).round() / 10.0)
    }
}

impl Capabilities {
    /// What this machine offers.
    #[must_use]
    pub fn observe() -> Self {
        Self {
            architecture: std::env::consts::ARCH.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
            memory_bytes: procfs::Meminfo::current().map_or(0, |memory| memory.mem_total),
            simd: simd(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn simd() -> Vec<String> {
    let mut found = Vec::new();
    if std::arch::is_x86_feature_detected!("sse4.1") {
        found.push("sse4.1".to_owned());
    }
    if std::arch::is_x86_feature_detected!("avx2") {
        found.push("avx2".to_owned());
    }
    if std::arch::is_x86_feature_detected!("avx512f") {
        found.push("avx512f".to_owned());
    }
    found
}

#[cfg(target_arch = "aarch64")]
fn simd() -> Vec<String> {
    let mut found = Vec::new();
    if std::arch::is_aarch64_feature_detected!("neon") {
        found.push("neon".to_owned());
    }
    if std::arch::is_aarch64_feature_detected!("dotprod") {
        found.push("dotprod".to_owned());
    }
    found
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn simd() -> Vec<String> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_this_machine_has_a_core() {
        let mut resources = Resources::new(Instant::now());
        let sample = resources.sample(Instant::now());
        assert!(sample.rss_bytes.is_some_and(|bytes| bytes > 100_000));
        let capabilities = Capabilities::observe();
        assert!(capabilities.cores >= 1 && capabilities.memory_bytes > 1_000_000);
    }
}
