//! How deep a function's blocks nest, and how many values it keeps at once. Interpreters for microcontrollers set both
//! aside before they read a function, and refuse what needs more.

use wasmparser::{
    FuncToValidate, FuncValidatorAllocations, FunctionBody, OperatorsReader, Parser, ValidPayload,
    Validator, ValidatorResources, WasmFeatures,
};
use weir_profile::GuestName;

use super::{AdmitError, Caps, caps::Things};

/// The deepest block and the most values of one function.
#[derive(Debug, Clone, Copy, Default)]
struct Depth {
    blocks: u64,
    values: u64,
}

/// Checks every function of a valid module.
pub(super) fn check(
    guest: &GuestName,
    wasm: &[u8],
    granted: WasmFeatures,
    caps: &Caps,
) -> Result<(), AdmitError> {
    let invalid = |cause| AdmitError::Invalid {
        guest: guest.clone(),
        class: caps.class,
        cause,
    };
    let mut validator = Validator::new_with_features(granted);
    let mut allocations = FuncValidatorAllocations::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(invalid)?;
        if let ValidPayload::Func(func, body) = validator.payload(&payload).map_err(invalid)? {
            let depth;
            (depth, allocations) = measure(func, &body, allocations).map_err(invalid)?;
            caps.check(guest, Things::Blocks, depth.blocks)?;
            caps.check(guest, Things::Values, depth.values)?;
        }
    }
    Ok(())
}

fn measure(
    func: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    allocations: FuncValidatorAllocations,
) -> wasmparser::Result<(Depth, FuncValidatorAllocations)> {
    let mut validator = func.into_validator(allocations);
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    let locals = u64::from(validator.len_locals());
    let mut depth = Depth::default();
    let mut operators = OperatorsReader::new(reader);
    while !operators.eof() {
        let offset = operators.original_position();
        let operator = operators.read()?;
        validator.op(offset, &operator)?;
        let operands = u64::from(validator.operand_stack_height());
        depth.values = depth.values.max(locals + operands);
        depth.blocks = depth.blocks.max(validator.control_stack_height().into());
    }
    Ok((depth, validator.into_allocations()))
}
