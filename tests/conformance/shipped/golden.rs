use std::{path::Path, sync::Arc};

use guest_abi::{DType, TensorInfo};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use weir_engine::{
    Engine, Equipment, Guest, GuestCode, GuestModel, Limits, Signature, Start, TensorRef,
};

use super::{read, root};
use crate::bench::{floats, open_with, tensor};

/// What this suite needs of `models/<name>/model.toml`.
#[derive(Deserialize)]
struct ModelManifest {
    file: String,
    inputs: Vec<Stated>,
    outputs: Vec<Stated>,
    golden: Golden,
}

#[derive(Deserialize)]
struct Stated {
    name: String,
    dtype: String,
    dims: Vec<i32>,
}

#[derive(Deserialize)]
struct Golden {
    count: usize,
    inputs: String,
    outputs: String,
    tolerance: f32,
}

/// A model, what it takes and gives, and what of both was recorded.
pub(super) struct Recorded {
    name: String,
    bytes: Vec<u8>,
    signature: Arc<Signature>,
    inputs: Vec<Vec<u8>>,
    outputs: Vec<Vec<u8>>,
    tolerance: f32,
}

impl Recorded {
    /// A model that ships.
    pub(super) fn of(model: &str) -> Self {
        let folder = root().join("models").join(model);
        let stated = manifest(&folder);
        let signature = Signature::new(infos(&stated.inputs), infos(&stated.outputs), Vec::new());
        let cases = |file: &str| {
            let bytes = read(&folder.join(file));
            let size = bytes.len() / stated.golden.count;
            bytes.chunks_exact(size).map(<[u8]>::to_vec).collect()
        };
        Self {
            name: model.to_owned(),
            bytes: read(&folder.join(&stated.file)),
            signature: Arc::new(signature.expect("a sound manifest")),
            inputs: cases(&stated.golden.inputs),
            outputs: cases(&stated.golden.outputs),
            tolerance: stated.golden.tolerance,
        }
    }

    /// Opened where the engine does not know the model beforehand.
    pub(super) fn opened(&self, engine: &dyn Engine, code: &GuestCode, limits: &Limits) -> Guest {
        let signature = Arc::clone(&self.signature);
        let opened = open_with(engine, code, signature, Some(&self.bytes), limits);
        opened.expect("it opens")
    }

    /// Opened where the engine may have the model loaded beforehand, and whether it had.
    pub(super) fn opened_with_it(
        &self,
        engine: &dyn Engine,
        code: &GuestCode,
        limits: &Limits,
    ) -> Guest {
        let model = GuestModel {
            sha256: Sha256::digest(&self.bytes).into(),
            bytes: self.bytes.clone().into(),
        };
        let equipment = Equipment {
            model: Some(model),
            nn: None,
        };
        let module = engine.load(code, &equipment, limits).expect("it loads");
        assert_eq!(module.start(), Start::Snapshot, "{:?}", module.why_cold());
        let signature = Arc::clone(&self.signature);
        let guest = Guest::open(module.as_ref(), signature, Some(&self.bytes), limits);
        guest.expect("it opens")
    }

    /// The guest's answers to the first recorded inputs.
    pub(super) fn answers(&self, guest: &mut Guest, count_max: usize) -> Vec<Vec<f32>> {
        let dims = dims(&self.signature.inputs()[0]);
        let mut outputs = Vec::new();
        let answer = |data: &Vec<u8>| {
            let input = TensorRef {
                dtype: DType::F32,
                dims: &dims,
                data,
            };
            let answered = guest.predict(&[input], None, &mut outputs);
            answered.expect("it answers");
            floats(&outputs[0])
        };
        self.inputs.iter().take(count_max).map(answer).collect()
    }
}

/// The first `count_max` golden inputs of a model give its golden outputs, each element within the stated tolerance.
pub(super) fn answers_as_recorded(
    engine: &dyn Engine,
    code: &GuestCode,
    model: &str,
    limits: &Limits,
    count_max: usize,
) {
    let recorded = Recorded::of(model);
    let found = recorded.answers(&mut recorded.opened(engine, code, limits), count_max);
    assert!(!found.is_empty(), "{model} has golden inputs");
    for (at, (found, wanted)) in found.iter().zip(&recorded.outputs).enumerate() {
        let (wanted, _) = wanted.as_chunks::<4>();
        assert_eq!(found.len(), wanted.len(), "{}, case {at}", recorded.name);
        for (found, wanted) in found.iter().zip(wanted) {
            let wanted = f32::from_le_bytes(*wanted);
            let off = (found - wanted).abs();
            assert!(
                off <= recorded.tolerance,
                "{model}, case {at}: {found} instead of {wanted}"
            );
        }
    }
}

/// A guest that begins with the model loaded gives the bits that it gives when it loads the model itself; so does a
/// second instance, after the first was used.
pub(super) fn begins_with_its_model(
    engine: &dyn Engine,
    code: &GuestCode,
    model: &str,
    limits: &Limits,
) {
    let recorded = Recorded::of(model);
    let bits = |guest: &mut Guest| -> Vec<Vec<u32>> {
        let answers = recorded.answers(guest, 8).into_iter();
        let bits = |answer: Vec<f32>| answer.into_iter().map(f32::to_bits).collect();
        answers.map(bits).collect()
    };
    let cold = bits(&mut recorded.opened(engine, code, limits));
    for _ in 0..2 {
        let mut guest = recorded.opened_with_it(engine, code, limits);
        assert_eq!(bits(&mut guest), cold, "{model}");
    }
}

fn manifest(folder: &Path) -> ModelManifest {
    let path = folder.join("model.toml");
    let text = String::from_utf8(read(&path)).expect("UTF-8");
    toml::from_str(&text).expect("a model manifest")
}

fn infos(stated: &[Stated]) -> Vec<TensorInfo> {
    let info = |stated: &Stated| {
        let dtype = DType::from_name(&stated.dtype).expect("a known type");
        let elements: i32 = stated.dims.iter().product();
        let len_max = u32::try_from(elements).expect("fixed sizes") * 4;
        tensor(&stated.name, dtype, &stated.dims, len_max)
    };
    stated.iter().map(info).collect()
}

fn dims(info: &TensorInfo) -> Vec<u32> {
    let dim = |dim: &i32| u32::try_from(*dim).expect("fixed sizes");
    info.dims.iter().map(dim).collect()
}
