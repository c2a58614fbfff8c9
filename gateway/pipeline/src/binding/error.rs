/// Why a pipeline and its model do not fit together. Found at the start, not by the first message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The values do not make the model's input.
    #[error("{key}: the model takes {takes} for its input {input}, the pipeline makes {makes}")]
    Shape {
        /// The key that is at odds.
        key: String,
        /// The input.
        input: String,
        /// Its sizes; `n` = it varies.
        takes: String,
        /// What comes out of codec and window.
        makes: String,
    },
    /// The codec fills one input.
    #[error(
        "{key}: the guest takes {} inputs ({}), {codec}{} fills exactly one; \
         a guest with several inputs needs the codec postcard and no window",
        names.len(), names.join(", "), if *windowed { " with a window" } else { "" }
    )]
    InputCount {
        /// The key.
        key: String,
        /// The codec.
        codec: &'static str,
        /// Whether there is a window.
        windowed: bool,
        /// The inputs that are no state.
        names: Vec<String>,
    },
    /// An element type that this host does not know.
    #[error("input {input} has the unknown type {dtype}")]
    InputType {
        /// The input.
        input: String,
        /// Its code.
        dtype: u8,
    },
    /// Raw numbers say nothing of their shape.
    #[error(
        "{key}: input {input} takes {takes}: raw numbers leave one size open at most; use json or postcard"
    )]
    Varying {
        /// The key.
        key: String,
        /// The input.
        input: String,
        /// Its sizes.
        takes: String,
    },
    /// The colours are not as many as the model's channels.
    #[error(
        "{key}: the model's input {input} has {channels} channels: gray has one, rgb and bgr have three"
    )]
    Channels {
        /// The key.
        key: String,
        /// The input.
        input: String,
        /// Its channels.
        channels: usize,
    },
    /// There is no size to resize images to.
    #[error(
        "{key}: input {input} takes {takes}, which leaves the size of an image open; resize = \"none\" keeps each image's own"
    )]
    Resize {
        /// The key.
        key: String,
        /// The input.
        input: String,
        /// Its sizes.
        takes: String,
    },
    /// Not every value of a pixel fits the model's type.
    #[error(
        "{key}: the pixels of input {input} are 0 to 255: {words}; choose scale and offset so that all fit"
    )]
    Levels {
        /// The key.
        key: String,
        /// The input.
        input: String,
        /// Which value does not fit.
        words: String,
    },
    /// The window is larger than the input may be.
    #[error("{key}: input {input} would take {bytes} bytes, the model allows {bytes_max}")]
    TooLarge {
        /// The key.
        key: String,
        /// The input.
        input: String,
        /// What it would take.
        bytes: usize,
        /// What it may.
        bytes_max: usize,
    },
    /// Numbers of the preparation do not fit the channels.
    #[error("{key}.{what} (or the model's own) for input {input}: {words}")]
    Scaling {
        /// The key of the table.
        key: String,
        /// `scale`, `offset`, `mean` or `std`.
        what: &'static str,
        /// The input.
        input: String,
        /// What is wrong.
        words: String,
    },
    /// Scaling is written for one input.
    #[error(
        "{key}: scale, offset, mean and std are for guests with one input, this one has {inputs}; remove them"
    )]
    ScalingOfMany {
        /// The key.
        key: String,
        /// How many inputs there are.
        inputs: usize,
    },
    /// A JSON pointer that cannot be read.
    #[error("{key}: {pointer:?} {words}")]
    Pointer {
        /// The key.
        key: String,
        /// The pointer.
        pointer: String,
        /// What is wrong.
        words: String,
    },
    /// No field is named.
    #[error("{key}: no field is named")]
    NoFields {
        /// The key.
        key: String,
    },
    /// Labels and the first output differ in number.
    #[error(
        "{key} (or the model's own): {labels} labels for {elements} elements of output {output}"
    )]
    Labels {
        /// The key.
        key: String,
        /// How many labels.
        labels: usize,
        /// The output.
        output: String,
        /// Its elements.
        elements: usize,
    },
}
