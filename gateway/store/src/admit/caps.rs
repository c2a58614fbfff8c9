use weir_engine::EngineKind;
use weir_profile::{Class, EngineChoice, GuestName, Profile};

use super::AdmitError;

/// How many of each thing a module may have, by class and engine: bounds on the time and memory that compiling takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// The class.
    pub class: Class,
    /// The engine, where it is what sets the last two.
    pub engine: Option<EngineKind>,
    /// Functions with a body.
    pub functions_max: u64,
    /// Local variables of one function.
    pub locals_max: u64,
    /// Globals.
    pub globals_max: u64,
    /// Data segments, and element segments.
    pub segments_max: u64,
    /// Blocks in each other in one function, the function itself included; where the class has such a bound.
    pub blocks_max: Option<u64>,
    /// Parameters, locals and operands of one function at once; where the class has such a bound.
    pub values_max: Option<u64>,
}

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Things {
    Functions,
    Locals,
    Globals,
    Segments,
    Tables,
    Blocks,
    Values,
}

impl Things {
    const fn words(self) -> &'static str {
        match self {
            Self::Functions => "functions",
            Self::Locals => "locals in one function",
            Self::Globals => "globals",
            Self::Segments => "segments",
            Self::Tables => "tables",
            Self::Blocks => "blocks in each other in one function",
            Self::Values => "parameters, locals and operands in one function",
        }
    }
}

impl Caps {
    /// The caps of a class. Measured: the guest `onnx`, the largest that ships, has 15 589 functions, 429 locals in one
    /// of them, 3 globals and 3 data segments. Chosen: several times that; for microcontrollers a fraction of it.
    /// Blocks and values of the class microcontroller are what wasm3 sets aside on a computer (`m3_config.h`:
    /// `d_m3MaxFunctionStackHeight` 8000, an eighth of it for blocks), so that a guest of the class runs on either
    /// interpreter.
    #[must_use]
    pub const fn of(class: Class) -> Self {
        match class {
            Class::Microcontroller => Self {
                class,
                engine: None,
                functions_max: 4096,
                locals_max: 1024,
                globals_max: 256,
                segments_max: 1024,
                blocks_max: Some(1000),
                values_max: Some(8000),
            },
            Class::Sbc | Class::EdgeServer => Self {
                class,
                engine: None,
                functions_max: 100_000,
                locals_max: 20_000,
                globals_max: 10_000,
                segments_max: 50_000,
                blocks_max: None,
                values_max: None,
            },
        }
    }

    /// The caps of a profile. A microcontroller profile that asks for wasm3 has what wasm3's build for such chips sets
    /// aside (`m3_config_platforms.h`: `d_m3MaxFunctionStackHeight` 256, an eighth of it for blocks): the same guest
    /// would be refused there. Measured: the guest `anomaly` has 25 blocks in each other and 38 values.
    #[must_use]
    pub fn of_profile(profile: &Profile) -> Self {
        let caps = Self::of(profile.class);
        match (profile.class, profile.engine) {
            (Class::Microcontroller, EngineChoice::Fixed(EngineKind::Wasm3)) => Self {
                engine: Some(EngineKind::Wasm3),
                blocks_max: Some(32),
                values_max: Some(256),
                ..caps
            },
            (Class::Microcontroller | Class::Sbc | Class::EdgeServer, _) => caps,
        }
    }

    /// Whether functions have to be measured.
    pub(super) const fn bounds_depth(&self) -> bool {
        self.blocks_max.is_some() || self.values_max.is_some()
    }

    pub(super) fn check(
        &self,
        guest: &GuestName,
        things: Things,
        count: u64,
    ) -> Result<(), AdmitError> {
        let (count_max, engine) = match things {
            Things::Functions => (self.functions_max, None),
            Things::Locals => (self.locals_max, None),
            Things::Globals => (self.globals_max, None),
            Things::Segments => (self.segments_max, None),
            Things::Tables => (1, None),
            Things::Blocks => (self.blocks_max.unwrap_or(u64::MAX), self.engine),
            Things::Values => (self.values_max.unwrap_or(u64::MAX), self.engine),
        };
        if count <= count_max {
            return Ok(());
        }
        let on = engine.map_or_else(String::new, |engine| format!(" on {engine}"));
        Err(AdmitError::TooMany {
            guest: guest.clone(),
            things: things.words(),
            count,
            count_max,
            who: format!("class {}{on}", self.class),
        })
    }
}
