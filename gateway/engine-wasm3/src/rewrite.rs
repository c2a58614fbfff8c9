//! The limits that wasm3 has no setting for, written into the module before a worker reads it.
//!
//! The memory's maximum becomes the profile's, where the module states none or a larger one; a table's becomes the
//! size that it starts with, as under the other engines. For wasm3 a maximum of 0 is none: what would grow there
//! answers as a refused growth does. Custom sections stay behind.

use std::convert::Infallible;

use wasm_encoder::{
    CodeSection, Instruction, MemoryType, Module, TableType,
    reencode::{Error, Reencode, utils},
};
use wasmparser::{CustomSectionReader, FunctionBody, Operator, Parser};
use weir_engine::Limits;

use crate::features::PAGE_BYTES;

/// The module with its limits; the error is the reason why it is refused.
pub(crate) fn limited(wasm: &[u8], limits: &Limits) -> Result<Vec<u8>, String> {
    let mut limiter = Limiter {
        pages_max: limits.memory_bytes_max / PAGE_BYTES,
        memory_is_fixed_at_none: false,
        table_is_empty: false,
    };
    let mut module = Module::new();
    let parser = Parser::new(0);
    match limiter.parse_core_module(&mut module, parser, wasm) {
        Ok(()) => Ok(module.finish()),
        Err(Error::ParseError(cause)) => Err(cause.to_string()),
        Err(cause) => Err(cause.to_string()),
    }
}

/// A memory without pages grows by nothing to nothing.
static NO_MEMORY_GROWS: [Instruction<'static>; 3] = [
    Instruction::I32Eqz,
    Instruction::I32Const(1),
    Instruction::I32Sub,
];
/// An empty table does not grow.
static NO_TABLE_GROWS: [Instruction<'static>; 3] = [
    Instruction::Drop,
    Instruction::Drop,
    Instruction::I32Const(-1),
];

/// Memory and tables stand before the code, so that the code is read with what is known of them.
struct Limiter {
    pages_max: u64,
    memory_is_fixed_at_none: bool,
    table_is_empty: bool,
}

impl Reencode for Limiter {
    type Error = Infallible;

    fn memory_type(&mut self, ty: wasmparser::MemoryType) -> Result<MemoryType, Error<Infallible>> {
        let ty = utils::memory_type(self, ty);
        let maximum = ty
            .maximum
            .map_or(self.pages_max, |stated| stated.min(self.pages_max));
        let maximum = maximum.max(ty.minimum);
        self.memory_is_fixed_at_none = maximum == 0;
        Ok(MemoryType {
            maximum: Some(maximum),
            ..ty
        })
    }

    fn table_type(&mut self, ty: wasmparser::TableType) -> Result<TableType, Error<Infallible>> {
        let ty = utils::table_type(self, ty)?;
        self.table_is_empty |= ty.minimum == 0;
        Ok(TableType {
            maximum: Some(ty.minimum),
            ..ty
        })
    }

    fn parse_custom_section(
        &mut self,
        _module: &mut Module,
        _section: CustomSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Infallible>> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            match self.refused(&operator) {
                Some(instead) => {
                    for instruction in instead {
                        function.instruction(instruction);
                    }
                }
                None => {
                    function.instruction(&self.instruction(operator)?);
                }
            }
        }
        code.function(&function);
        Ok(())
    }
}

impl Limiter {
    /// What stands for a growth that wasm3 would not refuse.
    fn refused(&self, operator: &Operator<'_>) -> Option<&'static [Instruction<'static>]> {
        if matches!(operator, Operator::MemoryGrow { .. }) && self.memory_is_fixed_at_none {
            return Some(&NO_MEMORY_GROWS);
        }
        if matches!(operator, Operator::TableGrow { .. }) && self.table_is_empty {
            return Some(&NO_TABLE_GROWS);
        }
        None
    }
}

#[cfg(test)]
mod tests;
