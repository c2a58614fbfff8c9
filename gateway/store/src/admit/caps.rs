use weir_profile::{Class, GuestName};

use super::AdmitError;

/// How many of each thing a module may have, by class: bounds on the time and memory that compiling takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// The class.
    pub class: Class,
    /// Functions with a body.
    pub functions_max: u64,
    /// Local variables of one function.
    pub locals_max: u64,
    /// Globals.
    pub globals_max: u64,
    /// Data segments, and element segments.
    pub segments_max: u64,
}

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Things {
    Functions,
    Locals,
    Globals,
    Segments,
    Tables,
}

impl Things {
    const fn words(self) -> &'static str {
        match self {
            Self::Functions => "functions",
            Self::Locals => "locals in one function",
            Self::Globals => "globals",
            Self::Segments => "segments",
            Self::Tables => "tables",
        }
    }
}

impl Caps {
    /// The caps of a class. Measured: the guest `onnx`, the largest that ships, has 14 575 functions, 424 locals in one
    /// of them, 3 globals and 3 data segments. Chosen: several times that; for microcontrollers a fraction of it.
    #[must_use]
    pub const fn of(class: Class) -> Self {
        match class {
            Class::Microcontroller => Self {
                class,
                functions_max: 4096,
                locals_max: 1024,
                globals_max: 256,
                segments_max: 1024,
            },
            Class::Sbc | Class::EdgeServer => Self {
                class,
                functions_max: 100_000,
                locals_max: 20_000,
                globals_max: 10_000,
                segments_max: 50_000,
            },
        }
    }

    pub(super) fn check(
        &self,
        guest: &GuestName,
        things: Things,
        count: u64,
    ) -> Result<(), AdmitError> {
        let count_max = match things {
            Things::Functions => self.functions_max,
            Things::Locals => self.locals_max,
            Things::Globals => self.globals_max,
            Things::Segments => self.segments_max,
            Things::Tables => 1,
        };
        if count <= count_max {
            return Ok(());
        }
        Err(AdmitError::TooMany {
            guest: guest.clone(),
            things: things.words(),
            count,
            count_max,
            class: self.class,
        })
    }
}
