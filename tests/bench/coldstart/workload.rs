use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use guest_abi::DType;
use sha2::{Digest, Sha256};
use weir_engine::{Equipment, GuestCode, GuestModel, Limits, Signature};
use weir_profile::Paths;
use weir_store::{Model, Store};

/// The device profile of all of them.
pub(crate) const PROFILE: &str = "edge-server";

/// A guest and a model.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) key: &'static str,
    pub(crate) guest: &'static str,
    pub(crate) model: &'static str,
    /// The bench makes this model, with Python.
    pub(crate) made: bool,
}

/// From the smallest to the largest.
pub(crate) const PLANS: [Plan; 3] = [
    Plan {
        key: "tinynn + digits-int8",
        guest: "tinynn",
        model: "digits-int8",
        made: false,
    },
    Plan {
        key: "onnx + vibration-bands",
        guest: "onnx",
        model: "vibration-bands",
        made: false,
    },
    Plan {
        key: "onnx + mobilenet-v2-96",
        guest: "onnx",
        model: MOBILENET,
        made: true,
    },
];

const MOBILENET: &str = "mobilenet-v2-96";
const MOBILENET_PIXELS: u32 = 96;

/// A guest and a model that are here, with an input.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) plan: &'static Plan,
    pub(crate) models: PathBuf,
    pub(crate) code: GuestCode,
    pub(crate) model: Model,
    pub(crate) signature: Arc<Signature>,
    pub(crate) limits: Limits,
    pub(crate) dims: Vec<u32>,
    /// The input's bytes; also what a sensor sends.
    pub(crate) input: Vec<u8>,
}

impl Plan {
    pub(crate) fn read(&'static self) -> Result<Workload> {
        let models = if self.made {
            made_models()?
        } else {
            weir_tests::repository().join("models")
        };
        let loaded = weir_profile::parse("").map_err(|findings| anyhow!("{findings:?}"))?;
        let mut profiles = loaded.settings.profiles.values();
        let profile = profiles.find(|profile| profile.name.as_str() == PROFILE);
        let profile = profile.with_context(|| format!("no profile {PROFILE}"))?;
        let store = Store::new(&Paths {
            guests: vec![weir_tests::guests()?],
            models: vec![models.clone()],
            profiles: Vec::new(),
            compiled: Vec::new(),
            cache: PathBuf::new(),
        });
        let code = store.guest(&self.guest.parse()?, profile)?;
        let model = store.model(&self.model.parse()?, profile)?;
        weir_store::fits(&code, Some(&model))?;
        let signature = weir_store::signature(&code, Some(&model))?;
        let input = model.inputs.first().context("a model has an input")?;
        let dims = input.info.dims.iter().copied().map(u32::try_from);
        let dims: Vec<u32> = dims.collect::<Result<_, _>>()?;
        let elements: u32 = dims.iter().product();
        Ok(Workload {
            plan: self,
            models,
            code,
            signature: Arc::new(signature),
            limits: Limits {
                call_deadline: Duration::from_secs(60),
                load_deadline: Duration::from_secs(300),
                fuel_max: None,
                ..profile.limits.clone()
            },
            dims,
            input: values(elements),
            model,
        })
    }
}

impl Workload {
    pub(crate) fn equipment(&self) -> Equipment {
        Equipment {
            model: Some(GuestModel {
                sha256: self.model.sha256,
                bytes: Arc::clone(&self.model.bytes),
            }),
            nn: None,
        }
    }

    pub(crate) const fn dtype(&self) -> DType {
        DType::F32
    }
}

/// Numbers between -1 and 1, none of them denormal.
fn values(elements: u32) -> Vec<u8> {
    let value = |at: u32| f32::from(u16::try_from(at % 251).unwrap_or(0)) / 125.0 - 1.0;
    (0..elements)
        .flat_map(|at| value(at).to_le_bytes())
        .collect()
}

/// The folder of the model that the bench makes, as a store has it.
fn made_models() -> Result<PathBuf> {
    let network = weir_tests::bench::network("mobilenet-v2", MOBILENET_PIXELS)?;
    let models = weir_tests::target_folder()?.join("bench/models");
    let folder = models.join(MOBILENET);
    fs::create_dir_all(&folder)?;
    fs::copy(&network, folder.join("model.onnx"))?;
    fs::write(folder.join("model.toml"), card(&network)?)?;
    Ok(models)
}

fn card(network: &Path) -> Result<String> {
    let digest = Sha256::digest(fs::read(network)?);
    let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!(
        "name = \"{MOBILENET}\"\nversion = \"1.0.0\"\nlicense = \"Apache-2.0\"\nfile = \"model.onnx\"\n\
         format = \"onnx\"\nsha256 = \"{sha256}\"\n\n[[inputs]]\nname = \"image\"\ndtype = \"f32\"\n\
         dims = [1, 3, {MOBILENET_PIXELS}, {MOBILENET_PIXELS}]\nlayout = \"channels-first\"\n\n[[outputs]]\n\
         name = \"class\"\ndtype = \"f32\"\ndims = [1, 1000]\nmeaning = \"logits\"\n"
    ))
}
