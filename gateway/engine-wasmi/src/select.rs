//! Keeps wasmi 2.0.0 from computing `select` wrongly.
//!
//! Where the condition of a `select` is `x == 0` or `x != 0` of a local, its translator drops the comparison and tests
//! `x` itself, but in the register, where the result of the comparison would have been, instead of in the slot of the
//! local: the register holds whatever was computed before. So the condition is rotated by one bit first, which leaves
//! zero zero and everything else something else: a `select` that follows a rotation is translated as it stands. That
//! costs one instruction of the interpreter, and only where the condition may be such a comparison.

use std::{borrow::Cow, convert::Infallible};

use wasm_encoder::{
    CodeSection, Module,
    reencode::{Error, Reencode},
};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// The module with every `select` that needs it guarded; the error is the reason why it cannot be read.
pub(crate) fn guarded(wasm: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if !has_risk(wasm).map_err(|cause| cause.to_string())? {
        return Ok(Cow::Borrowed(wasm));
    }
    let mut module = Module::new();
    Guard
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|cause| cause.to_string())?;
    Ok(Cow::Owned(module.finish()))
}

fn has_risk(wasm: &[u8]) -> Result<bool, wasmparser::Error> {
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload?
            && body_has_risk(&body)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn body_has_risk(body: &FunctionBody<'_>) -> Result<bool, wasmparser::Error> {
    let mut safe = false;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let operator = operators.read()?;
        if is_select(&operator) && !safe {
            return Ok(true);
        }
        safe = is_safe(&operator, safe);
    }
    Ok(false)
}

struct Guard;

impl Reencode for Guard {
    type Error = Infallible;

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Infallible>> {
        if !body_has_risk(&body)? {
            code.raw(body.as_bytes());
            return Ok(());
        }
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut safe = false;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            if is_select(&operator) && !safe {
                function.instructions().i32_const(1).i32_rotl();
            }
            safe = is_safe(&operator, safe);
            function.instruction(&self.instruction(operator)?);
        }
        code.function(&function);
        Ok(())
    }
}

fn is_select(operator: &Operator<'_>) -> bool {
    matches!(operator, Operator::Select | Operator::TypedSelect { .. })
}

/// Whether the value of this operator is certainly not translated as a 32-bit integer compared with zero; `before` says
/// so of the value that was there before.
fn is_safe(operator: &Operator<'_>, before: bool) -> bool {
    let is_order = matches!(
        operator,
        Operator::I32LtS
            | Operator::I32LtU
            | Operator::I32GtS
            | Operator::I32GtU
            | Operator::I32LeS
            | Operator::I32LeU
            | Operator::I32GeS
            | Operator::I32GeU
            | Operator::I64LtS
            | Operator::I64LtU
            | Operator::I64GtS
            | Operator::I64GtU
            | Operator::I64LeS
            | Operator::I64LeU
            | Operator::I64GeS
            | Operator::I64GeU
    );
    let is_float = matches!(
        operator,
        Operator::F32Eq
            | Operator::F32Ne
            | Operator::F32Lt
            | Operator::F32Gt
            | Operator::F32Le
            | Operator::F32Ge
            | Operator::F64Eq
            | Operator::F64Ne
            | Operator::F64Lt
            | Operator::F64Gt
            | Operator::F64Le
            | Operator::F64Ge
    );
    let is_same = matches!(operator, Operator::LocalTee { .. }) && before;
    is_order || is_float || is_same || matches!(operator, Operator::LocalGet { .. })
}

#[cfg(test)]
mod tests;
