use std::time::Duration;

use weir_engine::Limits;

use super::{Link, source};
use crate::{LimitSource, written::ProfileLimits};

/// The limits of a line of inheritance.
pub(super) struct Found {
    /// None where one is missing.
    pub(super) limits: Option<Resolved>,
    pub(super) missing: Vec<&'static str>,
    pub(super) sources: Vec<LimitSource>,
}

/// The limits as relied on.
pub(super) struct Resolved {
    pub(super) limits: Limits,
    pub(super) module_bytes_max: usize,
    pub(super) payload_bytes_max: usize,
    pub(super) queue_messages_max: usize,
    pub(super) instances_max: usize,
    pub(super) loaded_models_bytes_max: u64,
    pub(super) state_devices_max: usize,
}

/// Each key, how it is read, and its unit.
type Row = (
    &'static str,
    fn(&ProfileLimits) -> Option<u64>,
    &'static str,
);

const MEMORY: Row = (
    "guest_memory_kib_max",
    |limits| limits.guest_memory_kib_max,
    "KiB",
);
const TABLE: Row = (
    "table_elements_max",
    |limits| limits.table_elements_max.map(u64::from),
    "elements",
);
const STACK: Row = ("stack_kib_max", |limits| limits.stack_kib_max, "KiB");
const MODULE: Row = ("module_kib_max", |limits| limits.module_kib_max, "KiB");
const CALL: Row = (
    "call_deadline_ms_max",
    |limits| limits.call_deadline_ms_max,
    "ms",
);
const LOAD: Row = (
    "load_deadline_ms_max",
    |limits| limits.load_deadline_ms_max,
    "ms",
);
const FUEL: Row = ("fuel_max", |limits| limits.fuel_max, "per call");
const PAYLOAD: Row = (
    "payload_bytes_max",
    |limits| limits.payload_bytes_max,
    "bytes",
);
const INPUT: Row = ("input_bytes_max", |limits| limits.input_bytes_max, "bytes");
const OUTPUT: Row = (
    "output_bytes_max",
    |limits| limits.output_bytes_max,
    "bytes",
);
const MODEL: Row = ("model_kib_max", |limits| limits.model_kib_max, "KiB");
const QUEUE: Row = (
    "queue_messages_max",
    |limits| limits.queue_messages_max,
    "messages",
);
const INSTANCES: Row = ("instances_max", |limits| limits.instances_max, "instances");
const LOADED: Row = (
    "loaded_models_kib_max",
    |limits| limits.loaded_models_kib_max,
    "KiB",
);
const STATE: Row = (
    "state_devices_max",
    |limits| limits.state_devices_max,
    "devices",
);

/// Reads every limit from the nearest profile that states it.
/// Whether SIMD is allowed follows from the class.
pub(super) fn read(chain: &[Link<'_>], simd: bool) -> Found {
    let mut reader = Reader {
        chain,
        missing: Vec::new(),
        sources: Vec::new(),
    };
    let limits = reader.limits(simd);
    let module = reader.kib(MODULE);
    let payload = reader.size(PAYLOAD);
    let queue = reader.size(QUEUE);
    let instances = reader.size(INSTANCES);
    let loaded = reader.optional(LOADED);
    let state = reader.size(STATE);
    let resolved = || {
        let limits = limits?;
        let granted = limits.memory_bytes_max.saturating_mul(count(instances?));
        Some(Resolved {
            limits,
            loaded_models_bytes_max: loaded.map_or(granted, |kib| kib.saturating_mul(1024)),
            module_bytes_max: module?,
            payload_bytes_max: payload?,
            queue_messages_max: queue?,
            instances_max: instances?,
            state_devices_max: state?,
        })
    };
    Found {
        limits: resolved(),
        missing: reader.missing,
        sources: reader.sources,
    }
}

struct Reader<'c> {
    chain: &'c [Link<'c>],
    missing: Vec<&'static str>,
    sources: Vec<LimitSource>,
}

impl Reader<'_> {
    fn limits(&mut self, simd: bool) -> Option<Limits> {
        let memory = self.number(MEMORY);
        let table = self.number(TABLE);
        let stack = self.kib(STACK);
        let call = self.number(CALL);
        let load = self.number(LOAD);
        let fuel = self.optional(FUEL);
        let input = self.size(INPUT);
        let output = self.size(OUTPUT);
        let model = self.kib(MODEL);
        Some(Limits {
            memory_bytes_max: memory? * 1024,
            table_elements_max: u32::try_from(table?).ok()?,
            stack_bytes_max: stack?,
            call_deadline: Duration::from_millis(call?),
            load_deadline: Duration::from_millis(load?),
            fuel_max: fuel.filter(|fuel| *fuel > 0),
            output_bytes_max: output?,
            input_bytes_max: input?,
            model_bytes_max: model?,
            simd,
        })
    }

    fn number(&mut self, row: Row) -> Option<u64> {
        let value = self.optional(row);
        if value.is_none() {
            self.missing.push(row.0);
        }
        value
    }

    fn optional(&mut self, (key, read, unit): Row) -> Option<u64> {
        let (value, link) = self
            .chain
            .iter()
            .find_map(|link| Some((read(&link.1.written.limits)?, *link)))?;
        self.sources
            .push(source(key, &format!("{value} {unit}"), link));
        Some(value)
    }

    fn size(&mut self, row: Row) -> Option<usize> {
        self.number(row)
            .and_then(|value| usize::try_from(value).ok())
    }

    fn kib(&mut self, row: Row) -> Option<usize> {
        self.number(row)
            .and_then(|value| usize::try_from(value.checked_mul(1024)?).ok())
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
