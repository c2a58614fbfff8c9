//! What a profile of the class microcontroller may promise: a profile that says the class and inherits the limits of a
//! computer would admit guests that no chip can hold.

use weir_engine::EngineKind;

use super::limits::Resolved;
use crate::{Class, EngineChoice, LimitSource, report::Report};

/// A limit's key, its value, the most that the class allows, and the unit of both.
type Row = (&'static str, fn(&Resolved) -> u64, u64, &'static str);

/// The greatest limits of the class. The class says 256 KiB of guest memory, and model, inputs and outputs lie in it.
/// Chosen: 64 KiB of stack and 4096 table elements are a quarter and a sixteenth of the chip's memory; 1 MiB of flash
/// is what the class has for firmware and guest together.
const MICROCONTROLLER: [Row; 7] = [
    (
        "guest_memory_kib_max",
        |read| read.limits.memory_bytes_max / 1024,
        Class::MICROCONTROLLER_MEMORY_BYTES_MAX / 1024,
        "KiB",
    ),
    (
        "table_elements_max",
        |read| read.limits.table_elements_max.into(),
        4096,
        "elements",
    ),
    (
        "stack_kib_max",
        |read| number(read.limits.stack_bytes_max) / 1024,
        64,
        "KiB",
    ),
    (
        "module_kib_max",
        |read| number(read.module_bytes_max) / 1024,
        1024,
        "KiB",
    ),
    (
        "input_bytes_max",
        |read| number(read.limits.input_bytes_max),
        Class::MICROCONTROLLER_MEMORY_BYTES_MAX,
        "bytes",
    ),
    (
        "output_bytes_max",
        |read| number(read.limits.output_bytes_max),
        Class::MICROCONTROLLER_MEMORY_BYTES_MAX,
        "bytes",
    ),
    (
        "model_kib_max",
        |read| number(read.limits.model_bytes_max) / 1024,
        Class::MICROCONTROLLER_MEMORY_BYTES_MAX / 1024,
        "KiB",
    ),
];

/// Reports everything in which a profile is more than its class.
pub(super) fn check(
    report: &mut Report<'_>,
    class: Class,
    engine: EngineChoice,
    read: &Resolved,
    sources: &[LimitSource],
) {
    if class != Class::Microcontroller {
        return;
    }
    if engine == EngineChoice::Fixed(EngineKind::Wasmtime) {
        let message = "wasmtime: class microcontroller runs on an interpreter, as the chip does";
        let help = "use engine = \"auto\", \"wasmi\" or \"wasm3\"";
        report.error(&["engine"], message, help);
    }
    for (key, value, allowed, unit) in MICROCONTROLLER {
        let value = value(read);
        if value <= allowed {
            continue;
        }
        let from = sources.iter().find(|source| source.key == key);
        let from = from.map_or_else(String::new, |source| {
            format!(" in profile {}", source.profile)
        });
        let message =
            format!("is {value} {unit}{from}; class microcontroller allows {allowed} {unit}");
        let help = "state a lower one, or choose class = \"sbc\"";
        report.error(&["limits", key], message, help);
    }
}

fn number(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
