// Long because it is one list of cases over one guest.
use super::*;
use crate::{Dims, ManifestSpec, StateSpec, TensorSpec, abi_version};
use alloc::{string::String, vec, vec::Vec};
use guest_abi::slot;

/// Doubles its first input, and says where its manifest let something pass.
struct Double;

const fn floats(name: &'static str) -> TensorSpec {
    TensorSpec {
        name,
        dtype: DType::F32,
        dims: &[-1, 2],
        len_max: 64,
    }
}

impl Guest for Double {
    const MANIFEST: ManifestSpec = ManifestSpec {
        name: "double",
        version: "1.0.0",
        abi: abi_version(),
        model_format: "",
        inputs: &[floats("x")],
        outputs: &[floats("y")],
        state: &[StateSpec {
            output: "y",
            input: "x",
            initial: &[],
        }],
        labels: &[],
        features: &[],
    };

    fn predict(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        let x = inputs.f32(0)?;
        let y = outputs.f32(0, &inputs.dims(0)?)?;
        for (y, x) in y.iter_mut().zip(x) {
            *y = 2.0 * x;
        }
        Ok(())
    }
}

/// Answers with its model's bytes.
struct Echo(&'static [u8]);

impl Guest for Echo {
    const MANIFEST: ManifestSpec = ManifestSpec {
        model_format: "bytes",
        inputs: &[],
        outputs: &[],
        state: &[],
        ..Double::MANIFEST
    };

    fn predict(&mut self, _: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), Error> {
        let len = u32::try_from(self.0.len()).map_err(|_| Error::OutOfMemory)?;
        outputs.u8(0, &[len])?.copy_from_slice(self.0);
        Ok(())
    }
}

impl Load for Echo {
    fn load(model: &'static [u8]) -> Result<Self, Error> {
        if model.is_empty() {
            return Err(Error::ModelCorrupt("the model is empty".into()));
        }
        Ok(Self(model))
    }
}

/// What a host does: reserves buffers, writes descriptors, calls, reads back.
struct Host<G> {
    instance: Instance<G>,
    table: i32,
}

impl<G: Guest> Host<G> {
    fn new(instance: Instance<G>) -> Self {
        let table = instance.buffer(slot::DESCRIPTORS, 4 * 48);
        Self { instance, table }
    }

    fn place(&self, position: usize, tensor: Tensor) {
        let done = self.instance.0.with(|state| {
            state.slots.table.bytes_mut()[48 * position..][..48]
                .copy_from_slice(&tensor.to_bytes());
        });
        assert!(done.is_some());
    }

    fn tensor(&self, position: usize) -> Tensor {
        let tensor = self.instance.0.with(|state| {
            let bytes = &state.slots.table.bytes()[48 * position..][..48];
            Tensor::from_bytes(bytes.try_into().expect("48 bytes"))
        });
        tensor.expect("idle")
    }

    fn input(&self, position: usize, dims: &[u32], bytes: &[u8]) -> Tensor {
        let tensor = self.buffer(position, u32::try_from(bytes.len()).expect("short"));
        self.instance.0.with(|state| {
            state.slots.tensors[position].bytes_mut()[..bytes.len()].copy_from_slice(bytes);
        });
        let mut input = Tensor {
            len: tensor.capacity,
            dtype: DType::F32.code(),
            ..tensor
        };
        Dims::new(dims).expect("few").write_to(&mut input);
        self.place(position, input);
        input
    }

    fn buffer(&self, position: usize, capacity: u32) -> Tensor {
        let slot = slot::TENSORS + i32::try_from(position).expect("small");
        let len = i32::try_from(capacity).expect("small");
        let tensor = Tensor {
            data: self.instance.buffer(slot, len).cast_unsigned(),
            capacity,
            ..Tensor::EMPTY
        };
        self.place(position, tensor);
        tensor
    }

    fn predict(&self, inputs: i32, outputs: i32) -> i32 {
        self.instance
            .predict(self.table, inputs, self.table + 48 * inputs, outputs)
    }

    fn bytes(&self, position: usize) -> Vec<u8> {
        let len = usize::try_from(self.tensor(position).len).expect("small");
        let bytes = self
            .instance
            .0
            .with(|state| state.slots.tensors[position].bytes()[..len].to_vec());
        bytes.expect("idle")
    }

    fn words(&self) -> String {
        let words = self
            .instance
            .0
            .with(|state| String::from_utf8_lossy(state.words.as_bytes()).into_owned());
        words.expect("idle")
    }
}

fn double() -> Host<Double> {
    Host::new(Instance::new(Some(Double)))
}

const FOUR: [f32; 4] = [1.0, -2.0, 0.5, 4.0];

fn le(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

#[test]
fn a_call_reads_its_inputs_and_writes_its_outputs() {
    let host = double();
    host.input(0, &[2, 2], &le(&FOUR));
    host.buffer(1, 64);
    assert_eq!(host.predict(1, 1), code::OK, "{}", host.words());
    assert_eq!(host.bytes(1), le(&[2.0, -4.0, 1.0, 8.0]));
    let output = host.tensor(1);
    assert_eq!((output.dtype, output.rank), (DType::F32.code(), 2));
    assert_eq!(output.dims[..3], [2, 2, 0]);
    assert_eq!(host.instance.error(), 0);
}

#[test]
fn a_small_output_says_what_it_needs() {
    let host = double();
    host.input(0, &[2, 2], &le(&FOUR));
    host.buffer(1, 12);
    assert_eq!(host.predict(1, 1), code::OUTPUT_TOO_SMALL);
    assert_eq!(host.tensor(1).len, 16);
    assert_eq!(host.words(), "output 0 needs 16 bytes, has 12");
    assert_ne!(host.instance.error(), 0);

    host.buffer(1, host.tensor(1).len);
    assert_eq!(host.predict(1, 1), code::OK);
    assert_eq!(host.instance.error(), 0);
}

#[test]
fn an_output_that_was_not_written_has_no_length() {
    let host = double();
    host.input(0, &[4], &le(&FOUR));
    let output = host.buffer(1, 64);
    host.place(
        1,
        Tensor {
            len: 64,
            dtype: 9,
            rank: 200,
            ..output
        },
    );
    assert_eq!(host.predict(1, 1), code::SHAPE);
    assert_eq!(host.tensor(1), output);
}

#[test]
fn inputs_that_contradict_the_manifest_are_refused_in_words() {
    let host = double();
    host.buffer(1, 64);
    let input = host.input(0, &[4], &le(&FOUR));
    assert_eq!(host.predict(1, 1), code::SHAPE);
    assert_eq!(
        host.words(),
        "input 0: expected [-1, 2] of at most 64 bytes, got [4]"
    );

    host.place(
        0,
        Tensor {
            dtype: DType::I32.code(),
            ..input
        },
    );
    assert_eq!(host.predict(1, 1), code::SHAPE);
    assert_eq!(host.words(), "input 0: expected f32, got i32");

    host.input(0, &[9, 2], &le(&[0.0; 18]));
    assert_eq!(host.predict(1, 1), code::SHAPE);

    assert_eq!(host.predict(0, 1), code::SHAPE);
    assert_eq!(host.words(), "expected 1 inputs, got 0");
    host.input(0, &[2, 2], &le(&FOUR));
    assert_eq!(host.predict(1, 2), code::FAILED);
    assert_eq!(host.words(), "expected 1 outputs, got 2");
}

#[test]
fn descriptors_that_lie_are_refused() {
    let host = double();
    let output = host.buffer(1, 64);
    let good = host.input(0, &[2, 2], &le(&FOUR));
    assert_eq!(host.predict(1, 1), code::OK);

    let lies = [
        Tensor {
            data: good.data + 4,
            ..good
        },
        Tensor {
            data: good.data - 4,
            ..good
        },
        Tensor {
            data: output.data,
            ..good
        },
        Tensor { data: 0, ..good },
        Tensor {
            data: u32::MAX,
            ..good
        },
        Tensor { len: 12, ..good },
        Tensor {
            len: u32::MAX,
            dims: [u32::MAX; 8],
            ..good
        },
        Tensor {
            dims: [0x8000_0000, 2, 0, 0, 0, 0, 0, 0],
            len: 0,
            ..good
        },
        Tensor { dtype: 0, ..good },
        Tensor { rank: 9, ..good },
        Tensor { rank: 255, ..good },
    ];
    for lie in lies {
        host.place(0, lie);
        assert_eq!(host.predict(1, 1), code::FAILED, "{lie:?}");
    }
    host.place(0, good);
    for lie in [
        Tensor {
            data: output.data + 2,
            ..output
        },
        Tensor {
            data: output.data + 64,
            ..output
        },
        Tensor {
            data: good.data,
            ..output
        },
        Tensor {
            data: 0,
            capacity: u32::MAX,
            ..output
        },
    ] {
        host.place(1, lie);
        assert_eq!(host.predict(1, 1), code::FAILED, "{lie:?}");
    }
}

#[test]
fn tables_outside_of_their_buffer_are_refused() {
    let host = double();
    let table = host.table;
    host.buffer(1, 64);
    host.input(0, &[2, 2], &le(&FOUR));
    for (inputs, n_inputs, outputs, n_outputs) in [
        (0, 1, table + 48, 1),
        (table, 1, table, 1),
        (table + 48, 1, table, 1),
        (table + 2, 1, table + 50, 1),
        (table, 1, table + 4 * 48, 1),
        (table - 48, 1, table + 48, 1),
        (-1, 1, -1, 1),
        (table, -1, table + 48, 1),
        (table, 1, table + 48, i32::MAX),
        (table, i32::MAX, table + 48, i32::MAX),
        (table, 5, table + 48, 1),
    ] {
        let result = host.instance.predict(inputs, n_inputs, outputs, n_outputs);
        assert_eq!(
            result,
            code::FAILED,
            "{inputs} {n_inputs} {outputs} {n_outputs}"
        );
        assert_ne!(host.words(), "");
    }
}

#[test]
fn a_model_is_loaded_once_and_borrowed() {
    let host = Host::new(Instance::<Echo>::new(None));
    assert_eq!(host.predict(0, 1), code::FAILED);
    assert_eq!(host.words(), "no model is loaded");

    let at = host.instance.buffer(slot::MODEL, 3);
    host.instance.0.with(|state| {
        state.slots.model_mut()[..3].copy_from_slice(b"abc");
    });
    assert_eq!(host.instance.load_model(at, 64), code::FAILED);
    assert_eq!(host.instance.load_model(at, -1), code::FAILED);
    assert_eq!(host.instance.load_model(at, 3), code::OK);
    assert_eq!(host.instance.buffer(slot::MODEL, 3), 0);
    assert_eq!(host.instance.load_model(at, 3), code::FAILED);
    assert_eq!(host.words(), "a model is loaded already");

    host.buffer(0, 16);
    assert_eq!(host.predict(0, 1), code::OK, "{}", host.words());
    assert_eq!(host.bytes(0), b"abc");
    assert_eq!(host.instance.open(), code::OK);
}

#[test]
fn a_refused_model_is_explained() {
    let host = Host::new(Instance::<Echo>::new(None));
    let at = host.instance.buffer(slot::MODEL, 3);
    assert_eq!(host.instance.load_model(at, 0), code::MODEL_CORRUPT);
    assert_eq!(host.words(), "the model is empty");
    assert_eq!(host.instance.open(), code::FAILED);
}

#[test]
fn errors_have_the_codes_of_the_contract() {
    let dims = Dims::new(&[1]).expect("rank 1");
    let expected = vec![
        (
            Error::InputCount {
                expected: 1,
                got: 2,
            },
            -3,
        ),
        (
            Error::InputShape {
                input: 0,
                expected: "[2]".into(),
                got: dims,
            },
            -3,
        ),
        (
            Error::OutputTooSmall {
                output: 0,
                needed: 2,
                capacity: 1,
            },
            -2,
        ),
        (Error::ModelCorrupt("x".into()), -4),
        (Error::ModelUnsupported("x".into()), -5),
        (Error::OutOfMemory, -6),
        (Error::Failed("x".into()), -1),
    ];
    for (error, code) in expected {
        assert_eq!(error.code(), code, "{error}");
    }
}
