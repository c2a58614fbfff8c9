//! Gives a module the export `predict(which, a, b, c)`: it calls the function `which` with arguments made of the other
//! three, and returns a digest of its result and of every global. So all that a call leaves behind can be seen through
//! the contract of an engine: that digest, and the memory.
//!
//! It also makes every f32 NaN that enters the code (by a constant, a load, a global or a cast of bits) the canonical one:
//! wasm3 keeps f32 in a register of 64 bits, where a signalling NaN becomes a quiet one, although moves must not change
//! bits.

use wasm_encoder::{
    BlockType, CodeSection, ExportKind, ExportSection, Function, FunctionSection, InstructionSink,
    MemorySection, Module, RawSection, SectionId, TypeSection, ValType,
    reencode::{self, Reencode, RoundtripReencoder},
};
use wasmparser::{
    FuncType, FunctionBody, MemoryType, Operator, Parser, Payload, ValType as Parsed,
};

use crate::generate::Generated;

/// `predict`'s parameters come first among its locals: `which`, then `a`, `b`, `c`.
const WHICH: u32 = 0;
const ARGUMENTS: [u32; 3] = [1, 2, 3];
const DIGEST: u32 = 4;
/// An odd number that spreads bits (2⁶⁴ divided by the golden ratio).
const SPREAD: i64 = -7_046_029_254_386_353_131;

/// What is needed of a module to write it anew.
#[derive(Default)]
struct Parts<'a> {
    types: Vec<FuncType>,
    functions: Vec<u32>,
    globals: Vec<Parsed>,
    memory: Option<MemoryType>,
    bodies: Vec<FunctionBody<'a>>,
    /// Sections that stay as they are.
    raw: Vec<(u8, &'a [u8])>,
}

/// The module with `predict` and `memory` as its only exports; each call begins with the same fuel.
pub(crate) fn with_predict(wasm: &[u8], fuel_global: u32, fuel: u32) -> Generated {
    let parts = Parts::read(wasm).expect("wasm-smith makes sound modules");
    let functions = u32::try_from(parts.functions.len()).expect("few");
    let wasm = parts.write(fuel_global, fuel).finish();
    Generated { wasm, functions }
}

impl<'a> Parts<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self, wasmparser::Error> {
        let mut parts = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            if let Payload::TypeSection(types) = payload {
                parts.types = types
                    .into_iter_err_on_gc_types()
                    .collect::<Result<_, _>>()?;
            } else if let Payload::FunctionSection(functions) = payload {
                parts.functions = functions.into_iter().collect::<Result<_, _>>()?;
            } else if let Payload::MemorySection(memories) = payload {
                parts.memory = memories.into_iter().next().transpose()?;
            } else if let Payload::CodeSectionEntry(body) = payload {
                parts.bodies.push(body);
            } else if let Some((id, range)) = payload.as_section() {
                if let Payload::GlobalSection(globals) = &payload {
                    for global in globals.clone() {
                        parts.globals.push(global?.ty.content_type);
                    }
                }
                parts.raw.push((id, &wasm[range]));
            }
        }
        Ok(parts)
    }

    fn write(&self, fuel_global: u32, fuel: u32) -> Module {
        let mut module = Module::new();
        module.section(&self.types());
        self.keep(&mut module, SectionId::Import);
        module.section(&self.functions());
        self.keep(&mut module, SectionId::Table);
        module.section(&self.memories());
        self.keep(&mut module, SectionId::Global);
        let mut exports = ExportSection::new();
        exports.export(guest_abi::export::MEMORY, ExportKind::Memory, 0);
        let predict = u32::try_from(self.functions.len()).expect("few");
        exports.export(guest_abi::export::PREDICT, ExportKind::Func, predict);
        module.section(&exports);
        self.keep(&mut module, SectionId::Element);
        let mut code = CodeSection::new();
        for body in &self.bodies {
            self.body(&mut code, body).expect("a sound body");
        }
        code.function(&self.predict(fuel_global, fuel));
        code.function(&canonical());
        module.section(&code);
        self.keep(&mut module, SectionId::Data);
        module
    }

    fn keep(&self, module: &mut Module, id: SectionId) {
        let id = u8::from(id);
        for (_, data) in self.raw.iter().filter(|(of, _)| *of == id) {
            module.section(&RawSection { id, data });
        }
    }

    fn types(&self) -> TypeSection {
        let mut types = TypeSection::new();
        for ty in &self.types {
            let ty = RoundtripReencoder.func_type(ty.clone());
            types
                .ty()
                .func_type(&ty.expect("a type of WebAssembly 1.0"));
        }
        types.ty().function([ValType::I32; 4], [ValType::I32]);
        types.ty().function([ValType::F32], [ValType::F32]);
        types
    }

    /// Of one page at least: wasm3 has no memory without a page.
    fn memories(&self) -> MemorySection {
        let mut memories = MemorySection::new();
        if let Some(memory) = self.memory {
            let memory = RoundtripReencoder.memory_type(memory);
            let mut memory = memory.expect("a memory of WebAssembly 1.0");
            memory.minimum = memory.minimum.max(1);
            memory.maximum = memory.maximum.map(|pages| pages.max(1));
            memories.memory(memory);
        }
        memories
    }

    fn functions(&self) -> FunctionSection {
        let mut functions = FunctionSection::new();
        for index in &self.functions {
            functions.function(*index);
        }
        let predict = u32::try_from(self.types.len()).expect("few");
        functions.function(predict).function(predict + 1);
        functions
    }

    /// The index of the function that makes a NaN canonical.
    fn canonical(&self) -> u32 {
        u32::try_from(self.functions.len()).expect("few") + 1
    }

    /// The function as it is, but for NaNs that enter it.
    fn body(&self, code: &mut CodeSection, body: &FunctionBody<'_>) -> Result<(), Unreadable> {
        if !self.enters_nan(body)? {
            code.raw(body.as_bytes());
            return Ok(());
        }
        let mut function = RoundtripReencoder.new_function_with_parsed_locals(body)?;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            let enters = self.may_be_nan(&operator);
            function.instruction(&RoundtripReencoder.instruction(operator)?);
            if enters {
                function.instructions().call(self.canonical());
            }
        }
        code.function(&function);
        Ok(())
    }

    fn enters_nan(&self, body: &FunctionBody<'_>) -> Result<bool, wasmparser::Error> {
        for operator in body.get_operators_reader()? {
            if self.may_be_nan(&operator?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn may_be_nan(&self, operator: &Operator<'_>) -> bool {
        let is_f32 = |global: u32| {
            let at = usize::try_from(global).expect("an index");
            self.globals.get(at) == Some(&Parsed::F32)
        };
        if let Operator::F32Const { value } = operator {
            return f32::from_bits(value.bits()).is_nan();
        }
        if let Operator::GlobalGet { global_index } = operator {
            return is_f32(*global_index);
        }
        matches!(
            operator,
            Operator::F32Load { .. } | Operator::F32ReinterpretI32
        )
    }

    fn predict(&self, fuel_global: u32, fuel: u32) -> Function {
        let mut body = Function::new([(1, ValType::I64)]);
        let mut code = body.instructions();
        code.i32_const(fuel.cast_signed()).global_set(fuel_global);
        for (index, ty) in (0..).zip(&self.functions) {
            let ty = &self.types[usize::try_from(*ty).expect("an index")];
            code.local_get(WHICH).i32_const(index);
            code.i32_eq().if_(BlockType::Empty);
            for (number, param) in ty.params().iter().enumerate() {
                argument(&mut code, *param, number);
                if *param == Parsed::F32 {
                    code.call(self.canonical());
                }
            }
            code.call(index.cast_unsigned());
            for result in ty.results().iter().rev() {
                digest(&mut code, *result);
            }
            code.end();
        }
        for (index, ty) in (0..).zip(&self.globals) {
            code.global_get(index);
            if *ty == Parsed::F32 {
                code.call(self.canonical());
            }
            digest(&mut code, *ty);
        }
        code.local_get(DIGEST).local_get(DIGEST).i64_const(32);
        code.i64_shr_u().i64_xor().i32_wrap_i64().end();
        body
    }
}

/// Why a body cannot be written anew.
type Unreadable = reencode::Error;

/// Its argument; the canonical NaN for any NaN.
fn canonical() -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.local_get(0).f32_const(f32::NAN.into());
    code.local_get(0).local_get(0).f32_eq().select().end();
    body
}

/// Every second float is a number, the others are bits: infinities, NaNs, the smallest.
fn argument(code: &mut InstructionSink<'_>, ty: Parsed, number: usize) {
    code.local_get(ARGUMENTS[number % ARGUMENTS.len()]);
    let number = i32::try_from(number).expect("few");
    let bits = number % 2 == 1;
    let spread = |code: &mut InstructionSink<'_>| {
        code.i64_extend_i32_s()
            .i64_const(SPREAD.wrapping_add(number.into()));
        code.i64_mul();
    };
    match (ty, bits) {
        (Parsed::I32, _) => {
            code.i32_const(number).i32_add();
        }
        (Parsed::I64, _) => spread(code),
        (Parsed::F32, true) => {
            code.f32_reinterpret_i32();
        }
        (Parsed::F32, false) => {
            code.f32_convert_i32_s();
        }
        (Parsed::F64, true) => {
            spread(code);
            code.f64_reinterpret_i64();
        }
        (Parsed::F64, false) => {
            code.f64_convert_i32_s();
        }
        (Parsed::V128 | Parsed::Ref(_), _) => panic!("{ty} is not of WebAssembly 1.0"),
    }
}

/// Takes the value on the stack into the digest.
fn digest(code: &mut InstructionSink<'_>, ty: Parsed) {
    match ty {
        Parsed::I32 => code.i64_extend_i32_u(),
        Parsed::I64 => code,
        Parsed::F32 => code.i32_reinterpret_f32().i64_extend_i32_u(),
        Parsed::F64 => code.i64_reinterpret_f64(),
        Parsed::V128 | Parsed::Ref(_) => panic!("{ty} is not of WebAssembly 1.0"),
    };
    code.local_get(DIGEST).i64_xor().i64_const(SPREAD).i64_mul();
    code.local_tee(DIGEST).i64_const(29).i64_shr_u();
    code.local_get(DIGEST).i64_xor().local_set(DIGEST);
}
