//! The chip itself: the guests that ship, run by the firmware of `guests/firmware` on an emulated Cortex-M4F with
//! 256 KiB of RAM, give the same bits as they do under the gateway's engines.
#![expect(
    clippy::print_stdout,
    reason = "the figures are part of what the test finds out"
)]

mod anomaly;
mod chip;
mod gateway;
mod hostile;
mod report;
mod tinynn;

use std::path::Path;

use firmware_feed::Calls;
use guest_abi::{DType, Manifest, TensorInfo};
use weir_engine::Tensor;

use crate::{chip::Chip, gateway::Gateway};

/// As `fuel_max` and `guest_memory_kib_max` of the device profile cortex-m4-256k.
const FUEL_MAX: u64 = 20_000_000;
const MEMORY_BYTES_MAX: u64 = 256 * 1024;

/// A guest, its model and the calls of one device, each with inputs of the same sizes.
struct Case {
    guest: &'static str,
    wasm: Vec<u8>,
    manifest: Manifest,
    model: Option<Vec<u8>>,
    /// The sizes of the one input that is no state.
    dims: Vec<u32>,
    /// Its elements, call after call.
    data: Vec<u8>,
}

impl Case {
    /// Runs it everywhere and compares each output of each call, bit for bit; gives what the gateway's engine said.
    async fn same_bits(&self) -> Vec<Vec<Tensor>> {
        let [one, other] = Gateway::each().map(|gateway| gateway.run(self));
        assert_eq!(one.calls, other.calls, "the gateway's engines agree");
        let chip = Chip::installed().run(self, one.memory_bytes).await;
        assert_eq!(chip.calls.len(), one.calls.len(), "calls that were made");
        for (at, (chip, gateway)) in chip.calls.iter().zip(&one.calls).enumerate() {
            assert!(!gateway.is_empty(), "call {at} has outputs");
            for wanted in gateway {
                let found = chip.iter().find(|tensor| tensor.name == wanted.name);
                assert_eq!(found, Some(wanted), "{}, call {at}", self.guest);
            }
        }
        println!(
            "{}: {} calls, {}",
            self.guest,
            chip.calls.len(),
            chip.figures
        );
        chip.figures.fit();
        one.calls
    }

    /// What the chip is to do: the manifest's tensors, with the sizes of these calls.
    fn calls(&self) -> Vec<u8> {
        let mut inputs = self.manifest.inputs.clone();
        let given = inputs.iter_mut().find(|info| !self.is_state(info));
        let sizes = self
            .dims
            .iter()
            .map(|dim| i32::try_from(*dim).expect("small"));
        given.expect("an input").dims = sizes.collect();
        let calls = Calls {
            inputs,
            outputs: self.manifest.outputs.clone(),
            state: self.manifest.state.clone(),
            data: &self.data,
        };
        calls.encode()
    }

    fn is_state(&self, info: &TensorInfo) -> bool {
        self.manifest
            .state
            .iter()
            .any(|pair| pair.input == info.name)
    }

    /// The data of each call.
    fn each(&self) -> impl Iterator<Item = &[u8]> {
        let elements: u32 = self.dims.iter().product();
        let bytes = usize::try_from(elements).expect("small") * DType::F32.bytes();
        assert!(self.data.len().is_multiple_of(bytes), "whole calls");
        self.data.chunks_exact(bytes)
    }
}

/// A file that this suite needs, or the end of it, in one line that says what to run.
fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| {
        panic!(
            "{} is missing ({error}): run `cargo xtask test firmware`, which builds it",
            path.display()
        )
    })
}
