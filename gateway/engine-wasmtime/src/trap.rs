use wasmtime::{Error, Trap as Code};
use weir_engine::{Budget, Trap};

/// How a call ended, in the contract's words.
pub(crate) fn of(error: &Error, budget: Budget) -> Trap {
    let code = error.downcast_ref::<Code>();
    match (code, budget.fuel) {
        (Some(Code::Interrupt), _) => Trap::Deadline {
            deadline_ms: budget.deadline.as_millis(),
        },
        (Some(Code::OutOfFuel), Some(fuel)) => Trap::Fuel { fuel },
        (Some(Code::StackOverflow), _) => Trap::StackOverflow,
        (Some(Code::UnreachableCodeReached), _) => Trap::Unreachable,
        (Some(Code::MemoryOutOfBounds), _) => Trap::OutOfBounds,
        (Some(Code::IntegerDivisionByZero), _) => Trap::DivisionByZero,
        (Some(Code::IntegerOverflow), _) => Trap::IntegerOverflow,
        (Some(Code::BadConversionToInteger), _) => Trap::BadConversion,
        (Some(Code::TableOutOfBounds), _) => Trap::TableOutOfBounds,
        (Some(Code::IndirectCallToNull), _) => Trap::NullFunction,
        (Some(Code::BadSignature), _) => Trap::FunctionType,
        (Some(code), _) => Trap::Other(code.to_string()),
        (None, _) => Trap::Other(format!("{error:#}")),
    }
}
