use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use wasmparser::ValType;
use wasmtime::Val;
use wasmtime_wizer::{InstanceState, ModuleContext, SnapshotVal, Wizer};

use crate::instance::WasmtimeInstance;

/// What the names begin with under which an instrumented guest exports its state.
const EXPORTED: &str = "__wizer_global_";

/// A guest's code with all of its state exported, so that an instance of it can be looked into.
pub(crate) struct Instrumented<'a> {
    wizer: Wizer,
    context: ModuleContext<'a>,
    pub(crate) wasm: Vec<u8>,
}

impl<'a> Instrumented<'a> {
    /// The error is the reason why no snapshot can be taken of this guest, whatever its model.
    pub(crate) fn new(wasm: &'a [u8]) -> Result<Self, String> {
        let wizer = Wizer::new();
        let (context, wasm) = wizer
            .instrument(wasm)
            .map_err(|error| format!("{error:#}"))?;
        Ok(Self {
            wizer,
            context,
            wasm,
        })
    }

    /// The guest's code, changed so that its instances begin as this one is now.
    pub(crate) fn taken_of(&self, instance: &mut WasmtimeInstance) -> Result<Vec<u8>, String> {
        let globals = instance.globals(EXPORTED);
        let mut state = Finished {
            globals: globals.into_iter().map(value).collect::<Result<_, _>>()?,
            memory: instance.memory(),
        };
        let taken = self.wizer.snapshot(&self.context, &mut state);
        match pin!(taken).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(snapshot) => snapshot.map_err(|error| format!("{error:#}")),
            Poll::Pending => Err("the snapshot waits for something".to_owned()),
        }
    }
}

/// An instance that runs no more.
struct Finished<'a> {
    globals: Vec<(String, Bits)>,
    memory: &'a [u8],
}

#[derive(Clone, Copy)]
enum Bits {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    V128(u128),
}

impl InstanceState for Finished<'_> {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let mut globals = self.globals.iter();
        let found = globals.find(|(known, _)| known == name);
        let (_, bits) = found.expect("it was instrumented to export every global that it changes");
        match *bits {
            Bits::I32(bits) => SnapshotVal::I32(bits),
            Bits::I64(bits) => SnapshotVal::I64(bits),
            Bits::F32(bits) => SnapshotVal::F32(bits),
            Bits::F64(bits) => SnapshotVal::F64(bits),
            Bits::V128(bits) => SnapshotVal::V128(bits),
        }
    }

    /// Guests have one memory.
    async fn memory_contents(&mut self, _: &str, contents: impl FnOnce(&[u8]) + Send) {
        contents(self.memory);
    }
}

fn value((name, value): (String, Val)) -> Result<(String, Bits), String> {
    let bits = match value {
        Val::I32(bits) => Bits::I32(bits),
        Val::I64(bits) => Bits::I64(bits),
        Val::F32(bits) => Bits::F32(bits),
        Val::F64(bits) => Bits::F64(bits),
        Val::V128(bits) => Bits::V128(bits.as_u128()),
        Val::FuncRef(_) | Val::ExternRef(_) | Val::AnyRef(_) | Val::ExnRef(_) | Val::ContRef(_) => {
            return Err(format!("{name} is a reference"));
        }
    };
    Ok((name, bits))
}
