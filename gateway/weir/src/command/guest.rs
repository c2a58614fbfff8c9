use std::{fs, io::Write, path::Path, sync::Arc};

use anyhow::{Context, Result};
use guest_abi::TensorInfo;
use weir_engine::{Guest, GuestCode, GuestOrigin, Tensor, TensorRef};
use weir_profile::{GuestName, Profile, Settings};
use weir_store::{Golden, Model, Store};

use crate::{
    cli::{GuestInspectArgs, GuestTestArgs},
    command::{settings, values::values},
    engines::Engines,
    exit::Exit,
    prepare::chain,
};

/// `weir guest inspect`: what a guest is and needs, and which profiles accept it.
pub(crate) fn inspect(args: &GuestInspectArgs) -> Result<Exit> {
    let settings = match settings::load_optional(&args.config) {
        Ok(settings) => settings,
        Err(exit) => return Ok(exit),
    };
    let mut out = std::io::stdout().lock();
    let mut shown = false;
    let mut rows = Vec::new();
    for profile in settings.profiles.values() {
        match admit(&settings, &args.guest, profile) {
            Ok(code) => {
                if !shown {
                    describe(&mut out, &code)?;
                    shown = true;
                }
                rows.push(format!("  {:<16} accepts it", profile.name));
            }
            Err(error) => rows.push(format!("  {:<16} refuses it: {error:#}", profile.name)),
        }
    }
    writeln!(out, "device profiles")?;
    for row in rows {
        writeln!(out, "{row}")?;
    }
    Ok(if shown { Exit::Done } else { Exit::Refused })
}

fn admit(settings: &Settings, guest: &str, profile: &Profile) -> Result<GuestCode> {
    let store = Store::new(&settings.paths);
    if Path::new(guest)
        .extension()
        .is_some_and(|extension| extension == "wasm")
    {
        let name = Path::new(guest).file_stem().and_then(|stem| stem.to_str());
        let name: GuestName = name.context("the file has no name")?.parse()?;
        let file = Path::new(guest);
        let wasm = fs::read(file).with_context(|| format!("failed to read {guest}"))?;
        let origin = GuestOrigin::File(file.to_path_buf());
        return Ok(weir_store::admit(&name, wasm.into(), profile, origin)?);
    }
    Ok(store.guest(&guest.parse()?, profile)?)
}

fn describe(out: &mut impl Write, code: &GuestCode) -> std::io::Result<()> {
    let manifest = &code.manifest;
    writeln!(out, "guest    {}@{}", manifest.name, manifest.version)?;
    writeln!(
        out,
        "abi      {}.{}",
        manifest.abi >> 16,
        manifest.abi & 0xffff
    )?;
    writeln!(out, "code     {} KiB", code.wasm.len().div_ceil(1_024))?;
    let model = if manifest.model_format.is_empty() {
        "none"
    } else {
        &manifest.model_format
    };
    writeln!(out, "model    {model}")?;
    tensors(out, "input", &manifest.inputs)?;
    tensors(out, "output", &manifest.outputs)?;
    for pair in &manifest.state {
        writeln!(
            out,
            "state    output {} becomes input {} of the device's next call",
            pair.output, pair.input
        )?;
    }
    if !manifest.labels.is_empty() {
        writeln!(out, "labels   {}", manifest.labels.join(", "))?;
    }
    if !manifest.features.is_empty() {
        writeln!(out, "features {}", manifest.features.join(", "))?;
    }
    Ok(())
}

fn tensors(out: &mut impl Write, side: &str, tensors: &[TensorInfo]) -> std::io::Result<()> {
    if tensors.is_empty() {
        return writeln!(out, "{side:<8} stated by the model");
    }
    for tensor in tensors {
        let dtype = tensor.dtype().map_or("?", guest_abi::DType::name);
        writeln!(
            out,
            "{side:<8} {} {dtype} {:?}, {} bytes at most",
            tensor.name, tensor.dims, tensor.len_max
        )?;
    }
    Ok(())
}

/// `weir guest test`: golden inputs (or zeros) through every engine that can run the guest.
pub(crate) fn test(args: &GuestTestArgs) -> Result<Exit> {
    let settings = match settings::load_optional(&args.config) {
        Ok(settings) => settings,
        Err(exit) => return Ok(exit),
    };
    let profile = args
        .profile
        .parse()
        .ok()
        .and_then(|name| settings.profiles.get(&name));
    let Some(profile) = profile else {
        let names: Vec<_> = settings
            .profiles
            .keys()
            .map(weir_profile::ProfileName::as_str)
            .collect();
        eprintln!(
            "weir: no profile {:?}; there are: {}",
            args.profile,
            names.join(", ")
        );
        return Ok(Exit::Refused);
    };
    let store = Store::new(&settings.paths);
    let code = match admit(&settings, &args.guest, profile) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("weir: {error:#}");
            return Ok(Exit::Refused);
        }
    };
    let model = args
        .model
        .as_ref()
        .map(|name| Ok::<_, anyhow::Error>(store.model(&name.parse()?, profile)?));
    let model = match model.transpose() {
        Ok(model) => model,
        Err(error) => {
            eprintln!("weir: {error:#}");
            return Ok(Exit::Refused);
        }
    };
    compare(&settings, profile, &code, model.as_ref())
}

fn compare(
    settings: &Settings,
    profile: &Profile,
    code: &GuestCode,
    model: Option<&Model>,
) -> Result<Exit> {
    let engines = Engines::start(&settings.paths.cache)?;
    let mut out = std::io::stdout().lock();
    let mut exit = Exit::Done;
    let golden = model.and_then(|model| model.golden.as_ref());
    for engine in engines.all() {
        let tried = try_engine(engine, profile, code, model, golden);
        match tried {
            Ok(Outcome {
                runs,
                difference,
                tolerance,
            }) => {
                let within = difference <= tolerance;
                let sign = if within { "ok" } else { "MISMATCH" };
                let against = if golden.is_some() {
                    "golden outputs"
                } else {
                    "zeros: no golden outputs"
                };
                writeln!(
                    out,
                    "{sign}: {}: {runs} calls, largest difference {difference:.2e} (allowed {tolerance:.0e}; {against})",
                    engine.kind()
                )?;
                if !within {
                    exit = Exit::Mismatch;
                }
            }
            Err(error) => {
                writeln!(out, "FAILED: {}: {}", engine.kind(), chain(&*error))?;
                exit = Exit::Mismatch;
            }
        }
    }
    Ok(exit)
}

/// What one engine gave.
struct Outcome {
    runs: usize,
    difference: f64,
    tolerance: f64,
}

fn try_engine(
    engine: &dyn weir_engine::Engine,
    profile: &Profile,
    code: &GuestCode,
    model: Option<&Model>,
    golden: Option<&Golden>,
) -> Result<Outcome, Box<dyn std::error::Error>> {
    let signature = Arc::new(weir_store::signature(code, model)?);
    let module = engine.load(code, &profile.limits)?;
    let bytes = model.map(|model| &*model.bytes);
    let mut guest = Guest::open(&*module, signature, bytes, &profile.limits)?;
    let mut outputs = Vec::new();
    let Some(golden) = golden else {
        let inputs: Vec<Tensor> = guest.signature().given_inputs().map(zeros).collect();
        let inputs: Vec<TensorRef<'_>> = inputs.iter().map(Tensor::as_ref).collect();
        guest.predict(&inputs, None, &mut outputs)?;
        return Ok(Outcome {
            runs: 1,
            difference: 0.0,
            tolerance: 0.0,
        });
    };
    let info = guest
        .signature()
        .given_inputs()
        .next()
        .cloned()
        .ok_or("the model has no input")?;
    let dims: Vec<u32> = info
        .dims
        .iter()
        .map(|dim| u32::try_from(*dim).unwrap_or(1))
        .collect();
    let dtype = info
        .dtype()
        .ok_or("the model's input has an unknown type")?;
    let cases = cases(golden)?;
    let mut difference = 0.0_f64;
    for (data, expected) in &cases {
        guest.predict(
            &[TensorRef {
                dtype,
                dims: &dims,
                data,
            }],
            None,
            &mut outputs,
        )?;
        let output = outputs.first().ok_or("the guest gave no output")?.as_ref();
        let wanted = TensorRef {
            data: expected,
            ..output
        };
        let pairs = values(&output).zip(values(&wanted));
        difference = pairs.map(|(a, b)| (a - b).abs()).fold(difference, f64::max);
    }
    Ok(Outcome {
        runs: cases.len(),
        difference,
        tolerance: golden.tolerance.into(),
    })
}

/// Each input with the output that it must give.
fn cases(golden: &Golden) -> std::io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let count = usize::try_from(golden.count).unwrap_or(usize::MAX).max(1);
    let parts = |file: &Path| -> std::io::Result<Vec<Vec<u8>>> {
        let bytes = fs::read(file)?;
        let size = (bytes.len() / count).max(1);
        Ok(bytes.chunks_exact(size).map(<[u8]>::to_vec).collect())
    };
    Ok(parts(&golden.inputs)?
        .into_iter()
        .zip(parts(&golden.outputs)?)
        .collect())
}

pub(super) fn zeros(info: &TensorInfo) -> Tensor {
    let dtype = info.dtype().unwrap_or(guest_abi::DType::F32);
    let dims: Vec<u32> = info
        .dims
        .iter()
        .map(|dim| u32::try_from(*dim).unwrap_or(1))
        .collect();
    let elements = dims
        .iter()
        .map(|dim| usize::try_from(*dim).unwrap_or(0))
        .product::<usize>();
    Tensor {
        name: info.name.clone(),
        dtype,
        dims,
        data: vec![0; elements * dtype.bytes()],
    }
}
