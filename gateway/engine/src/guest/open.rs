use std::sync::Arc;

use guest_abi::{ABI_MAJOR, code, slot};

use super::{Guest, OpenError, Step, buffers::Buffers, phase::Phase, words::words};
use crate::{
    Export, Instance, Limits, Module, Signature, Start, State, Trap, memory::count,
    signature::fixed_bytes,
};

pub(super) fn open(
    module: &dyn Module,
    signature: Arc<Signature>,
    model: Option<&[u8]>,
    limits: &Limits,
) -> Result<Guest, OpenError> {
    check_model(model, limits)?;
    check_tensors(&signature, limits)?;
    let phase = Phase::begin(limits.load_deadline, None);
    let mut instance = module.instantiate().map_err(trap_in(Step::Instantiate))?;
    let mut buffers = Buffers::default();
    let guest = instance.as_mut();
    match module.start() {
        Start::Cold => begin(guest, &phase, &mut buffers, model)?,
        Start::Snapshot => check_exports(guest, false)?,
    }
    if guest.has(Export::Open) {
        let returned = phase.call(guest, Export::Open, &[]);
        expect_ok(guest, &phase, Step::Open, returned)?;
    }
    buffers.reserve_all(guest, &phase, &signature)?;
    Ok(Guest {
        instance,
        initial: State::initial(&signature),
        after: State::initial(&signature),
        signature,
        limits: limits.clone(),
        buffers,
        table: Vec::new(),
        found: Vec::new(),
        usable: true,
    })
}

/// What precedes `weir_open`, on an instance of which nothing has run.
pub(super) fn prepare(
    instance: &mut dyn Instance,
    model: Option<&[u8]>,
    limits: &Limits,
) -> Result<(), OpenError> {
    check_model(model, limits)?;
    let phase = Phase::begin(limits.load_deadline, None);
    begin(instance, &phase, &mut Buffers::default(), model)
}

fn begin(
    instance: &mut dyn Instance,
    phase: &Phase,
    buffers: &mut Buffers,
    model: Option<&[u8]>,
) -> Result<(), OpenError> {
    check_exports(instance, model.is_some())?;
    if instance.has(Export::Initialize) {
        phase
            .call(instance, Export::Initialize, &[])
            .map_err(trap_in(Step::Initialize))?;
    }
    check_abi(instance, phase)?;
    match model {
        Some(model) => load_model(instance, phase, buffers, model),
        None => Ok(()),
    }
}

fn check_model(model: Option<&[u8]>, limits: &Limits) -> Result<(), OpenError> {
    let bytes_max = count(limits.model_bytes_max);
    match model.map(|model| count(model.len())) {
        Some(bytes) if bytes > bytes_max => Err(OpenError::ModelTooLarge { bytes, bytes_max }),
        Some(_) | None => Ok(()),
    }
}

fn check_tensors(signature: &Signature, limits: &Limits) -> Result<(), OpenError> {
    let sides = [
        ("inputs", signature.inputs(), limits.input_bytes_max),
        ("outputs", signature.outputs(), limits.output_bytes_max),
    ];
    for (side, tensors, bytes_max) in sides {
        let bytes = tensors.iter().filter_map(fixed_bytes).sum();
        let bytes_max = count(bytes_max);
        if bytes > bytes_max {
            return Err(OpenError::TensorsTooLarge {
                side,
                bytes,
                bytes_max,
            });
        }
    }
    Ok(())
}

fn check_exports(instance: &dyn Instance, with_model: bool) -> Result<(), OpenError> {
    let needed =
        |export: &Export| export.required() || (*export == Export::LoadModel && with_model);
    let missing = |export: &Export| needed(export) && !instance.has(*export);
    match Export::ALL.into_iter().find(missing) {
        Some(export) => Err(OpenError::ExportMissing { export }),
        None => Ok(()),
    }
}

fn check_abi(instance: &mut dyn Instance, phase: &Phase) -> Result<(), OpenError> {
    let version = phase
        .call(instance, Export::Abi, &[])
        .map_err(trap_in(Step::Abi))?;
    let [minor_low, minor_high, major_low, major_high] = version.to_le_bytes();
    let major = u16::from_le_bytes([major_low, major_high]);
    let minor = u16::from_le_bytes([minor_low, minor_high]);
    if major == ABI_MAJOR {
        Ok(())
    } else {
        Err(OpenError::AbiVersion { major, minor })
    }
}

fn load_model(
    instance: &mut dyn Instance,
    phase: &Phase,
    buffers: &mut Buffers,
    model: &[u8],
) -> Result<(), OpenError> {
    let bytes = count(model.len());
    let buffer = buffers.reserve(instance, phase, slot::MODEL, bytes)?;
    instance
        .write(buffer.address, model)
        .map_err(|error| OpenError::from_access(Step::LoadModel, error))?;
    let len = i32::try_from(model.len()).map_err(|_| OpenError::BufferRefused {
        slot: slot::MODEL,
        bytes,
    })?;
    let args = [buffer.address.cast_signed(), len];
    let returned = phase.call(instance, Export::LoadModel, &args);
    expect_ok(instance, phase, Step::LoadModel, returned)
}

fn expect_ok(
    instance: &mut dyn Instance,
    phase: &Phase,
    step: Step,
    returned: Result<i32, Trap>,
) -> Result<(), OpenError> {
    match returned.map_err(trap_in(step))? {
        code::OK => Ok(()),
        code => {
            let words = words(instance, phase).map_err(trap_in(step))?;
            Err(OpenError::from_code(step, code, words))
        }
    }
}

fn trap_in(step: Step) -> impl Fn(Trap) -> OpenError {
    move |trap| OpenError::Trap { step, trap }
}
