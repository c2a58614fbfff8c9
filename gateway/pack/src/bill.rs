//! What a network costs on a chip: the memory of the guest that runs it, against what device profiles allow.

use int8_network::Network;

/// WebAssembly memory grows by whole pages.
const PAGE_BYTES: u64 = 65_536;
/// Bytes of a tensor's record in the table that host and guest share.
const DESCRIPTOR_BYTES: u64 = 48;
/// What the allocator adds to each of the buffers, and rounding, generously.
const OVERHEAD_BYTES: u64 = 1_024;

/// What the guest `tinynn` needs beside a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestCosts {
    /// The stack that it is linked with.
    pub stack_bytes: u64,
    /// Its constants and variables, all below the first byte of its heap.
    pub data_bytes: u64,
    /// The memory that it grows to at most.
    pub memory_bytes_max: u64,
}

/// The limits of one device profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipLimits {
    /// Its name.
    pub profile: String,
    /// Of the guest's memory.
    pub memory_bytes_max: u64,
    /// Of a model.
    pub model_bytes_max: u64,
    /// Of all inputs of a call.
    pub input_bytes_max: u64,
    /// Of all outputs of a call.
    pub output_bytes_max: u64,
}

/// Where the guest's memory goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Bill {
    /// The guest's stack.
    pub stack_bytes: u64,
    /// The guest's constants and variables.
    pub data_bytes: u64,
    /// The model's file, which weights are read from.
    pub model_bytes: u64,
    /// Activations.
    pub activation_bytes: u64,
    /// What kernels work in.
    pub scratch_bytes: u64,
    /// The input, as `f32`.
    pub input_bytes: u64,
    /// The output, as `f32`.
    pub output_bytes: u64,
    /// All of it, in whole pages.
    pub memory_bytes: u64,
}

/// Whether a network fits a device profile.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verdict {
    /// The profile.
    pub profile: String,
    /// What it allows of guest memory.
    pub memory_bytes_max: u64,
    /// Why it does not fit; empty where it does.
    pub why_not: Vec<String>,
}

impl GuestCosts {
    /// As `guests/tinynn/build.rs` links it; data measured on the built guest, rounded up.
    pub const TINYNN: Self = Self {
        stack_bytes: 8_192,
        data_bytes: 4_096,
        memory_bytes_max: 131_072,
    };
}

impl Bill {
    /// Adds it up.
    #[must_use]
    pub fn of(network: &Network<'_>, file_bytes: usize, guest: GuestCosts) -> Self {
        let count = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        let header = network.header();
        let floats = |elements: Option<u64>| elements.unwrap_or(u64::MAX).saturating_mul(4);
        let mut bill = Self {
            stack_bytes: guest.stack_bytes,
            data_bytes: guest.data_bytes,
            model_bytes: count(file_bytes),
            activation_bytes: count(network.activation_bytes()),
            scratch_bytes: count(network.scratch_words()).saturating_mul(8),
            input_bytes: floats(header.input.dims.elements()),
            output_bytes: floats(header.output.dims.elements()),
            memory_bytes: 0,
        };
        let parts = [
            bill.stack_bytes,
            bill.data_bytes,
            bill.model_bytes,
            bill.activation_bytes,
            bill.scratch_bytes,
            bill.input_bytes,
            bill.output_bytes,
            2 * DESCRIPTOR_BYTES,
            OVERHEAD_BYTES,
        ];
        let sum = parts.into_iter().fold(0, u64::saturating_add);
        bill.memory_bytes = sum.div_ceil(PAGE_BYTES).saturating_mul(PAGE_BYTES);
        bill
    }

    /// Compares it with what a device profile allows, and with what the guest grows to.
    #[must_use]
    pub fn against(&self, chip: &ChipLimits, guest: GuestCosts) -> Verdict {
        let rows = [
            ("guest memory", self.memory_bytes, chip.memory_bytes_max),
            (
                "guest memory of tinynn",
                self.memory_bytes,
                guest.memory_bytes_max,
            ),
            ("the model", self.model_bytes, chip.model_bytes_max),
            ("the input", self.input_bytes, chip.input_bytes_max),
            ("the output", self.output_bytes, chip.output_bytes_max),
        ];
        let over = rows
            .into_iter()
            .filter(|(_, needed, allowed)| needed > allowed);
        let words = over.map(|(what, needed, allowed)| {
            format!("{what} takes {needed} bytes, {allowed} are allowed")
        });
        Verdict {
            profile: chip.profile.clone(),
            memory_bytes_max: chip.memory_bytes_max,
            why_not: words.collect(),
        }
    }
}

impl Verdict {
    /// Whether it fits.
    #[must_use]
    pub const fn fits(&self) -> bool {
        self.why_not.is_empty()
    }
}
