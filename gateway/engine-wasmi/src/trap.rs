use wasmi::{Error, TrapCode};
use weir_engine::Trap;

/// How a call ended, in the contract's words.
pub(crate) fn of(error: &Error) -> Trap {
    match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => Trap::Unreachable,
        Some(TrapCode::MemoryOutOfBounds) => Trap::OutOfBounds,
        Some(TrapCode::StackOverflow) => Trap::StackOverflow,
        Some(TrapCode::IntegerDivisionByZero) => Trap::DivisionByZero,
        Some(TrapCode::IntegerOverflow) => Trap::IntegerOverflow,
        Some(TrapCode::BadConversionToInteger) => Trap::BadConversion,
        Some(TrapCode::TableOutOfBounds) => Trap::TableOutOfBounds,
        Some(TrapCode::IndirectCallToNull) => Trap::NullFunction,
        Some(TrapCode::BadSignature) => Trap::FunctionType,
        Some(
            TrapCode::OutOfFuel | TrapCode::GrowthOperationLimited | TrapCode::OutOfSystemMemory,
        )
        | None => Trap::Other(error.to_string()),
    }
}
