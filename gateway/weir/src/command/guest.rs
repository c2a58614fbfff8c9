mod trial;

use std::{error::Error, fs, io::Write, path::Path};

use anyhow::{Context, Result};
use guest_abi::TensorInfo;
use weir_engine::{Engine, GuestCode, GuestOrigin, LoadError};
use weir_profile::{GuestName, Profile, Settings};
use weir_store::{Golden, Model, Store};

#[cfg(target_pointer_width = "64")]
pub(super) use trial::zeros;
use trial::{Outcome, try_engine};

use crate::{
    cli::{GuestInspectArgs, GuestTestArgs},
    command::settings,
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
    let engines = Engines::start(settings)?;
    let mut out = std::io::stdout().lock();
    let (mut exit, mut ran) = (Exit::Done, false);
    let golden = model.and_then(|model| model.golden.as_ref());
    for engine in engines.all() {
        let kind = engine.kind();
        match try_engine(engine, profile, code, model, golden) {
            Ok(outcome) => {
                ran = true;
                let within = outcome.difference <= outcome.tolerance;
                let sign = if within { "ok" } else { "MISMATCH" };
                writeln!(out, "{sign}: {kind}: {}", words(&outcome, golden))?;
                if !within {
                    exit = Exit::Mismatch;
                }
            }
            // What the engine says it cannot do is no fault of the guest.
            Err(error) if lacks(engine, code, &*error) => {
                writeln!(out, "left out: {kind}: {}", chain(&*error))?;
            }
            Err(error) => {
                writeln!(out, "FAILED: {kind}: {}", chain(&*error))?;
                exit = Exit::Mismatch;
            }
        }
    }
    Ok(if ran { exit } else { Exit::Mismatch })
}

/// Whether it failed for something that the engine says it does not have: a limit's means, SIMD, or an nn backend.
fn lacks(engine: &dyn Engine, code: &GuestCode, error: &(dyn Error + 'static)) -> bool {
    let uses_simd = code.manifest.features.iter().any(|name| name == "simd");
    match error.downcast_ref::<LoadError>() {
        Some(LoadError::NotEnforced { .. }) => true,
        Some(LoadError::Rejected { .. }) => {
            let enforces = engine.enforces();
            (uses_simd && !enforces.simd) || (weir_store::reaches_graphs(code) && !enforces.nn)
        }
        Some(_) | None => false,
    }
}

/// Of a digest: enough to see that two are the same.
const DIGITS_SHOWN: usize = 16;

fn words(outcome: &Outcome, golden: Option<&Golden>) -> String {
    let Outcome {
        runs,
        difference,
        tolerance,
        digest,
    } = outcome;
    let against = match golden {
        Some(_) => "golden outputs",
        None => "zeros: no golden outputs",
    };
    let digest = &weir_store::sha256_hex(digest)[..DIGITS_SHOWN];
    format!(
        "{runs} calls, largest difference {difference:.2e} (allowed {tolerance:.0e}; {against}), outputs {digest}"
    )
}
