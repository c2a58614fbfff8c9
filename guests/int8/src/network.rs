use crate::{Dims, Fault, Finish, Header, Place, Step, Steps, sections::BLOCK, steps::Work};

/// The greatest number of layers of a file.
pub const LAYERS_MAX: u16 = 256;
/// The greatest number of terms of a sum: that many products of two bytes fit 32 bits.
pub const TAPS_MAX: u32 = (1 << 17) - 1;

/// A network that was checked. Its weights stay in the file.
#[derive(Debug, Clone)]
pub struct Network<'m> {
    pub(crate) header: Header,
    pub(crate) steps: Steps<'m>,
    output: Place,
    room_bytes: usize,
    scratch_words: usize,
    multiplications: u64,
}

/// The memory of an inference. What it holds before does not matter.
#[derive(Debug)]
pub struct Memory<'a> {
    /// At least [`Network::activation_bytes`].
    pub activations: &'a mut [i8],
    /// At least [`Network::scratch_words`].
    pub scratch: &'a mut [i64],
}

impl<'m> Network<'m> {
    /// Checks a file.
    ///
    /// # Errors
    /// Fails where anything in it is not as `FORMAT.md` says.
    pub fn read(file: &'m [u8]) -> Result<Self, Fault> {
        let (header, steps) = Steps::open(file)?;
        let (input, output) = (&header.input, &header.output);
        if !input.quantisation.is_sound() || !output.quantisation.is_sound() {
            return Err(Fault::Scale);
        }
        agrees(&input.dims, steps.place(), "input")?;
        let mut walk = steps.clone();
        let mut room_bytes = 0;
        let mut scratch_words = 0;
        let mut multiplications = 0_u64;
        for step in &mut walk {
            let step = step?;
            room_bytes = room_bytes.max(step.room_bytes());
            scratch_words = scratch_words.max(step.scratch_words());
            multiplications = multiplications.saturating_add(step.multiplications());
        }
        agrees(&output.dims, walk.place(), "output")?;
        if walk.place().zero_point != output.quantisation.zero_point {
            return Err(Fault::Header);
        }
        Ok(Self {
            header,
            output: walk.place(),
            steps,
            room_bytes,
            scratch_words,
            multiplications,
        })
    }

    /// What the file says before its layers.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The layers in order.
    #[must_use]
    pub fn steps(&self) -> Steps<'m> {
        self.steps.clone()
    }

    /// Where the last layer's output lies.
    #[must_use]
    pub const fn output(&self) -> Place {
        self.output
    }

    /// The sizes of the input.
    #[must_use]
    pub fn input_dims(&self) -> &[u32] {
        self.header.input.dims.sizes()
    }

    /// The sizes of the output.
    #[must_use]
    pub fn output_dims(&self) -> &[u32] {
        self.header.output.dims.sizes()
    }

    /// Whether the output is probabilities that the network itself made of its logits.
    #[must_use]
    pub fn has_softmax(&self) -> bool {
        self.header.finish == Finish::Softmax
    }

    /// The bytes of all activations, and of the room for the input of a convolution with its padding.
    #[must_use]
    pub fn activation_bytes(&self) -> usize {
        self.places_bytes().saturating_add(self.room_bytes)
    }

    /// The bytes in which the file places activations.
    pub(crate) fn places_bytes(&self) -> usize {
        usize::try_from(self.header.activation_bytes).unwrap_or(usize::MAX)
    }

    /// The words, 8 bytes each, that the kernels work in.
    #[must_use]
    pub const fn scratch_words(&self) -> usize {
        self.scratch_words
    }

    /// All bytes that an inference works in, beside the file, input and output.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.activation_bytes()
            .saturating_add(self.scratch_words.saturating_mul(size_of::<i64>()))
    }

    /// Multiplications of an inference, those of the requantisation not counted.
    #[must_use]
    pub const fn multiplications(&self) -> u64 {
        self.multiplications
    }
}

impl Step<'_> {
    /// Multiplications of this layer, those of the requantisation not counted.
    #[must_use]
    pub fn multiplications(&self) -> u64 {
        let taps = match &self.work {
            Work::Dense(sums) | Work::Convolution(_, sums) | Work::Depthwise(_, sums) => {
                u64::try_from(sums.taps).unwrap_or(u64::MAX)
            }
            Work::MaxPool(..) | Work::AveragePool(..) | Work::Mean(..) | Work::Reshape => 0,
        };
        self.output.shape.elements().saturating_mul(taps)
    }

    /// The bytes of its input with its padding, where that is copied.
    fn room_bytes(&self) -> usize {
        match &self.work {
            Work::Convolution(window, _) | Work::Depthwise(window, _) => {
                window.padded_bytes(self.input.shape).unwrap_or(0)
            }
            Work::Dense(_)
            | Work::MaxPool(..)
            | Work::AveragePool(..)
            | Work::Mean(..)
            | Work::Reshape => 0,
        }
    }

    /// The words that its kernel works in.
    pub(crate) fn scratch_words(&self) -> usize {
        match &self.work {
            Work::Convolution(_, sums) => sums.taps,
            Work::Depthwise(_, sums) => sums
                .taps
                .saturating_mul(self.output.shape.channels.into())
                .saturating_add(BLOCK - 1),
            Work::AveragePool(..) | Work::Mean(..) => usize::from(self.output.shape.channels),
            Work::Dense(_) | Work::MaxPool(..) | Work::Reshape => 0,
        }
    }
}

fn agrees(dims: &Dims, place: Place, edge: &'static str) -> Result<(), Fault> {
    if dims.elements() == Some(place.shape.elements()) {
        Ok(())
    } else {
        Err(Fault::Elements { edge })
    }
}
