use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use parking_lot::Mutex;
use wasmtime::{AsContext, GuestProfiler, Module, ProfilingStrategy};

use crate::ticker::TICK;

/// Samples of one guest: ten minutes inside of it, some 40 bytes each. Later ones are counted and left out.
const SAMPLES_MAX: usize = 600_000;
/// Guests that are looked at in one run; later ones are left out.
const GUESTS_MAX: usize = 256;

/// How to find out where guests spend their time.
#[derive(Debug, Clone, Default)]
pub enum Profiling {
    /// Not at all.
    #[default]
    Off,
    /// `perf` of the system is told the functions of guests: `/tmp/perf-<pid>.map`.
    Perf,
    /// Where a guest is, is looked up at every tick while it runs.
    Guests(GuestProfiles),
}

impl Profiling {
    pub(crate) fn strategy(&self) -> ProfilingStrategy {
        match self {
            Self::Perf => ProfilingStrategy::PerfMap,
            Self::Off | Self::Guests(_) => ProfilingStrategy::None,
        }
    }

    /// What looks up where this guest is, where that is asked for.
    pub(crate) fn sampler(&self, guest: &str, module: &Module) -> Option<Arc<Sampler>> {
        match self {
            Self::Guests(profiles) => profiles.sampler(guest, module),
            Self::Off | Self::Perf => None,
        }
    }
}

/// Profiles of guests in the making; clones share them.
#[derive(Debug, Clone, Default)]
pub struct GuestProfiles(Arc<Mutex<Vec<Arc<Sampler>>>>);

/// One guest under one set of limits. Its instances share it.
#[derive(Debug)]
pub(crate) struct Sampler {
    guest: String,
    profiler: Mutex<Option<GuestProfiler>>,
    samples: AtomicUsize,
}

/// A profile that has been written.
#[derive(Debug, Clone)]
pub struct WrittenProfile {
    /// The file, in the Firefox profiler's format.
    pub file: PathBuf,
    /// The guest.
    pub guest: String,
    /// How often it was looked up where the guest is.
    pub samples: usize,
    /// How often it was not, because there were too many.
    pub left_out: usize,
}

impl GuestProfiles {
    fn sampler(&self, guest: &str, module: &Module) -> Option<Arc<Sampler>> {
        let modules = [(guest.to_owned(), module.clone())];
        let mut samplers = self.0.lock();
        if samplers.len() >= GUESTS_MAX {
            tracing::warn!(guest, "no profile of guest {guest}: {GUESTS_MAX} are made");
            return None;
        }
        let profiler = GuestProfiler::new(module.engine(), guest, TICK, modules);
        let profiler = profiler.inspect_err(|error| {
            tracing::warn!(guest, "no profile of guest {guest}: {error:#}");
        });
        let sampler = Arc::new(Sampler {
            guest: guest.to_owned(),
            profiler: Mutex::new(Some(profiler.ok()?)),
            samples: AtomicUsize::new(0),
        });
        samplers.push(Arc::clone(&sampler));
        Some(sampler)
    }

    /// Ends every profile, and writes those of guests that ran long enough to be met:
    /// `<guest>-<number>.profile.json`.
    ///
    /// # Errors
    /// Fails where a file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<Vec<WrittenProfile>> {
        let mut written = Vec::new();
        for (number, sampler) in self.0.lock().drain(..).enumerate() {
            let met = sampler.samples.load(Relaxed);
            let profiler = sampler.profiler.lock().take();
            let Some(profiler) = profiler.filter(|_| met > 0) else {
                continue;
            };
            let guest = sampler.guest.clone();
            let file = folder.join(format!("{}-{number}.profile.json", in_a_file_name(&guest)));
            let mut out = BufWriter::new(File::create(&file)?);
            profiler.finish(&mut out).map_err(io::Error::other)?;
            out.flush()?;
            written.push(WrittenProfile {
                file,
                guest,
                samples: met.min(SAMPLES_MAX),
                left_out: met.saturating_sub(SAMPLES_MAX),
            });
        }
        Ok(written)
    }
}

impl Sampler {
    /// Looks up where the guest is.
    pub(crate) fn sample(&self, store: impl AsContext) {
        if self.samples.fetch_add(1, Relaxed) >= SAMPLES_MAX {
            return;
        }
        if let Some(profiler) = self.profiler.lock().as_mut() {
            profiler.sample(store, TICK);
        }
    }
}

/// A guest is named by its author.
fn in_a_file_name(guest: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name = guest.chars().take(64);
    name.map(|c| if harmless(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guests_name_stays_in_the_folder() {
        assert_eq!(in_a_file_name("onnx"), "onnx");
        assert_eq!(in_a_file_name("../../etc/x"), "______etc_x");
    }
}
