//! The second source of modules: the guest `anomaly` with some bytes of its code changed, where it stays valid. Such
//! code looks like what a compiler makes, which wasm-smith's does not.
//!
//! Changed code may run for ever, so every function and every loop counts down a global, and traps where it is spent.

use std::convert::Infallible;

use fastrand::Rng;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, Function, GlobalSection, GlobalType, InstructionSink,
    Module, ValType,
    reencode::{Error, Reencode, utils},
};
use wasmparser::{
    FunctionBody, GlobalSectionReader, Operator, Parser, Payload, Validator, WasmFeatures,
};

/// Function entries in the life of an instance: fewer than would use up a stack. The guest as it is opens and answers
/// with a part of it.
const ENTRIES: i32 = 4000;
/// Turns of loops, likewise.
const TURNS: i32 = 100_000;

/// Changes that are tried until a module is valid.
const TRIES_MAX: usize = 1000;

/// The features of the microcontroller class.
const CLASS: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT);

/// The guest with other code, by seed; none where no change of this seed is valid.
pub(crate) fn changed(guest: &[u8], seed: u64) -> Option<Vec<u8>> {
    let mut random = Rng::with_seed(seed);
    let code = code_range(guest)?;
    (0..TRIES_MAX).find_map(|_| {
        let mut wasm = guest.to_vec();
        for _ in 0..random.usize(1..6) {
            wasm[random.usize(code.clone())] = random.u8(..);
        }
        is_valid(&wasm).then(|| ending(&wasm))
    })
}

/// The module with a count of its steps.
pub(crate) fn ending(wasm: &[u8]) -> Vec<u8> {
    let mut module = Module::new();
    let mut meter = Meter { globals: 0 };
    meter
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .expect("a valid module with globals");
    module.finish()
}

fn is_valid(wasm: &[u8]) -> bool {
    Validator::new_with_features(CLASS)
        .validate_all(wasm)
        .is_ok()
}

fn code_range(wasm: &[u8]) -> Option<std::ops::Range<usize>> {
    Parser::new(0).parse_all(wasm).find_map(|payload| {
        let Ok(Payload::CodeSectionStart { range, .. }) = payload else {
            return None;
        };
        Some(range)
    })
}

/// Adds two globals that count down: entries, then turns.
struct Meter {
    /// The globals of the module itself.
    globals: u32,
}

impl Reencode for Meter {
    type Error = Infallible;

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        self.globals = section.count();
        utils::parse_global_section(self, globals, section)?;
        let counter = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        globals.global(counter, &ConstExpr::i32_const(ENTRIES));
        globals.global(counter, &ConstExpr::i32_const(TURNS));
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Infallible>> {
        let mut function: Function = self.new_function_with_parsed_locals(&body)?;
        count(self.globals, &mut function.instructions());
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            let is_loop = matches!(operator, Operator::Loop { .. });
            function.instruction(&self.instruction(operator)?);
            if is_loop {
                count(self.globals + 1, &mut function.instructions());
            }
        }
        code.function(&function);
        Ok(())
    }
}

/// Traps where the global is spent, else takes one of it.
fn count(global: u32, code: &mut InstructionSink<'_>) {
    code.global_get(global).i32_eqz().if_(BlockType::Empty);
    code.unreachable().end();
    code.global_get(global).i32_const(1).i32_sub();
    code.global_set(global);
}
