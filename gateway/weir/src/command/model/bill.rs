//! The memory that a packed network takes, against every device profile of the microcontroller class.

use std::sync::Arc;

use serde::Serialize;
use weir_engine::{Engine, Equipment, Guest, GuestCode, Signature, Tensor, TensorRef};
use weir_pack::{Bill, ChipLimits, GuestCosts, Verdict};
use weir_profile::{Class, Profile, Settings};
use weir_store::{AdmitError, Store};

use crate::{command::guest::zeros, engines, prepare::chain};

/// The guest that runs int8 networks.
pub(super) const GUEST: &str = "tinynn";

/// What a profile makes of a network.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    pub(super) verdict: Verdict,
    /// The guest's memory after an inference under this profile, where the guest is installed.
    pub(super) measured_bytes: Option<u64>,
}

impl Row {
    /// A profile that the guest was not tried under.
    pub(super) fn untried(profile: &Profile, why_not: Vec<String>) -> Self {
        Self {
            verdict: Verdict {
                profile: profile.name.to_string(),
                memory_bytes_max: profile.limits.memory_bytes_max,
                why_not,
            },
            measured_bytes: None,
        }
    }
}

/// Every profile of microcontrollers, in order of name.
pub(super) fn rows(
    settings: &Settings,
    bill: &Bill,
    model: &[u8],
    signature: &Arc<Signature>,
) -> Vec<Row> {
    let chips = settings.profiles.values();
    let chips = chips.filter(|profile| profile.class == Class::Microcontroller);
    chips
        .map(|profile| row(settings, profile, bill, model, signature))
        .collect()
}

fn row(
    settings: &Settings,
    profile: &Profile,
    bill: &Bill,
    model: &[u8],
    signature: &Arc<Signature>,
) -> Row {
    let count = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    let limits = ChipLimits {
        profile: profile.name.to_string(),
        memory_bytes_max: profile.limits.memory_bytes_max,
        model_bytes_max: count(profile.limits.model_bytes_max),
        input_bytes_max: count(profile.limits.input_bytes_max),
        output_bytes_max: count(profile.limits.output_bytes_max),
    };
    let mut verdict = bill.against(&limits, GuestCosts::TINYNN);
    let mut measured_bytes = None;
    if verdict.fits() {
        match code(settings, profile) {
            Ok(None) => {}
            Ok(Some(code)) => match measure(&code, profile, model, signature) {
                Ok(bytes) => measured_bytes = Some(bytes),
                Err(error) => verdict.why_not.push(chain(&*error)),
            },
            Err(error) => verdict.why_not.push(chain(&*error)),
        }
    }
    Row {
        verdict,
        measured_bytes,
    }
}

/// The guest, admitted for the profile; none where it is not installed.
fn code(
    settings: &Settings,
    profile: &Profile,
) -> Result<Option<GuestCode>, Box<dyn std::error::Error>> {
    match Store::new(&settings.paths).guest(&GUEST.parse()?, profile) {
        Ok(code) => Ok(Some(code)),
        Err(AdmitError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Opens the guest as a node would, and runs it once.
fn measure(
    code: &GuestCode,
    profile: &Profile,
    model: &[u8],
    signature: &Arc<Signature>,
) -> Result<u64, Box<dyn std::error::Error>> {
    let module = engines::of_chips().load(code, &Equipment::default(), &profile.limits)?;
    let mut guest = Guest::open(
        &*module,
        Arc::clone(signature),
        Some(model),
        &profile.limits,
    )?;
    let inputs: Vec<Tensor> = signature.given_inputs().map(zeros).collect();
    let inputs: Vec<TensorRef<'_>> = inputs.iter().map(Tensor::as_ref).collect();
    guest.predict(&inputs, None, &mut Vec::new())?;
    Ok(guest.memory_bytes())
}
