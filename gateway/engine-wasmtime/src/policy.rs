/// A smaller guest is compiled at once, also where a package has its code: it takes a moment.
pub(crate) const IN_BACKGROUND_BYTES_MIN: usize = 512 << 10;

/// When guests are compiled for the processor at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compile {
    /// While code that a package brought serves; before a guest opens where there is none.
    Background,
    /// Before a guest opens.
    #[default]
    First,
    /// Not at all: only guests run that are compiled already.
    Never,
}

impl Compile {
    /// Why a guest that is not compiled yet is refused.
    pub(crate) const fn why_not(self) -> &'static str {
        "it is not compiled, no package brought code that fits, and compiling is switched off (node.compile = \"never\")"
    }
}
