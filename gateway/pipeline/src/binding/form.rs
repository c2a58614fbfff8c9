use weir_profile::{Codec, Pipeline, Window};

use super::{BindError, Dim, Frame, Laid, Layout, fit, lay};

/// What a message brings for an input.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// Samples of so many channels, for a window of this shape.
    Window {
        /// Values of a sample.
        channels: usize,
        /// The window as the model takes it.
        laid: Laid,
    },
    /// One or more samples, each channel from a field of its own; they fill the input at once.
    Fields {
        /// Values of a sample.
        channels: usize,
    },
    /// The whole input.
    Whole {
        /// The axis of its channels.
        axis: usize,
    },
}

/// Why values do not make an input.
pub(super) enum Mismatch {
    Fields {
        fields: usize,
    },
    Window {
        channels: Option<usize>,
        size: usize,
    },
    Varying,
}

impl Form {
    /// The form that a codec gives an input of these sizes.
    pub(super) fn new(
        codec: &Codec,
        window: Option<Window>,
        dims: &[Dim],
        layout: Option<Layout>,
    ) -> Result<Self, Mismatch> {
        let fields = match codec {
            Codec::Json { fields, .. } | Codec::Cbor { fields, .. } => Some(fields.len()),
            Codec::Image(_) => {
                let frame = Frame::new(dims, layout);
                let axis = frame.map_or(dims.len(), |frame| frame.channel_axis);
                return Ok(Self::Whole { axis });
            }
            Codec::Raw { .. } | Codec::Postcard => None,
        };
        if let Some(window) = window {
            let size = usize::try_from(window.size.get()).unwrap_or(usize::MAX);
            return Self::window(fields.filter(|fields| *fields > 1), size, dims, layout);
        }
        match fields {
            Some(fields) if fields != 1 => Self::fields(fields, dims, layout),
            Some(_) => Ok(Self::whole(dims, layout)),
            None => {
                let start = usize::from(fit::has_batch(dims));
                let varying = dims[start..].iter().filter(|dim| dim.is_none()).count();
                let raw = matches!(codec, Codec::Raw { .. });
                if raw && varying > 1 {
                    return Err(Mismatch::Varying);
                }
                Ok(Self::whole(dims, layout))
            }
        }
    }

    fn window(
        fields: Option<usize>,
        size: usize,
        dims: &[Dim],
        layout: Option<Layout>,
    ) -> Result<Self, Mismatch> {
        let candidates = match (fields, fit::fixed_elements(dims)) {
            (Some(fields), _) => vec![fields],
            (None, Some(elements)) if elements.is_multiple_of(size) => vec![elements / size],
            (None, Some(_)) => Vec::new(),
            (None, None) => {
                let fixed = dims.iter().flatten();
                fixed
                    .map(|dim| usize::try_from(*dim).unwrap_or(usize::MAX))
                    .chain([1])
                    .collect()
            }
        };
        let mut candidates = candidates.into_iter().filter(|channels| *channels > 0);
        candidates
            .find_map(|channels| {
                let laid = lay(dims, layout, channels, size)?;
                Some(Self::Window { channels, laid })
            })
            .ok_or(Mismatch::Window {
                channels: fields,
                size,
            })
    }

    fn fields(fields: usize, dims: &[Dim], layout: Option<Layout>) -> Result<Self, Mismatch> {
        let fits = match fit::fixed_elements(dims) {
            Some(elements) => {
                fields > 0
                    && elements.is_multiple_of(fields)
                    && lay(dims, layout, fields, elements / fields).is_some()
            }
            None => [1, 2]
                .into_iter()
                .any(|samples| lay(dims, layout, fields, samples).is_some()),
        };
        if fits {
            Ok(Self::Fields { channels: fields })
        } else {
            Err(Mismatch::Fields { fields })
        }
    }

    fn whole(dims: &[Dim], layout: Option<Layout>) -> Self {
        let first = usize::from(fit::has_batch(dims));
        let axis = match layout {
            Some(Layout::ChannelsLast) => dims.len().saturating_sub(1),
            Some(Layout::ChannelsFirst) | None => first,
        };
        Self::Whole { axis }
    }
}

impl Mismatch {
    pub(super) fn error(
        self,
        pipeline: &Pipeline,
        input: &str,
        dims: &[Dim],
        layout: Option<Layout>,
    ) -> BindError {
        let key = |key: &str| format!("pipeline.{}.{key}", pipeline.name);
        let made = |channels: &str, samples: &str| match layout {
            Some(Layout::ChannelsLast) => format!("1×{samples}×{channels}"),
            Some(Layout::ChannelsFirst) | None => format!("1×{channels}×{samples}"),
        };
        let (key, made) = match self {
            Self::Varying => {
                return BindError::Varying {
                    key: key("decode.codec"),
                    input: input.to_owned(),
                    takes: fit::words(dims),
                };
            }
            Self::Fields { fields } => (key("decode.fields"), made(&fields.to_string(), "n")),
            Self::Window { channels, size } => {
                let fits =
                    channels.is_none_or(|channels| fits_another_size(dims, layout, channels));
                let culprit = if fits { "window.size" } else { "decode.fields" };
                let channels = channels.map_or_else(|| "n".to_owned(), |count| count.to_string());
                (key(culprit), made(&channels, &size.to_string()))
            }
        };
        BindError::Shape {
            key,
            input: input.to_owned(),
            takes: fit::words(dims),
            makes: made,
        }
    }
}

/// Whether the channels are right and only the window's size is not.
fn fits_another_size(dims: &[Dim], layout: Option<Layout>, channels: usize) -> bool {
    fit::fixed_elements(dims).is_some_and(|elements| {
        channels > 0
            && elements.is_multiple_of(channels)
            && lay(dims, layout, channels, elements / channels).is_some()
    })
}
