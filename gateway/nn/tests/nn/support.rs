use std::{fs, path::PathBuf, sync::Arc, time::Duration, time::Instant};

use nn_graph::{Finish, Graph as Description, GraphTensor, Prepare};
use weir_engine::{NnCall, NnFunction, NnHost};
use weir_nn::{Backend, Bounds, Graph, Graphs, Tract};

pub(crate) const F32: u8 = 1;
/// The number of `f32` in `wasi_ephemeral_nn`.
pub(crate) const NN_F32: u8 = 1;
pub(crate) const INPUT_BYTES: usize = 32 * 4;
pub(crate) const OUTPUT_BYTES: usize = 4 * 4;

/// The network of the pump's bands: 32 numbers in, 4 out.
pub(crate) fn description() -> Description {
    let tensor = |name: &str, dims: &[u32]| GraphTensor {
        name: name.to_owned(),
        dtype: F32,
        dims: dims.to_vec(),
    };
    Description {
        name: "bands".to_owned(),
        inputs: vec![tensor("bands", &[1, 32])],
        outputs: vec![tensor("class", &[1, 4])],
        prepare: Prepare::AsIs,
        finish: Finish::AsIs,
    }
}

pub(crate) fn file(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/vibration-bands");
    fs::read(folder.join(name)).expect("the model is in the repository")
}

pub(crate) fn graph() -> Arc<Graph> {
    let graph = Tract.prepare(&description(), &file("model.onnx"));
    graph.expect("tract takes the model")
}

pub(crate) const BOUNDS: Bounds = Bounds {
    contexts_max: 2,
    tensor_bytes_max: 1 << 20,
};

pub(crate) fn provider(graph: &Arc<Graph>, bounds: Bounds) -> Arc<dyn weir_engine::NnProvider> {
    Graphs::new(vec![("bands".to_owned(), Arc::clone(graph))], bounds).provider()
}

/// A guest's memory and its way to the backend. Where things lie is up to the tests.
pub(crate) struct Guest {
    pub(crate) memory: Vec<u8>,
    pub(crate) nn: Box<dyn NnHost>,
    pub(crate) ends: Instant,
}

/// Addresses in the memory.
pub(crate) const NAME: i32 = 16;
pub(crate) const HANDLE: i32 = 32;
pub(crate) const RECORD: i32 = 64;
pub(crate) const DIMS: i32 = 96;
pub(crate) const INPUT: i32 = 128;
pub(crate) const OUTPUT: i32 = 512;

impl Guest {
    pub(crate) fn new(nn: Box<dyn NnHost>) -> Self {
        let mut guest = Self {
            memory: vec![0; 1024],
            nn,
            ends: Instant::now() + Duration::from_secs(600),
        };
        guest.put(NAME, b"bands");
        guest.put(DIMS, &[1_u32.to_le_bytes(), 32_u32.to_le_bytes()].concat());
        guest.record(DIMS, 2, NN_F32, INPUT, 128);
        guest
    }

    pub(crate) fn put(&mut self, address: i32, bytes: &[u8]) {
        let at = usize::try_from(address).expect("an address");
        self.memory[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub(crate) fn get(&self, address: i32, len: usize) -> &[u8] {
        let at = usize::try_from(address).expect("an address");
        &self.memory[at..at + len]
    }

    pub(crate) fn word(&self, address: i32) -> i32 {
        i32::from_le_bytes(self.get(address, 4).try_into().expect("four bytes"))
    }

    /// A tensor record, as the crate `wasi-nn` lays it out.
    pub(crate) fn record(&mut self, dims: i32, rank: i32, number: u8, data: i32, len: i32) {
        let [dims, rank, data, len] = [dims, rank, data, len].map(i32::to_le_bytes);
        let record = [dims, rank, [number, 0, 0, 0], data, len].concat();
        self.put(RECORD, &record);
    }

    pub(crate) fn call(&mut self, function: NnFunction, args: &[i32]) -> i32 {
        let mut all = [0; 5];
        all[..args.len()].copy_from_slice(args);
        self.nn.call(NnCall {
            function,
            args: all,
            memory: &mut self.memory,
            ends: self.ends,
        })
    }

    /// Opens the graph and a context; its handle.
    pub(crate) fn opened(&mut self) -> i32 {
        assert_eq!(self.call(NnFunction::LoadByName, &[NAME, 5, HANDLE]), 0);
        let graph = self.word(HANDLE);
        let code = self.call(NnFunction::InitExecutionContext, &[graph, HANDLE]);
        assert_eq!(code, 0);
        self.word(HANDLE)
    }
}

pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    let chunks = bytes.chunks_exact(4);
    chunks
        .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")))
        .collect()
}
