//! A guest, driven as a node drives it.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use guest_abi::{DType, MANIFEST_SECTION, Manifest, TensorInfo};
use sha2::{Digest, Sha256};
use wasmparser::{Parser, Payload};
use weir_engine::{
    Engine, Equipment, Guest, GuestCode, GuestModel, GuestOrigin, Limits, NnProvider, Signature,
    Tensor, TensorRef,
};

use super::{Runner, Turn, floats, repeat};
use crate::clock::Marks;

/// A guest with its model and one input.
pub(crate) struct GuestRunner {
    guest: Guest,
    dims: Vec<u32>,
    dtype: DType,
    input: Arc<[u8]>,
    marks: Option<Marks>,
    outputs: Vec<Tensor>,
}

/// What is needed on the thread that computes.
pub(crate) struct Plan {
    pub(crate) engine: Box<dyn Engine>,
    /// The name of its file.
    pub(crate) guest: &'static str,
    pub(crate) model: Vec<u8>,
    pub(crate) nn: Option<Arc<dyn NnProvider>>,
    pub(crate) inputs: Vec<TensorInfo>,
    pub(crate) outputs: Vec<TensorInfo>,
    pub(crate) dims: Vec<u32>,
    pub(crate) dtype: DType,
    pub(crate) input: Arc<[u8]>,
    /// Where the parts of an inference are told.
    pub(crate) marks: Option<Marks>,
}

impl Plan {
    pub(crate) fn open(self) -> Result<GuestRunner> {
        let limits = limits(self.engine.enforces().simd);
        let code = code(self.guest)?;
        let signature = Signature::new(self.inputs, self.outputs, Vec::new());
        let signature = Arc::new(signature.context("the graph's tensors do not fit together")?);
        let equipment = Equipment {
            model: Some(GuestModel {
                sha256: Sha256::digest(&self.model).into(),
                bytes: self.model.into(),
            }),
            nn: self.nn,
        };
        let module = self.engine.load(&code, &equipment, &limits)?;
        let model = equipment.model.as_ref().map(|model| model.bytes.as_ref());
        Ok(GuestRunner {
            guest: Guest::open(module.as_ref(), signature, model, &limits)?,
            dims: self.dims,
            dtype: self.dtype,
            input: self.input,
            marks: self.marks,
            outputs: Vec::new(),
        })
    }
}

impl Runner for GuestRunner {
    fn turn(&mut self, turn: Duration) -> Result<Turn> {
        let mut parts = Vec::new();
        let calls_ms = repeat(turn, || {
            let input = TensorRef {
                dtype: self.dtype,
                dims: &self.dims,
                data: &self.input,
            };
            let began = Instant::now();
            self.guest.predict(&[input], None, &mut self.outputs)?;
            if let Some(marks) = &self.marks {
                parts.extend(marks.parts(began, Instant::now()));
            }
            Ok(())
        })?;
        let output = self.outputs.first().context("no output")?;
        Ok(Turn {
            calls_ms,
            parts,
            output: floats(&output.data),
        })
    }
}

fn limits(simd: bool) -> Limits {
    const MIB: u64 = 1024 * 1024;
    let tensor_bytes_max = 16 * 1024 * 1024;
    Limits {
        memory_bytes_max: 1024 * MIB,
        table_elements_max: 100_000,
        stack_bytes_max: 4 * 1024 * 1024,
        call_deadline: Duration::from_secs(60),
        load_deadline: Duration::from_secs(300),
        fuel_max: None,
        output_bytes_max: tensor_bytes_max,
        input_bytes_max: tensor_bytes_max,
        model_bytes_max: 4 * tensor_bytes_max,
        simd,
    }
}

fn code(name: &str) -> Result<GuestCode> {
    let path = weir_tests::guests()?.join(format!("{name}.wasm"));
    let wasm = std::fs::read(&path)
        .with_context(|| format!("{} is missing: run cargo xtask guests", path.display()))?;
    Ok(GuestCode {
        name: name.to_owned(),
        sha256: Sha256::digest(&wasm).into(),
        manifest: Arc::new(manifest(&wasm, &path)?),
        wasm: wasm.into(),
        origin: GuestOrigin::File(path),
    })
}

fn manifest(wasm: &[u8], path: &Path) -> Result<Manifest> {
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CustomSection(section) = payload?
            && section.name() == MANIFEST_SECTION
        {
            return Ok(Manifest::decode(section.data())?);
        }
    }
    anyhow::bail!("{} carries no manifest", path.display())
}
