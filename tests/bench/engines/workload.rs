use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use guest_abi::{DType, Manifest, TensorInfo};
use sha2::{Digest, Sha256};
use weir_engine::{GuestCode, GuestOrigin, Limits, Signature};
use weir_profile::{Paths, Profile};
use weir_store::{Model, Store};

use crate::report::Absent;

/// Inputs that are fed in turn.
const SAMPLES: u16 = 64;

/// A guest with its model and its inputs.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) key: &'static str,
    pub(crate) code: GuestCode,
    pub(crate) model: Option<Model>,
    /// The float model that an int8 one was packed from, or the model itself.
    pub(crate) float_model: Option<PathBuf>,
    pub(crate) quantised: bool,
    pub(crate) signature: Arc<Signature>,
    pub(crate) limits: Limits,
    pub(crate) dims: Vec<u32>,
    /// Inputs, f32; each is one call.
    pub(crate) inputs: Vec<Vec<u8>>,
    /// What the model's card says that comes out of the first of them.
    pub(crate) wanted: Option<Wanted>,
}

/// The golden output of the first input.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) values: Vec<f32>,
    pub(crate) tolerance: f32,
}

struct Plan {
    key: &'static str,
    guest: &'static str,
    model: Option<&'static str>,
    float_model: Option<&'static str>,
    profile: &'static str,
}

const PLANS: [Plan; 4] = [
    Plan {
        key: "anomaly",
        guest: "anomaly",
        model: None,
        float_model: None,
        profile: MICROCONTROLLER,
    },
    Plan {
        key: "tinynn + vibration-int8",
        guest: "tinynn",
        model: Some("vibration-int8"),
        float_model: Some("vibration"),
        profile: MICROCONTROLLER,
    },
    Plan {
        key: "tinynn + digits-int8",
        guest: "tinynn",
        model: Some("digits-int8"),
        float_model: Some("digits"),
        profile: MICROCONTROLLER,
    },
    Plan {
        key: "onnx + vibration",
        guest: "onnx",
        model: Some("vibration"),
        float_model: Some("vibration"),
        profile: "edge-server",
    },
];

const MICROCONTROLLER: &str = "cortex-m4-256k";
const EMPTY: &str = "empty";

/// Every workload whose guest and model are here; of the others, why they are not.
pub(crate) fn all(absent: &mut Vec<Absent>) -> Vec<Workload> {
    let mut workloads = Vec::new();
    let planned = PLANS.iter().map(|plan| (plan.key, plan.read()));
    for (key, read) in std::iter::once((EMPTY, empty())).chain(planned) {
        match read {
            Ok(workload) => workloads.push(workload),
            Err(error) => absent.push(Absent {
                what: key.to_owned(),
                reason: format!("{error:#}"),
            }),
        }
    }
    workloads
}

/// The workload with this name.
pub(crate) fn named(key: &str) -> Result<Workload> {
    if key == EMPTY {
        return empty();
    }
    let plan = PLANS.iter().find(|plan| plan.key == key);
    plan.context("no workload has this name")?.read()
}

impl Plan {
    fn read(&self) -> Result<Workload> {
        let profile = profile(self.profile)?;
        let models = weir_tests::repository().join("models");
        let store = Store::new(&Paths {
            guests: vec![weir_tests::guests()?],
            models: vec![models.clone()],
            profiles: Vec::new(),
            compiled: Vec::new(),
            cache: PathBuf::new(),
        });
        let code = store.guest(&self.guest.parse()?, &profile)?;
        let model = match self.model {
            Some(name) => Some(store.model(&name.parse()?, &profile)?),
            None => None,
        };
        weir_store::fits(&code, model.as_ref())?;
        let signature = weir_store::signature(&code, model.as_ref())?;
        let (dims, inputs, wanted) = match &model {
            Some(model) => golden(model)?,
            None => (vec![3], samples(), None),
        };
        let float_model = self.float_model.map(|name| models.join(name));
        Ok(Workload {
            key: self.key,
            code,
            quantised: self.model != self.float_model,
            float_model: float_model.map(|folder| folder.join("model.onnx")),
            model,
            signature: Arc::new(signature),
            limits: generous(&profile),
            dims,
            inputs,
            wanted,
        })
    }
}

fn profile(name: &str) -> Result<Profile> {
    let loaded = weir_profile::parse("").map_err(|findings| anyhow!("{findings:?}"))?;
    let profiles = loaded.settings.profiles;
    let found = profiles
        .values()
        .find(|profile| profile.name.as_str() == name);
    found.cloned().with_context(|| format!("no profile {name}"))
}

/// The profile's limits, but with time enough for a busy machine, and without fuel, which not every engine meters.
fn generous(profile: &Profile) -> Limits {
    Limits {
        call_deadline: Duration::from_secs(60),
        load_deadline: Duration::from_secs(300),
        fuel_max: None,
        ..profile.limits.clone()
    }
}

type Vectors = (Vec<u32>, Vec<Vec<u8>>, Option<Wanted>);

fn golden(model: &Model) -> Result<Vectors> {
    let golden = model.golden.as_ref().context("it has no golden vectors")?;
    let [input] = model.inputs.as_slice() else {
        return Err(anyhow!("it has {} inputs, not one", model.inputs.len()));
    };
    ensure!(
        input.info.dtype == DType::F32.code(),
        "its input is not f32"
    );
    let dims = input.info.dims.iter().copied().map(u32::try_from);
    let dims: Vec<u32> = dims.collect::<Result<_, _>>()?;
    let count = usize::try_from(golden.count)?;
    let cases = |file: &PathBuf| -> Result<Vec<Vec<u8>>> {
        let bytes = fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
        let one = bytes.len() / count.max(1);
        Ok(bytes.chunks_exact(one.max(1)).map(<[u8]>::to_vec).collect())
    };
    let wanted = cases(&golden.outputs)?;
    let wanted = wanted.first().context("no golden output")?;
    let wanted = Wanted {
        values: floats(wanted),
        tolerance: golden.tolerance,
    };
    Ok((dims, cases(&golden.inputs)?, Some(wanted)))
}

/// A vibration of three axes.
fn samples() -> Vec<Vec<u8>> {
    let sample = |at: u16| {
        let time = f32::from(at) * 0.05;
        [time.sin(), time.cos(), 9.81 + time.sin() * 0.01]
    };
    let bytes = |sample: [f32; 3]| sample.into_iter().flat_map(f32::to_le_bytes).collect();
    (0..SAMPLES).map(sample).map(bytes).collect()
}

/// The elements of a tensor of f32.
pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    let (elements, _) = bytes.as_chunks::<4>();
    elements.iter().copied().map(f32::from_le_bytes).collect()
}

fn empty() -> Result<Workload> {
    let wasm = wat::parse_str(include_str!("empty.wat"))?;
    let tensor = |name: &str| TensorInfo {
        name: name.to_owned(),
        dtype: DType::F32.code(),
        dims: vec![1],
        len_max: 4,
    };
    let (inputs, outputs) = (vec![tensor("x")], vec![tensor("y")]);
    let signature = Signature::new(inputs.clone(), outputs.clone(), Vec::new())?;
    let manifest = Manifest {
        name: EMPTY.to_owned(),
        version: "1.0.0".to_owned(),
        abi: guest_abi::abi_version(),
        model_format: String::new(),
        inputs,
        outputs,
        state: Vec::new(),
        labels: Vec::new(),
        features: Vec::new(),
    };
    Ok(Workload {
        key: EMPTY,
        code: GuestCode {
            name: EMPTY.to_owned(),
            sha256: Sha256::digest(&wasm).into(),
            wasm: wasm.into(),
            manifest: Arc::new(manifest),
            origin: GuestOrigin::Memory,
        },
        model: None,
        float_model: None,
        quantised: false,
        signature: Arc::new(signature),
        limits: generous(&profile(MICROCONTROLLER)?),
        dims: vec![1],
        inputs: vec![1.5_f32.to_le_bytes().to_vec()],
        wanted: None,
    })
}
