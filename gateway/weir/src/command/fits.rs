//! What a class grants and what a guest asks for, in words: for `check` and `explain`.

use std::env;

use weir_engine::{EngineKind, Start};
use weir_pool::GuestSource;
use weir_profile::{Compile, Isolation};
use weir_store::asked_memory;

use crate::{graphs, lane::PreparedLane};

/// The class, and the WebAssembly features that it grants.
pub(super) fn class(lane: &PreparedLane) -> String {
    let class = lane.profile.class;
    let granted: Vec<_> = weir_store::class_features(class).collect();
    format!("{class}: guests may use {}", granted.join(", "))
}

/// The WebAssembly features that the guest uses.
pub(super) fn features(lane: &PreparedLane) -> String {
    match lane.code.manifest.features.as_slice() {
        [] => "none beyond WebAssembly 1.0".to_owned(),
        features => features.join(", "),
    }
}

/// The nn backend that runs the guest's graph, and why it is not another.
pub(super) fn backend(lane: &PreparedLane) -> String {
    graphs::words(&lane.code, &lane.profile)
        .unwrap_or_else(|| "none: the guest reaches for none".to_owned())
}

/// The memory that the guest asks for and the profile allows.
pub(super) fn memory(lane: &PreparedLane) -> String {
    let allowed_kib = lane.profile.limits.memory_bytes_max / 1_024;
    let asked = match asked_memory(&lane.code.wasm) {
        None => "none".to_owned(),
        Some(asked) => match asked.kib_max {
            Some(kib_max) => format!("{} KiB at the start, at most {kib_max} KiB", asked.kib),
            None => format!("{} KiB at the start", asked.kib),
        },
    };
    format!("{asked}; the profile allows {allowed_kib} KiB")
}

/// The code that the engine runs, and whether there is to be better.
pub(super) fn code(guest: &GuestSource, lane: &PreparedLane, compile: Compile) -> String {
    if lane.engine.engine != EngineKind::Wasmtime {
        return format!("interpreted by {}", lane.engine.engine);
    }
    if !guest.module.is_precompiled() {
        return "compiled on this machine, for its processor".to_owned();
    }
    let every = format!("precompiled, for every {} processor", env::consts::ARCH);
    match compile {
        Compile::Background | Compile::First => {
            format!("{every}; `weir run` makes code for this one in the background")
        }
        Compile::Never => format!("{every}; node.compile = \"never\" keeps it"),
    }
}

/// What survives from one message to the next, and what a new instance begins with.
pub(super) fn isolation(guest: &GuestSource, lane: &PreparedLane) -> String {
    let kept = match lane.isolation {
        Isolation::Warm => "warm, instances are kept",
        Isolation::Fresh => "fresh, a new instance for each message",
    };
    let begins = cold(guest, lane).map_or_else(
        || "a new one starts from a snapshot".to_owned(),
        |why| format!("a new one starts cold: {why}"),
    );
    format!("{kept}; {begins}")
}

/// Why new instances start cold; none where they start from a snapshot.
pub(super) fn cold(guest: &GuestSource, lane: &PreparedLane) -> Option<String> {
    match (guest.module.start(), guest.module.why_cold()) {
        (Start::Snapshot, _) => None,
        (Start::Cold, Some(why)) => Some(why.to_owned()),
        (Start::Cold, None) if compiles_without_a_model(guest, lane) => {
            Some("it has no model to load".to_owned())
        }
        (Start::Cold, None) => Some(format!(
            "engine {} makes no snapshot of it",
            lane.engine.engine
        )),
    }
}

/// Whether a cold start is the cheapest that there is: compiled code, and no model that a snapshot would have loaded.
pub(super) fn compiles_without_a_model(guest: &GuestSource, lane: &PreparedLane) -> bool {
    guest.model.is_none() && lane.engine.engine == EngineKind::Wasmtime
}
