use guest_abi::export;
use wasm3x::{
    CompilationMode, Config, Engine, Error, Instance, Linker, Memory, Module, Store, TypedFunc,
    WasmParams, WasmResults,
};
use weir_engine::{Export, Trap};

use crate::{
    gateway::Mouth,
    log::{self, Lines},
};

/// One guest under wasm3.
pub(crate) struct Guest {
    store: Store<Lines>,
    memory: Memory,
    exports: [Option<Entry>; Export::ALL.len()],
}

/// An export, by its signature.
#[derive(Clone, Copy)]
enum Entry {
    Procedure(TypedFunc<(), ()>),
    Zero(TypedFunc<(), i32>),
    Two(TypedFunc<(i32, i32), i32>),
    Four(TypedFunc<(i32, i32, i32, i32), i32>),
}

impl Guest {
    /// Translates every function of a module and makes one instance of it. No code of it runs yet: the gateway
    /// refuses start functions.
    pub(crate) fn new(wasm: &[u8], stack_bytes: usize, mouth: Mouth) -> Result<Self, Trap> {
        let mut config = Config::new();
        config
            .compilation_mode(CompilationMode::Eager)
            .stack_size(stack_bytes);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm).map_err(|error| trap(&error))?;
        let mut linker = Linker::new(&engine);
        log::offer(&mut linker).map_err(|error| trap(&error))?;
        let mut store = Store::new(&engine, Lines::new(mouth));
        let instance = linker.instantiate(&mut store, &module);
        let instance = instance.map_err(|error| trap(&error))?;
        let memory = instance.get_memory(&store);
        let memory =
            memory.ok_or_else(|| Trap::Other(format!("it exports no {}", export::MEMORY)))?;
        let exports = Export::ALL.map(|export| entry(instance, &store, export));
        Ok(Self {
            store,
            memory,
            exports,
        })
    }

    /// Calls an export, which must be there.
    pub(crate) fn call(&mut self, export: Export, args: [i32; 4]) -> Result<i32, Trap> {
        let store = &mut self.store;
        store.data_mut().begin();
        let [a, b, c, d] = args;
        let called = match self.exports[export.index()] {
            Some(Entry::Procedure(func)) => func.call(store, ()).map(|()| 0),
            Some(Entry::Zero(func)) => func.call(store, ()),
            Some(Entry::Two(func)) => func.call(store, (a, b)),
            Some(Entry::Four(func)) => func.call(store, (a, b, c, d)),
            None => Err(Error::new(format!("it exports no {}", export.name()))),
        };
        called.map_err(|error| trap(&error))
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory.data_size(&self.store)
    }

    pub(crate) fn memory(&mut self) -> &mut [u8] {
        self.memory.data_mut(&mut self.store)
    }
}

fn entry(instance: Instance, store: &Store<Lines>, export: Export) -> Option<Entry> {
    match (export.params(), export.returns()) {
        (0, false) => typed(instance, store, export).map(Entry::Procedure),
        (0, true) => typed(instance, store, export).map(Entry::Zero),
        (2, true) => typed(instance, store, export).map(Entry::Two),
        (4, true) => typed(instance, store, export).map(Entry::Four),
        _ => None,
    }
}

fn typed<P: WasmParams, R: WasmResults>(
    instance: Instance,
    store: &Store<Lines>,
    export: Export,
) -> Option<TypedFunc<P, R>> {
    instance.get_typed_func(store, export.name()).ok()
}

/// How a call ended, in the contract's words: wasm3 has constants for them, the binding passes their texts on.
fn trap(error: &Error) -> Trap {
    static NAMED: [(&str, Trap); 10] = [
        ("stack overflow", Trap::StackOverflow),
        ("unreachable executed", Trap::Unreachable),
        ("out of bounds memory access", Trap::OutOfBounds),
        ("integer divide by zero", Trap::DivisionByZero),
        ("integer overflow", Trap::IntegerOverflow),
        ("invalid conversion to integer", Trap::BadConversion),
        ("out of bounds table access", Trap::TableOutOfBounds),
        ("undefined element", Trap::TableOutOfBounds),
        ("uninitialized element", Trap::NullFunction),
        ("indirect call type mismatch", Trap::FunctionType),
    ];
    let text = error.to_string();
    let trapped = text
        .strip_prefix("wasm trap: [trap] ")
        .or_else(|| text.strip_prefix("wasm3 error: [trap] "));
    let named = trapped.and_then(|trapped| {
        let mut named = NAMED.iter();
        named.find_map(|(words, trap)| trapped.starts_with(words).then(|| trap.clone()))
    });
    named.unwrap_or(Trap::Other(text))
}
