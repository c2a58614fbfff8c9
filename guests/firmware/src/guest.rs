use firmware_feed::Feed;
use guest_abi::{ABI_MAJOR, code, export, slot};
use wasmi::{Instance, Memory, Module, Store, TypedFunc, WasmParams};

use crate::{
    failure::{Failure, Step},
    host::{self, Host},
};

/// An opened guest, driven as the gateway drives it: every value that comes from it is checked.
pub(crate) struct Guest {
    store: Store<Host>,
    memory: Memory,
    buffer: TypedFunc<(i32, i32), i32>,
    predict: TypedFunc<(i32, i32, i32, i32), i32>,
    fuel_max: u64,
}

impl Guest {
    /// Instantiates the guest, checks its ABI, loads its model and opens it.
    pub(crate) fn open(feed: &Feed<'_>) -> Result<Self, Failure> {
        let engine = host::engine();
        let module = Module::new(&engine, feed.guest)?;
        let mut store = Store::new(&engine, Host::new(feed.memory_bytes_max));
        store.limiter(|host| &mut host.limits);
        store.set_fuel(u64::MAX)?;
        let instance = host::linker(&engine)?.instantiate_and_start(&mut store, &module)?;
        let memory = instance
            .get_memory(&store, export::MEMORY)
            .ok_or(Failure::Missing(export::MEMORY))?;
        let buffer = function(&instance, &store, export::BUFFER)?;
        let predict = function(&instance, &store, export::PREDICT)?;
        let mut guest = Self {
            store,
            memory,
            buffer,
            predict,
            fuel_max: feed.fuel_max,
        };
        guest.begin(&instance, feed.model)?;
        Ok(guest)
    }

    fn begin(&mut self, instance: &Instance, model: &[u8]) -> Result<(), Failure> {
        if let Ok(initialize) = instance.get_typed_func::<(), ()>(&self.store, export::INITIALIZE) {
            initialize.call(&mut self.store, ())?;
        }
        let version = function::<()>(instance, &self.store, export::ABI)?;
        let major = version.call(&mut self.store, ())? >> 16;
        if major != i32::from(ABI_MAJOR) {
            return Err(Failure::Abi { major });
        }
        if !model.is_empty() {
            let address = self.reserve(slot::MODEL, model.len())?;
            self.write(address, model)?;
            let load = function(instance, &self.store, export::LOAD_MODEL)?;
            let len = i32::try_from(model.len()).unwrap_or(i32::MAX);
            let code = load.call(&mut self.store, (address.cast_signed(), len))?;
            expect_ok(Step::LoadModel, code)?;
        }
        if let Ok(open) = function::<()>(instance, &self.store, export::OPEN) {
            let code = open.call(&mut self.store, ())?;
            expect_ok(Step::Open, code)?;
        }
        Ok(())
    }

    /// A buffer of the guest, for the host to write to.
    pub(crate) fn reserve(&mut self, slot: i32, bytes: usize) -> Result<u32, Failure> {
        let bytes = bytes.max(16);
        let refused = Failure::Refused { slot, bytes };
        let Ok(len) = i32::try_from(bytes) else {
            return Err(refused);
        };
        match self.buffer.call(&mut self.store, (slot, len))? {
            0 => Err(refused),
            address => {
                let address = address.cast_unsigned();
                self.read(address, bytes).map(|_| address)
            }
        }
    }

    /// One inference; gives the fuel that it took.
    pub(crate) fn predict(&mut self, args: (i32, i32, i32, i32)) -> Result<u64, Failure> {
        self.store.set_fuel(self.fuel_max)?;
        let code = self.predict.call(&mut self.store, args)?;
        expect_ok(Step::Predict, code)?;
        Ok(self.fuel_max - self.store.get_fuel()?)
    }

    /// Bytes of its memory as it is now.
    pub(crate) fn read(&self, address: u32, len: usize) -> Result<&[u8], Failure> {
        let outside = || Failure::Outside { address, len };
        let start = usize::try_from(address).map_err(|_| outside())?;
        let end = start.checked_add(len).ok_or_else(outside)?;
        let memory = self.memory.data(&self.store);
        memory.get(start..end).ok_or_else(outside)
    }

    pub(crate) fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Failure> {
        let len = bytes.len();
        self.read(address, len)?;
        let start = usize::try_from(address).map_err(|_| Failure::Outside { address, len })?;
        self.memory.data_mut(&mut self.store)[start..start + len].copy_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory.data(&self.store).len()
    }
}

fn function<Params: WasmParams>(
    instance: &Instance,
    store: &Store<Host>,
    name: &'static str,
) -> Result<TypedFunc<Params, i32>, Failure> {
    instance
        .get_typed_func(store, name)
        .map_err(|_| Failure::Missing(name))
}

const fn expect_ok(call: Step, code: i32) -> Result<(), Failure> {
    match code {
        code::OK => Ok(()),
        code => Err(Failure::Returned { call, code }),
    }
}
