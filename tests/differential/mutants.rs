use std::sync::Arc;

use guest_abi::{DType, MANIFEST_SECTION, Manifest};
use wasmparser::{Parser, Payload};
use weir_engine::{
    Engine, Equipment, Guest, GuestCode, InvokeError, OpenError, Signature, State, Tensor,
    TensorRef, Trap,
};

use crate::{
    engines,
    guest_code::{guest_code, keep, kind},
    mutate,
    tally::Tally,
    threads::Trial,
};

/// Samples that a guest is given, as long as it answers: enough that it scores, then what it has to refuse.
fn samples() -> Vec<[f32; 3]> {
    let usual = |at: u8| {
        let noise = f32::from(at.wrapping_mul(167)) / 256.0;
        [noise, 1.0 - noise * noise, 9.81]
    };
    let odd = [[5.0, -5.0, 0.0], [1e30, 0.0, -0.0], [f32::NAN, 1.0, 1e-40]];
    (0..40).map(usual).chain(odd).collect()
}

/// The guest as it ships.
#[derive(Debug, Clone)]
pub(crate) struct Shipped {
    wasm: Vec<u8>,
    manifest: Manifest,
    signature: Arc<Signature>,
}

/// Drives the same changed guest on every engine, and compares what a node would see.
pub(crate) struct Mutants {
    engines: Vec<Box<dyn Engine>>,
    shipped: Shipped,
    tally: Tally,
}

/// The guest `anomaly`, as `cargo xtask guests` builds it.
pub(crate) fn guest() -> Shipped {
    let folder = weir_tests::guests().expect("the test knows where it is");
    let path = folder.join("anomaly.wasm");
    let wasm = std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{} is missing ({error}): run `cargo xtask test`, which builds the guests first",
            path.display()
        )
    });
    let section = Parser::new(0).parse_all(&wasm).find_map(|payload| {
        let Payload::CustomSection(section) = payload.expect("a sound module") else {
            return None;
        };
        (section.name() == MANIFEST_SECTION).then(|| section.data())
    });
    let manifest = Manifest::decode(section.expect("a manifest")).expect("a sound manifest");
    let (inputs, outputs) = (manifest.inputs.clone(), manifest.outputs.clone());
    let signature = Signature::new(inputs, outputs, manifest.state.clone());
    Shipped {
        signature: Arc::new(signature.expect("a sound signature")),
        manifest,
        wasm,
    }
}

impl Mutants {
    pub(crate) fn new(engines: Vec<Box<dyn Engine>>, shipped: &Shipped) -> Self {
        Self {
            engines,
            shipped: shipped.clone(),
            tally: Tally::default(),
        }
    }

    fn compare(&mut self, code: &GuestCode) -> Result<(), String> {
        let endings: Vec<Vec<String>> = self
            .engines
            .iter()
            .map(|engine| drive(engine.as_ref(), code, &self.shipped.signature))
            .collect();
        let (first, others) = endings.split_first().expect("an engine");
        for (other, engine) in others.iter().zip(self.engines.iter().skip(1)) {
            if first != other {
                let (a, b) = (self.engines[0].kind(), engine.kind());
                return Err(format!("{a} says {first:?}, {b} says {other:?}"));
            }
        }
        for ending in first {
            match ending.strip_prefix(TRAP) {
                Some(trap) => self.tally.trap(trap),
                None => self.tally.returned += 1,
            }
        }
        Ok(())
    }
}

impl Trial for Mutants {
    fn try_seed(&mut self, seed: u64) {
        self.tally.modules += 1;
        let Some(wasm) = mutate::changed(&self.shipped.wasm, seed) else {
            return;
        };
        self.tally.instantiated += 1;
        let manifest = self.shipped.manifest.clone();
        let code = guest_code(&format!("changed-{seed}"), &wasm, manifest);
        if let Err(difference) = self.compare(&code) {
            self.tally.finding(keep(&code, &difference));
        }
    }

    fn tally(self) -> Tally {
        self.tally
    }
}

const TRAP: &str = "trap ";

/// How each step ends: opening, then each sample until one fails.
fn drive(engine: &dyn Engine, code: &GuestCode, signature: &Arc<Signature>) -> Vec<String> {
    let limits = engines::limits();
    let module = match engine.load(code, &Equipment::default(), &limits) {
        Ok(module) => module,
        Err(error) => return vec![format!("not loaded: {error}")],
    };
    let mut guest = match Guest::open(module.as_ref(), Arc::clone(signature), None, &limits) {
        Ok(guest) => guest,
        Err(OpenError::Trap { trap, .. }) => return vec![trapped(&trap)],
        Err(error) => return vec![format!("not opened: {error:?}")],
    };
    let mut endings = vec!["opened".to_owned()];
    let mut state = State::initial(signature);
    for sample in samples() {
        let ending = predict(&mut guest, &mut state, sample);
        endings.push(ending);
        if !guest.usable() {
            break;
        }
    }
    endings
}

fn predict(guest: &mut Guest, state: &mut State, sample: [f32; 3]) -> String {
    let mut outputs: Vec<Tensor> = Vec::new();
    let input = TensorRef {
        dtype: DType::F32,
        dims: &[3],
        data: &sample.map(f32::to_le_bytes).concat(),
    };
    match guest.predict(&[input], Some(state), &mut outputs) {
        Ok(()) => outputs.iter().map(words).collect::<Vec<_>>().join(" "),
        Err(InvokeError::Trap(trap)) => trapped(&trap),
        Err(error) => format!("failed: {error:?}"),
    }
}

fn trapped(trap: &Trap) -> String {
    format!("{TRAP}{}", kind(trap))
}

/// Every bit of an output; a NaN is any NaN, for WebAssembly leaves its bits open.
fn words(tensor: &Tensor) -> String {
    let (elements, rest) = tensor.data.as_chunks::<4>();
    let element = |bits: &[u8; 4]| {
        let value = f32::from_le_bytes(*bits);
        if value.is_nan() {
            "nan".to_owned()
        } else {
            format!("{:08x}", value.to_bits())
        }
    };
    let elements: Vec<String> = elements.iter().map(element).collect();
    format!("{}{:?}{elements:?}{rest:?}", tensor.name, tensor.dims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guest_as_it_is_has_steps_to_spare() {
        let shipped = guest();
        let code = guest_code(
            "anomaly",
            &mutate::ending(&shipped.wasm),
            shipped.manifest.clone(),
        );
        for engine in engines::all() {
            let endings = drive(engine.as_ref(), &code, &shipped.signature);
            let trapped = endings.iter().any(|ending| ending.starts_with(TRAP));
            assert!(!trapped && endings.len() > 1, "{endings:?}");
        }
    }
}
