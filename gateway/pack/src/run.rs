//! An int8 network run on this machine, by the arithmetic of the guest: identical bits.

use int8_network::{Fault, Memory, Network, Operator};

/// Bytes of a packed network that are read.
pub const INT8_BYTES_MAX: usize = 64 << 20;
/// Bytes that an inference may work in.
const WORK_BYTES_MAX: usize = 256 << 20;

/// A packed network with its memory.
#[derive(Debug)]
pub struct Runner<'m> {
    network: Network<'m>,
    activations: Vec<i8>,
    scratch: Vec<i64>,
    outputs: usize,
}

/// Why a packed network cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The file is no int8 network, or not a sound one.
    #[error("the file is no sound int8 network")]
    Network(#[source] Fault),
    /// It asks for too much.
    #[error("the network works in {bytes} bytes, {bytes_max} are given at most")]
    Memory {
        /// What it asks for.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// The sample is of another size.
    #[error("the input does not have the sizes of the network's")]
    Input,
}

impl<'m> Runner<'m> {
    /// Checks the file and reserves memory.
    ///
    /// # Errors
    /// Fails where the file is not sound, or asks for too much memory.
    pub fn open(file: &'m [u8]) -> Result<Self, RunError> {
        let network = Network::read(file).map_err(RunError::Network)?;
        let bytes = network.memory_bytes();
        let outputs = network.header().output.dims.elements();
        let outputs = outputs.and_then(|elements| usize::try_from(elements).ok());
        let outputs = outputs.unwrap_or(usize::MAX);
        if bytes > WORK_BYTES_MAX || outputs > WORK_BYTES_MAX {
            return Err(RunError::Memory {
                bytes: bytes.max(outputs),
                bytes_max: WORK_BYTES_MAX,
            });
        }
        Ok(Self {
            activations: vec![0; network.activation_bytes()],
            scratch: vec![0; network.scratch_words()],
            network,
            outputs,
        })
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> &Network<'m> {
        &self.network
    }

    /// One inference.
    ///
    /// # Errors
    /// Fails where the input has another size.
    pub fn run(&mut self, input: &[f32]) -> Result<Vec<f32>, RunError> {
        let mut output = vec![0.0; self.outputs];
        let mut memory = Memory {
            activations: &mut self.activations,
            scratch: &mut self.scratch,
        };
        self.network
            .run(&mut memory, input, &mut output)
            .map_err(|_| RunError::Input)?;
        Ok(output)
    }
}

/// Whether a file begins as int8 networks do.
#[must_use]
pub fn is_int8(file: &[u8]) -> bool {
    file.starts_with(&int8_network::MAGIC)
}

/// An operator in words.
pub(crate) const fn words(operator: &Operator) -> &'static str {
    match operator {
        Operator::Dense(_) => "dense",
        Operator::Convolution(..) => "convolution",
        Operator::Depthwise(..) => "depthwise",
        Operator::MaxPool(..) => "max pool",
        Operator::AveragePool(..) => "average pool",
        Operator::Mean(..) => "mean",
        Operator::Reshape(_) => "reshape",
    }
}
