mod class;
mod limits;

use std::{collections::BTreeMap, path::PathBuf};

use config::Value;
use weir_engine::EngineKind;

use crate::{
    Class, EngineChoice, LimitSource, NnBackend, Profile, ProfileName,
    finding::Finding,
    origin::Origins,
    report::{Key, Report},
    written::{ClassName, EngineName, NnBackendName, ProfileFile},
};

/// The greatest number of profiles in a line of inheritance.
const CHAIN_MAX: usize = 8;

/// A profile as it was found: its file, its values, and what they say.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) values: Value,
    pub(crate) written: ProfileFile,
}

/// Every profile with its inheritance resolved.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    complete: BTreeMap<ProfileName, Profile>,
    /// Profiles that others inherit from and that leave something out, or that have errors.
    incomplete: BTreeMap<ProfileName, String>,
}

impl Profiles {
    /// Resolves the inheritance of every profile.
    pub(crate) fn resolve(
        sources: &BTreeMap<ProfileName, Source>,
        origins: &Origins,
    ) -> (Self, Vec<Finding>) {
        let mut profiles = Self::default();
        let mut findings = Vec::new();
        for (name, source) in sources {
            let mut report = Report::new(&source.values, origins);
            let is_parent = sources
                .values()
                .any(|other| other.written.inherit.as_deref() == Some(name.as_str()));
            match resolve(&mut report, sources, name, is_parent) {
                Ok(profile) => {
                    profiles.complete.insert(name.clone(), profile);
                }
                Err(why) => {
                    profiles.incomplete.insert(name.clone(), why);
                }
            }
            findings.extend(report.into_findings().into_iter().map(|mut finding| {
                finding.file.get_or_insert_with(|| source.path.clone());
                finding
            }));
        }
        (profiles, findings)
    }

    pub(crate) fn get(&self, name: &ProfileName) -> Option<&Profile> {
        self.complete.get(name)
    }

    pub(crate) fn into_complete(self) -> BTreeMap<ProfileName, Profile> {
        self.complete
    }

    /// The profile that a key names; reported where there is none.
    pub(crate) fn known(
        &self,
        report: &mut Report<'_>,
        key: Key<'_>,
        name: &str,
    ) -> Option<ProfileName> {
        let (profile, fault) = match name.parse::<ProfileName>() {
            Ok(profile) if self.complete.contains_key(&profile) => return Some(profile),
            Ok(profile) => {
                let why = self.incomplete.get(&profile);
                (
                    why.is_some(),
                    why.map_or("there is no such device profile", String::as_str),
                )
            }
            Err(_) => (false, "is not the name of a device profile"),
        };
        let known: Vec<&str> = self.complete.keys().map(ProfileName::as_str).collect();
        let help = format!("known profiles: {}", known.join(", "));
        report.error(
            key,
            format!("{name:?}: {fault}", fault = fault),
            if profile { "" } else { &help },
        );
        None
    }
}

/// One profile in a line of inheritance.
type Link<'a> = (&'a ProfileName, &'a Source);

fn resolve(
    report: &mut Report<'_>,
    sources: &BTreeMap<ProfileName, Source>,
    name: &ProfileName,
    is_parent: bool,
) -> Result<Profile, String> {
    let chain = chain(report, sources, name)?;
    let class = first(&chain, |file| file.class);
    let engine =
        first(&chain, |file| file.engine).map(|(engine, link)| (engine_choice(engine), link));
    let backend =
        first(&chain, |file| file.nn_backend).map(|(backend, link)| (nn_backend(backend), link));
    let simd = class
        .as_ref()
        .is_some_and(|(class, _)| *class != ClassName::Microcontroller);
    let limits = limits::read(&chain, simd);
    let missing: Vec<&str> = [("class", class.is_none()), ("engine", engine.is_none())]
        .into_iter()
        .filter_map(|(key, missing)| missing.then_some(key))
        .chain(limits.missing.iter().copied())
        .collect();
    let (Some((class, class_link)), Some((engine, engine_link)), Some(read)) =
        (class, engine, limits.limits)
    else {
        let message = format!("is not complete: {} not stated", missing.join(", "));
        if !is_parent {
            let help = "state them, or inherit from a profile that does";
            report.error(&[], message.clone(), help);
        }
        return Err(message);
    };
    let class = class_of(class);
    let mut sources = vec![
        source("class", class.name(), class_link),
        source("engine", engine.name(), engine_link),
    ];
    let nn_backend = match backend {
        Some((backend, link)) => {
            if link.0 == name {
                check_backend(report, backend, engine);
            }
            sources.push(source("nn_backend", backend.name(), link));
            backend
        }
        None => NnBackend::None,
    };
    sources.extend(limits.sources);
    class::check(report, class, engine, &read, &sources);
    if report.has_errors() {
        return Err("has errors".to_owned());
    }
    let description = first(&chain[..1], |file| file.description.clone());
    Ok(Profile {
        name: name.clone(),
        description: description.map(|(text, _)| text).unwrap_or_default(),
        inherits: chain[1..].iter().map(|(name, _)| (*name).clone()).collect(),
        class,
        engine,
        nn_backend,
        limits: read.limits,
        module_bytes_max: read.module_bytes_max,
        payload_bytes_max: read.payload_bytes_max,
        queue_messages_max: read.queue_messages_max,
        instances_max: read.instances_max,
        loaded_models_bytes_max: read.loaded_models_bytes_max,
        state_devices_max: read.state_devices_max,
        sources,
    })
}

/// The profile and those that it inherits from, the nearest first.
fn chain<'s>(
    report: &mut Report<'_>,
    sources: &'s BTreeMap<ProfileName, Source>,
    name: &ProfileName,
) -> Result<Vec<Link<'s>>, String> {
    let mut fail = |message: String, help: &str| {
        report.error(&["inherit"], message.clone(), help);
        Err(message)
    };
    let mut chain: Vec<Link<'s>> = sources.get_key_value(name).into_iter().collect();
    while let Some(parent) = chain
        .last()
        .and_then(|(_, source)| source.written.inherit.as_deref())
    {
        let found = parent
            .parse()
            .ok()
            .and_then(|name: ProfileName| sources.get_key_value(&name));
        let Some(link) = found else {
            let known: Vec<&str> = sources.keys().map(ProfileName::as_str).collect();
            let help = format!("known profiles: {}", known.join(", "));
            return fail(
                format!("inherits from {parent}, which does not exist"),
                &help,
            );
        };
        if chain.iter().any(|(name, _)| *name == link.0) {
            return fail(format!("inherits from itself by way of {parent}"), "");
        }
        if chain.len() == CHAIN_MAX {
            let message = format!("inherits from more than {} profiles", CHAIN_MAX - 1);
            return fail(message, "state the keys in fewer steps");
        }
        chain.push(link);
    }
    Ok(chain)
}

fn first<'s, T>(
    chain: &[Link<'s>],
    read: impl Fn(&ProfileFile) -> Option<T>,
) -> Option<(T, Link<'s>)> {
    chain
        .iter()
        .find_map(|link| Some((read(&link.1.written)?, *link)))
}

/// One that is inherited is no error: a guest that reaches for it is refused by the engine.
fn check_backend(report: &mut Report<'_>, backend: NnBackend, engine: EngineChoice) {
    if backend != NnBackend::None && engine == EngineChoice::Fixed(EngineKind::Wasm3) {
        let message = format!(
            "{}: engine wasm3 offers guests no nn backend",
            backend.name()
        );
        let help = "use engine = \"wasmi\" or engine = \"wasmtime\", or nn_backend = \"none\"";
        report.error(&["nn_backend"], message, help);
    }
}

fn source(key: &'static str, value: &str, link: Link<'_>) -> LimitSource {
    LimitSource {
        key,
        value: value.to_owned(),
        profile: link.0.clone(),
        file: link.1.path.clone(),
    }
}

fn class_of(written: ClassName) -> Class {
    match written {
        ClassName::Microcontroller => Class::Microcontroller,
        ClassName::Sbc => Class::Sbc,
        ClassName::EdgeServer => Class::EdgeServer,
    }
}

fn engine_choice(written: EngineName) -> EngineChoice {
    match written {
        EngineName::Auto => EngineChoice::Auto,
        EngineName::Wasmi => EngineChoice::Fixed(EngineKind::Wasmi),
        EngineName::Wasm3 => EngineChoice::Fixed(EngineKind::Wasm3),
        EngineName::Wasmtime => EngineChoice::Fixed(EngineKind::Wasmtime),
    }
}

fn nn_backend(written: NnBackendName) -> NnBackend {
    match written {
        NnBackendName::None => NnBackend::None,
        NnBackendName::Tract => NnBackend::Tract,
        NnBackendName::Onnxruntime => NnBackend::OnnxRuntime,
    }
}
