#![expect(
    clippy::as_conversions,
    reason = "`const` functions have no `From`; a manifest is far below 4 GiB"
)]

use crate::DType;

/// A guest's manifest as its author writes it; its bytes are made at compile time by [`ManifestSpec::encode`].
#[derive(Debug, Clone, Copy)]
pub struct ManifestSpec {
    /// The guest's name.
    pub name: &'static str,
    /// The guest's version (semantic versioning).
    pub version: &'static str,
    /// [`abi_version`](crate::abi_version) that it was built for.
    pub abi: i32,
    /// The format of the models that it loads ("onnx"); empty = it needs none.
    pub model_format: &'static str,
    /// The inputs of `predict`, in order; empty together with `outputs` = the model states them.
    pub inputs: &'static [TensorSpec],
    /// The outputs of `predict`, in order.
    pub outputs: &'static [TensorSpec],
    /// The outputs that come back as inputs of the same device's next call.
    pub state: &'static [StateSpec],
    /// The labels of the first output's elements; may be empty.
    pub labels: &'static [&'static str],
    /// WebAssembly features beyond WASM1 that the code uses ("simd", "bulk-memory" …).
    pub features: &'static [&'static str],
}

/// One tensor of a manifest.
#[derive(Debug, Clone, Copy)]
pub struct TensorSpec {
    /// Its name.
    pub name: &'static str,
    /// The type of its elements.
    pub dtype: DType,
    /// Its sizes; −1 = varies.
    pub dims: &'static [i32],
    /// The greatest number of bytes that it may have.
    pub len_max: u32,
}

/// A tensor that the host keeps for each device between calls.
#[derive(Debug, Clone, Copy)]
pub struct StateSpec {
    /// The output that is kept.
    pub output: &'static str,
    /// The input that it becomes.
    pub input: &'static str,
    /// The bytes of a new device's first value; empty = zeros.
    pub initial: &'static [u8],
}

impl ManifestSpec {
    /// The number of bytes of the encoded manifest.
    #[expect(clippy::len_without_is_empty, reason = "a manifest is never empty")]
    #[must_use]
    pub const fn len(&self) -> usize {
        let (_, len) = self.write::<0>();
        len
    }

    /// The manifest in postcard's wire format. `N` must be [`ManifestSpec::len`].
    ///
    /// # Panics
    /// Panics (while compiling) where `N` is another length.
    #[must_use]
    pub const fn encode<const N: usize>(&self) -> [u8; N] {
        let (bytes, len) = self.write::<N>();
        assert!(len == N, "N must be ManifestSpec::len()");
        bytes
    }

    const fn write<const N: usize>(&self) -> ([u8; N], usize) {
        let mut writer = Writer::<N> {
            bytes: [0; N],
            len: 0,
        };
        writer.text(self.name);
        writer.text(self.version);
        writer.signed(self.abi);
        writer.text(self.model_format);
        writer.tensors(self.inputs);
        writer.tensors(self.outputs);
        writer.state(self.state);
        writer.texts(self.labels);
        writer.texts(self.features);
        (writer.bytes, writer.len)
    }
}

/// postcard's wire format (varints, zig-zag, length-prefixed sequences) in `const` functions.
/// Source: the postcard specification, <https://postcard.jamesmunns.com/wire-format>.
struct Writer<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Writer<N> {
    const fn byte(&mut self, byte: u8) {
        if self.len < N {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
    }

    const fn unsigned(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.byte((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    const fn signed(&mut self, value: i32) {
        self.unsigned(((value << 1) ^ (value >> 31)) as u32);
    }

    const fn raw(&mut self, bytes: &[u8]) {
        self.unsigned(bytes.len() as u32);
        let mut index = 0;
        while index < bytes.len() {
            self.byte(bytes[index]);
            index += 1;
        }
    }

    const fn text(&mut self, text: &str) {
        self.raw(text.as_bytes());
    }

    const fn texts(&mut self, texts: &[&str]) {
        self.unsigned(texts.len() as u32);
        let mut index = 0;
        while index < texts.len() {
            self.text(texts[index]);
            index += 1;
        }
    }

    const fn tensors(&mut self, tensors: &[TensorSpec]) {
        self.unsigned(tensors.len() as u32);
        let mut index = 0;
        while index < tensors.len() {
            let tensor = &tensors[index];
            self.text(tensor.name);
            self.byte(tensor.dtype.code());
            self.unsigned(tensor.dims.len() as u32);
            let mut axis = 0;
            while axis < tensor.dims.len() {
                self.signed(tensor.dims[axis]);
                axis += 1;
            }
            self.unsigned(tensor.len_max);
            index += 1;
        }
    }

    const fn state(&mut self, pairs: &[StateSpec]) {
        self.unsigned(pairs.len() as u32);
        let mut index = 0;
        while index < pairs.len() {
            self.text(pairs[index].output);
            self.text(pairs[index].input);
            self.raw(pairs[index].initial);
            index += 1;
        }
    }
}
