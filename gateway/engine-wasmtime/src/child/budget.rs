use crate::make::{Order, Task};

/// What one order may cost, the model's loading included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// Writable memory.
    pub(super) memory_bytes_max: u64,
    /// Wall time; processor time is bounded by it and the number of processors.
    pub(super) seconds_max: u64,
    /// Compiled code.
    pub(super) file_bytes_max: u64,
}

/// What compiling may cost, by the size of what is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileCosts {
    /// Writable memory, whatever the guest.
    pub base_bytes: u64,
    /// Writable memory for a byte of guest or model.
    pub bytes_per_byte: u64,
    /// Wall time, whatever the guest.
    pub base_seconds: u64,
    /// Wall time for a MiB of guest or model.
    pub seconds_per_mib: u64,
}

impl Default for CompileCosts {
    /// Generous: several times what the guest `onnx` (15 MB) takes with a MobileNetV2 on a Raspberry Pi. What they keep
    /// out is a guest that is made to be costly.
    fn default() -> Self {
        Self {
            base_bytes: 512 << 20,
            bytes_per_byte: 64,
            base_seconds: 120,
            seconds_per_mib: 60,
        }
    }
}

impl CompileCosts {
    /// Guest memory counts three times: while the guest runs, as it is looked at, and as it is written into the code; what
    /// loads the model twice: as it arrives, and as it runs.
    pub(super) fn budget(&self, order: &Order<'_>) -> Budget {
        let count = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let (model, loader, guest_memory, load_seconds) = match order.task {
            Task::Cold | Task::Loader => (0, 0, 0, 0),
            Task::Snapshot { model, loader } => (
                count(model),
                count(loader),
                order.limits.memory_bytes_max,
                order.limits.load_deadline.as_secs() + 1,
            ),
        };
        let bytes = count(order.wasm).saturating_add(model);
        let code = bytes.saturating_mul(self.bytes_per_byte);
        let memory_bytes_max = guest_memory
            .saturating_mul(3)
            .saturating_add(loader.saturating_mul(2))
            .saturating_add(code)
            .saturating_add(self.base_bytes);
        let mib = bytes >> 20;
        Budget {
            memory_bytes_max,
            seconds_max: mib
                .saturating_mul(self.seconds_per_mib)
                .saturating_add(self.base_seconds)
                .saturating_add(load_seconds),
            file_bytes_max: memory_bytes_max,
        }
    }
}
