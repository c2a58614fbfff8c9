use weir_engine::{Enforces, EngineKind, Limits};

use crate::{Class, EngineChoice, Profile};

/// The engines that this build has, and what the host is.
#[derive(Debug, Clone, Copy)]
pub struct HostEngines<'a> {
    /// The host's architecture, as `std::env::consts::ARCH` names it.
    pub architecture: &'a str,
    /// The engines of this build with what each can hold a guest to.
    pub engines: &'a [(EngineKind, Enforces)],
}

/// The engine that runs a profile's guests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineDecision {
    /// The engine.
    pub engine: EngineKind,
    /// Why, in words.
    pub reason: String,
}

/// Why no engine can run a profile's guests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The engine is not there.
    #[error("engine {engine} is {reason}; use engine = \"{instead}\"")]
    NotInBuild {
        /// The engine that the profile asks for.
        engine: EngineKind,
        /// Why it is not there, in words that complete "is".
        reason: String,
        /// An engine that is there.
        instead: EngineKind,
    },
    /// A limit cannot be enforced.
    #[error(
        "engine {engine} cannot enforce {limit} of profile {profile}; use engine = \"{instead}\" or leave the limit out"
    )]
    NotEnforced {
        /// The engine.
        engine: EngineKind,
        /// The limit's key.
        limit: &'static str,
        /// The profile.
        profile: crate::ProfileName,
        /// An engine that enforces more.
        instead: EngineKind,
    },
}

/// The architectures that Cranelift compiles for.
const CRANELIFT: [&str; 4] = ["x86_64", "aarch64", "s390x", "riscv64"];

/// Decides which engine runs a profile's guests on a host. Pure: the same profile and host give the same engine.
///
/// # Errors
/// Fails where the engine is not part of the build, or cannot enforce one of the profile's limits.
pub fn choose_engine(
    profile: &Profile,
    host: HostEngines<'_>,
) -> Result<EngineDecision, EngineError> {
    let decision = match profile.engine {
        EngineChoice::Fixed(engine) => EngineDecision {
            engine,
            reason: format!("profile {} asks for {engine}", profile.name),
        },
        EngineChoice::Auto => automatic(profile.class, host),
    };
    let engine = decision.engine;
    let Some((_, enforces)) = host.engines.iter().find(|(kind, _)| *kind == engine) else {
        return Err(EngineError::NotInBuild {
            engine,
            reason: not_in_build(engine),
            instead: EngineKind::Wasmi,
        });
    };
    match not_enforced(&profile.limits, *enforces) {
        Some(limit) => Err(EngineError::NotEnforced {
            engine,
            limit,
            profile: profile.name.clone(),
            instead: EngineKind::Wasmi,
        }),
        None => Ok(EngineDecision {
            reason: decision.reason + &lacks(*enforces),
            ..decision
        }),
    }
}

/// What the engine does without although no limit of the profile needs it, for whoever reads why it was chosen.
fn lacks(enforces: Enforces) -> String {
    let lacking = [
        (!enforces.fuel, "it has deadlines, but meters no fuel"),
        (!enforces.simd, "it runs no SIMD"),
    ];
    let words = lacking
        .into_iter()
        .filter_map(|(lacks, words)| lacks.then_some(words));
    words.fold(String::new(), |all, words| format!("{all}; {words}"))
}

fn automatic(class: Class, host: HostEngines<'_>) -> EngineDecision {
    let architecture = host.architecture;
    let compiles = CRANELIFT.contains(&architecture);
    let present = host
        .engines
        .iter()
        .any(|(kind, _)| *kind == EngineKind::Wasmtime);
    let (engine, reason) = match class {
        Class::Microcontroller => (
            EngineKind::Wasmi,
            format!("auto: class {class} runs on an interpreter, as the chip does"),
        ),
        Class::Sbc | Class::EdgeServer if compiles && present => (
            EngineKind::Wasmtime,
            format!("auto: class {class}, and wasmtime compiles for {architecture}"),
        ),
        Class::Sbc | Class::EdgeServer if compiles => (
            EngineKind::Wasmi,
            format!("auto: class {class}, but this build has no wasmtime"),
        ),
        Class::Sbc | Class::EdgeServer => (
            EngineKind::Wasmi,
            format!("auto: class {class}, but wasmtime does not compile for {architecture}"),
        ),
    };
    EngineDecision { engine, reason }
}

fn not_in_build(engine: EngineKind) -> String {
    let comes_with = match engine {
        EngineKind::Wasm3 => {
            " (comes with the worker process that keeps its C code out of the gateway)"
        }
        EngineKind::Wasmi | EngineKind::Wasmtime => "",
    };
    format!("not part of this build{comes_with}")
}

/// The first limit that an engine has no means to enforce.
fn not_enforced(limits: &Limits, enforces: Enforces) -> Option<&'static str> {
    let needed = [
        ("guest_memory_kib_max", enforces.memory),
        ("call_deadline_ms_max", enforces.deadline),
        ("stack_kib_max", enforces.stack),
        ("fuel_max", enforces.fuel || limits.fuel_max.is_none()),
    ];
    needed
        .into_iter()
        .find_map(|(limit, enforced)| (!enforced).then_some(limit))
}
