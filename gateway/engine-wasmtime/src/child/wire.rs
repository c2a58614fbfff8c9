//! What gateway and compiler say to each other, over the socket that is the compiler's standard input. The compiled
//! code itself goes to the file that is its standard output.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use weir_engine::Limits;

use super::budget::Budget;
use crate::{
    addresses::Addresses,
    config::Setup,
    make::{Fault, Order, Phase, Task},
};

/// What an order begins with, so that nobody else's bytes are taken for one. The last byte is the version.
const MAGIC: u64 = u64::from_le_bytes(*b"weircmp\x03");
/// The numbers of an order, the magic one included.
const NUMBERS: usize = 21;
/// Bytes of a guest, of a model or of what loads it.
pub(super) const PART_BYTES_MAX: u64 = 1 << 31;
/// Bytes of the words of a fault.
const WORDS_BYTES_MAX: usize = 4096;

/// The first part of an order: numbers only. The compiler limits itself before it reads the rest.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) setup: Setup,
    pub(super) limits: Limits,
    pub(super) nn: bool,
    /// Whether somebody waits for it: else it lets all others go first.
    pub(super) waits: bool,
    pub(super) budget: Budget,
    pub(super) wasm_bytes: u64,
    pub(super) parts: Parts,
}

/// What comes behind the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// Nothing: compile it cold.
    Cold,
    /// Nothing: compile it to load models.
    Loader,
    /// The model and what loads it: so many bytes.
    Snapshot { model: u64, loader: u64 },
}

/// What a compiler says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// How far it is.
    Phase(Phase),
    /// The compiled code is written: so many bytes.
    Done(u64),
    /// There is none.
    Fault(Fault),
}

impl Head {
    pub(super) fn of(order: &Order<'_>, budget: Budget) -> Self {
        Self {
            setup: order.setup,
            limits: order.limits.clone(),
            nn: order.nn,
            waits: order.waits,
            budget,
            wasm_bytes: count(order.wasm.len()),
            parts: match order.task {
                Task::Cold => Parts::Cold,
                Task::Loader => Parts::Loader,
                Task::Snapshot { model, loader } => Parts::Snapshot {
                    model: count(model.len()),
                    loader: count(loader.len()),
                },
            },
        }
    }

    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let Setup {
            simd,
            metered,
            symbols,
            stack_bytes_max,
            addresses,
            table_elements_max,
        } = self.setup;
        let exact = match addresses {
            Addresses::Whole => 0,
            Addresses::Exact { memory_bytes_max } => memory_bytes_max,
        };
        let (task, model_bytes, loader_bytes) = match self.parts {
            Parts::Cold => (0, 0, 0),
            Parts::Loader => (1, 0, 0),
            Parts::Snapshot { model, loader } => (2, model, loader),
        };
        let load_ms = self.limits.load_deadline.as_millis();
        let numbers: [u64; NUMBERS] = [
            MAGIC,
            simd.into(),
            metered.into(),
            symbols.into(),
            count(stack_bytes_max),
            exact,
            count(table_elements_max),
            self.limits.memory_bytes_max,
            self.limits.table_elements_max.into(),
            count(self.limits.model_bytes_max),
            u64::try_from(load_ms).unwrap_or(u64::MAX),
            self.limits.simd.into(),
            self.nn.into(),
            self.waits.into(),
            self.budget.memory_bytes_max,
            self.budget.seconds_max,
            self.budget.file_bytes_max,
            self.wasm_bytes,
            task,
            model_bytes,
            loader_bytes,
        ];
        to.write_all(numbers.map(u64::to_le_bytes).as_flattened())
    }

    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut bytes = [[0; 8]; NUMBERS];
        from.read_exact(bytes.as_flattened_mut())?;
        let [
            magic,
            simd,
            metered,
            symbols,
            stack_bytes_max,
            exact,
            table_elements_max,
            memory_bytes_max,
            limit_elements,
            model_bytes_max,
            load_ms,
            limit_simd,
            nn,
            waits,
            budget_bytes,
            seconds_max,
            file_bytes_max,
            wasm_bytes,
            task,
            model,
            loader,
        ] = bytes.map(u64::from_le_bytes);
        let too_large = [wasm_bytes, model, loader]
            .iter()
            .any(|bytes| *bytes > PART_BYTES_MAX);
        let parts = match task {
            0 => Parts::Cold,
            1 => Parts::Loader,
            2 => Parts::Snapshot { model, loader },
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        if magic != MAGIC || too_large {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let size = |bytes| usize::try_from(bytes).map_err(|_| io::ErrorKind::InvalidData);
        Ok(Self {
            setup: Setup {
                simd: simd != 0,
                metered: metered != 0,
                symbols: symbols != 0,
                stack_bytes_max: size(stack_bytes_max)?,
                addresses: addresses(exact),
                table_elements_max: size(table_elements_max)?,
            },
            limits: Limits {
                memory_bytes_max,
                table_elements_max: u32::try_from(limit_elements).unwrap_or(u32::MAX),
                stack_bytes_max: size(stack_bytes_max)?,
                call_deadline: Duration::ZERO,
                load_deadline: Duration::from_millis(load_ms),
                fuel_max: None,
                output_bytes_max: 0,
                input_bytes_max: 0,
                model_bytes_max: size(model_bytes_max)?,
                simd: limit_simd != 0,
            },
            nn: nn != 0,
            waits: waits != 0,
            budget: Budget {
                memory_bytes_max: budget_bytes,
                seconds_max,
                file_bytes_max,
            },
            wasm_bytes,
            parts,
        })
    }
}

impl Said {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (tag, number, words) = match self {
            Self::Phase(Phase::CompilingToLoad) => (1, 0, ""),
            Self::Phase(Phase::LoadingModel) => (1, 1, ""),
            Self::Phase(Phase::Compiling) => (1, 2, ""),
            Self::Done(bytes) => (2, *bytes, ""),
            Self::Fault(Fault::Unsuited(words)) => (3, 0, words.as_str()),
            Self::Fault(Fault::Load(words)) => (3, 1, words.as_str()),
            Self::Fault(Fault::Compile(words)) => (3, 2, words.as_str()),
            Self::Fault(Fault::Spent(words)) => (3, 3, words.as_str()),
        };
        let words = &words.as_bytes()[..words.len().min(WORDS_BYTES_MAX)];
        let mut frame = Vec::with_capacity(24 + words.len());
        for number in [tag, number, count(words.len())] {
            frame.extend(number.to_le_bytes());
        }
        frame.extend(words);
        to.write_all(&frame)
    }

    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let mut bytes = [[0; 8]; 3];
        from.read_exact(bytes.as_flattened_mut())?;
        let [tag, number, len] = bytes.map(u64::from_le_bytes);
        let len = usize::try_from(len).map_err(|_| invalid())?;
        let mut words = [0; WORDS_BYTES_MAX];
        let words = words.get_mut(..len).ok_or_else(invalid)?;
        from.read_exact(words)?;
        let words = || String::from_utf8_lossy(words).replace(char::is_control, " ");
        Ok(match (tag, number) {
            (1, 0) => Self::Phase(Phase::CompilingToLoad),
            (1, 1) => Self::Phase(Phase::LoadingModel),
            (1, 2) => Self::Phase(Phase::Compiling),
            (2, bytes) => Self::Done(bytes),
            (3, 0) => Self::Fault(Fault::Unsuited(words())),
            (3, 1) => Self::Fault(Fault::Load(words())),
            (3, 2) => Self::Fault(Fault::Compile(words())),
            (3, 3) => Self::Fault(Fault::Spent(words())),
            _ => return Err(invalid()),
        })
    }
}

fn addresses(exact: u64) -> Addresses {
    match exact {
        0 => Addresses::Whole,
        memory_bytes_max => Addresses::Exact { memory_bytes_max },
    }
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
