use std::{path::Path, sync::Arc};

use guest_abi::{DType, TensorInfo};
use serde::Deserialize;
use weir_engine::{Engine, GuestCode, Limits, Signature, TensorRef};

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

/// The first `count_max` golden inputs of a model give its golden outputs, each element within the stated tolerance.
pub(super) fn answers_as_recorded(
    engine: &dyn Engine,
    code: &GuestCode,
    model: &str,
    limits: &Limits,
    count_max: usize,
) {
    let folder = root().join("models").join(model);
    let stated = manifest(&folder);
    let signature = Signature::new(infos(&stated.inputs), infos(&stated.outputs), Vec::new());
    let signature = Arc::new(signature.expect("a sound manifest"));
    let bytes = read(&folder.join(&stated.file));
    let mut guest =
        open_with(engine, code, Arc::clone(&signature), Some(&bytes), limits).expect("it opens");

    let [input, wanted] =
        [&stated.golden.inputs, &stated.golden.outputs].map(|file| read(&folder.join(file)));
    let dims = dims(&signature.inputs()[0]);
    let input = input.chunks_exact(input.len() / stated.golden.count);
    let wanted = wanted.chunks_exact(wanted.len() / stated.golden.count);
    let mut outputs = Vec::new();
    for (at, (data, wanted)) in input.zip(wanted).take(count_max).enumerate() {
        let input = TensorRef {
            dtype: DType::F32,
            dims: &dims,
            data,
        };
        guest
            .predict(&[input], None, &mut outputs)
            .expect("it answers");
        let found = floats(&outputs[0]);
        let (wanted, _) = wanted.as_chunks::<4>();
        assert_eq!(found.len(), wanted.len(), "{model}, case {at}");
        for (found, wanted) in found.iter().zip(wanted) {
            let wanted = f32::from_le_bytes(*wanted);
            let off = (found - wanted).abs();
            assert!(
                off <= stated.golden.tolerance,
                "{model}, case {at}: {found} instead of {wanted}"
            );
        }
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
