use core::fmt;

/// Why a file is not a network that can be run, or a call does not fit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The file does not begin as every network does.
    NotANetwork,
    /// The file has another version of the format.
    Version {
        /// The file's.
        found: u32,
    },
    /// The header does not end where it says, or has a value that no header has.
    Header,
    /// There are more layers than [`LAYERS_MAX`](crate::LAYERS_MAX).
    TooManyLayers {
        /// What the file says.
        layers: u16,
    },
    /// A scale of the input or output is not a finite number above 0.
    Scale,
    /// The sizes of the input or output outside do not have the elements that lie inside.
    Elements {
        /// Which one, in words.
        edge: &'static str,
    },
    /// The input lies outside of the activations.
    InputPlace,
    /// A layer is wrong.
    Layer {
        /// Which one, from 0.
        index: u16,
        /// What is wrong with it.
        fault: LayerFault,
    },
    /// The caller's input, output or memory has another size than the network states.
    Memory,
}

/// What is wrong with a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerFault {
    /// Its record ends early, or has a value that no record has.
    Record,
    /// Its window does not fit its input.
    Window,
    /// A pool has a dilation.
    Dilation,
    /// Its output has no element.
    Empty,
    /// A reshape changes the number of elements, or where they lie.
    Reshape,
    /// A depthwise convolution has another number of outputs than its input has channels.
    Depthwise,
    /// Its output lies outside of the activations.
    OutputPlace,
    /// Its output touches its input.
    Overlap,
    /// Its sum has more terms than [`TAPS_MAX`](crate::TAPS_MAX).
    TooManyTaps,
    /// A section lies outside of the file, or is not aligned.
    Section,
    /// Its multiplier or shift is none.
    Requantise,
    /// The least value of its output is above the greatest.
    Clamp,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANetwork => f.write_str("it does not begin as an int8 network does"),
            Self::Version { found } => write!(
                f,
                "it has version {found} of the format, and version {} is read here",
                crate::VERSION
            ),
            Self::Header => f.write_str("its header is cut off or malformed"),
            Self::TooManyLayers { layers } => write!(
                f,
                "it has {layers} layers, and {} are read here at most",
                crate::LAYERS_MAX
            ),
            Self::Scale => {
                f.write_str("the scale of its input or output is no finite number above 0")
            }
            Self::Elements { edge } => {
                write!(
                    f,
                    "the sizes of its {edge} do not have the elements that the network has"
                )
            }
            Self::InputPlace => f.write_str("its input lies outside of the activations"),
            Self::Layer { index, fault } => write!(f, "layer {index}: {fault}"),
            Self::Memory => {
                f.write_str("input, output or memory has another size than the network states")
            }
        }
    }
}

impl fmt::Display for LayerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Record => "its record is cut off or malformed",
            Self::Window => "its window does not fit its input",
            Self::Dilation => "a pool has no dilation",
            Self::Empty => "its output has no element",
            Self::Reshape => "a reshape keeps the elements and their place",
            Self::Depthwise => "a depthwise convolution has as many outputs as input channels",
            Self::OutputPlace => "its output lies outside of the activations",
            Self::Overlap => "its output touches its input",
            Self::TooManyTaps => "its sums have more terms than 32 bits hold",
            Self::Section => "a section lies outside of the file, or is not aligned",
            Self::Requantise => "a multiplier or shift is out of range",
            Self::Clamp => "the least value of its output is above the greatest",
        })
    }
}

impl core::error::Error for Fault {}
