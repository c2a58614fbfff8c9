use std::path::Path;

use firmware_feed::FEED_BYTES_MAX;
use guest_abi::{DType, Manifest, TensorInfo};
use serde::Deserialize;

use crate::{Case, gateway::built, read};

/// Room in flash for what describes the calls.
const DESCRIPTION_BYTES_MAX: usize = 1024;

/// What this suite needs of `models/<name>/model.toml`.
#[derive(Deserialize)]
struct Model {
    file: String,
    format: String,
    inputs: Vec<Stated>,
    outputs: Vec<Stated>,
    golden: Golden,
}

#[derive(Deserialize)]
struct Stated {
    name: String,
    dims: Vec<i32>,
}

#[derive(Deserialize)]
struct Golden {
    inputs: String,
}

#[tokio::test]
async fn int8_networks_give_the_same_bits() {
    let (wasm, manifest) = built("tinynn");
    let mut networks = 0;
    let folder = weir_tests::repository().join("models");
    for entry in folder.read_dir().expect("models") {
        let folder = entry.expect("an entry").path();
        let Ok(text) = std::fs::read_to_string(folder.join("model.toml")) else {
            continue;
        };
        let model: Model = toml::from_str(&text).expect("a model's manifest");
        if model.format != manifest.model_format {
            continue;
        }
        networks += 1;
        println!("{}", folder.display());
        case(&wasm, &manifest, &folder, &model).same_bits().await;
    }
    assert!(networks > 0, "a model of int8 networks ships");
}

/// The model's golden inputs, as many as fit into the chip's flash.
fn case(wasm: &[u8], manifest: &Manifest, folder: &Path, model: &Model) -> Case {
    let bytes = read(&folder.join(&model.file));
    let mut data = read(&folder.join(&model.golden.inputs));
    let [inputs, outputs] =
        [&model.inputs, &model.outputs].map(|stated| stated.iter().map(info).collect::<Vec<_>>());
    let each = usize::try_from(inputs[0].len_max).expect("small");
    let room = FEED_BYTES_MAX - wasm.len() - bytes.len() - DESCRIPTION_BYTES_MAX;
    data.truncate(room.min(data.len()) / each * each);
    assert!(!data.is_empty(), "a golden input fits");
    Case {
        guest: "tinynn",
        wasm: wasm.to_vec(),
        dims: inputs[0]
            .dims
            .iter()
            .map(|dim| dim.cast_unsigned())
            .collect(),
        manifest: Manifest {
            inputs,
            outputs,
            ..manifest.clone()
        },
        model: Some(bytes),
        data,
    }
}

fn info(stated: &Stated) -> TensorInfo {
    let elements: i32 = stated.dims.iter().product();
    TensorInfo {
        name: stated.name.clone(),
        dtype: DType::F32.code(),
        dims: stated.dims.clone(),
        len_max: elements.cast_unsigned() * 4,
    }
}
