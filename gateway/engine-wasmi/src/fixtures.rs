//! What the tests of this crate run code in.

use std::{sync::Arc, time::Duration};

use guest_abi::Manifest;
use weir_engine::{Budget, Equipment, GuestCode, GuestOrigin, Limits};

use crate::{engine::translate, instance::WasmiInstance};

const DEADLINE: Duration = Duration::from_secs(60);

/// An instance of a module, with limits that no test reaches by itself.
pub(crate) fn instance(wasm: Vec<u8>) -> WasmiInstance {
    let manifest = Manifest {
        name: String::new(),
        version: String::new(),
        abi: 0,
        model_format: String::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        state: Vec::new(),
        labels: Vec::new(),
        features: Vec::new(),
    };
    let code = GuestCode {
        name: "work".to_owned(),
        sha256: [0; 32],
        wasm: wasm.into(),
        manifest: Arc::new(manifest),
        origin: GuestOrigin::Memory,
    };
    let limits = Limits {
        memory_bytes_max: 1 << 20,
        table_elements_max: 0,
        stack_bytes_max: 64 * 1024,
        call_deadline: DEADLINE,
        load_deadline: DEADLINE,
        fuel_max: None,
        output_bytes_max: 0,
        input_bytes_max: 0,
        model_bytes_max: 0,
        simd: false,
    };
    let module = translate(&code, &Equipment::default(), &limits).expect("it loads");
    module.instance().expect("it instantiates")
}

/// What a call may spend: all the time that a test has.
pub(crate) fn budget(fuel: Option<u64>) -> Budget {
    Budget {
        deadline: DEADLINE,
        fuel,
    }
}
