use std::{collections::BTreeMap, fmt};

/// What a run saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) modules: u64,
    pub(crate) instantiated: u64,
    /// Modules that wasm3 has no operation for.
    pub(crate) untranslated: u64,
    pub(crate) returned: u64,
    /// Modules that left their memory otherwise than it was.
    pub(crate) wrote_memory: u64,
    /// By the trap's name.
    pub(crate) traps: BTreeMap<String, u64>,
    findings: u64,
    /// The first findings, in words.
    shown: Vec<String>,
}

/// Further findings are counted.
const SHOWN_MAX: usize = 10;

impl Tally {
    pub(crate) fn trapped(&self) -> u64 {
        self.traps.values().sum()
    }

    pub(crate) fn trap(&mut self, name: &str) {
        *self.traps.entry(name.to_owned()).or_default() += 1;
    }

    pub(crate) fn finding(&mut self, words: String) {
        self.findings += 1;
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(words);
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.modules += other.modules;
        self.instantiated += other.instantiated;
        self.untranslated += other.untranslated;
        self.returned += other.returned;
        self.wrote_memory += other.wrote_memory;
        for (name, count) in other.traps {
            *self.traps.entry(name).or_default() += count;
        }
        self.findings += other.findings;
        let room = SHOWN_MAX - self.shown.len();
        self.shown.extend(other.shown.into_iter().take(room));
    }

    pub(crate) fn assert_no_findings(&self) {
        assert!(
            self.findings == 0,
            "engines differ on {} of {} modules:\n{}",
            self.findings,
            self.modules,
            self.shown.join("\n")
        );
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} modules, {} instantiated ({} not by wasm3), {} wrote memory, {} calls returned, {} trapped: {:?}",
            self.modules,
            self.instantiated,
            self.untranslated,
            self.wrote_memory,
            self.returned,
            self.trapped(),
            self.traps
        )
    }
}
