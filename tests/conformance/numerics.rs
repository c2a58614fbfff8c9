//! Every arithmetic instruction of WASM1 on the values where engines differ if they differ: against the host's own
//! arithmetic, and engine against engine. A NaN may be any NaN (WebAssembly leaves its bits open), except where the
//! instruction only moves bits.

mod ops;
mod values;

use std::sync::Arc;

use guest_abi::DType;
use weir_engine::{Engine, Guest, GuestCode, InvokeError, Limits, Signature, Tensor, TensorRef};

use self::ops::Op;
use crate::bench::{code, engines, limits, open_with, tensor};

crate::on_every_engine! {
    computes_what_the_host_computes,
    traps_where_no_result_exists,
}

const LEN_MAX: u32 = 256 * 1024;

fn computes_what_the_host_computes(engine: &dyn Engine) {
    let ops = ops::all();
    let mut guest = battery(engine, &ops);
    for (index, op) in ops.iter().enumerate() {
        let pairs = pairs(op);
        let results = run(&mut guest, index, &pairs).expect(op.wat);
        assert_eq!(results.len(), pairs.len(), "{}", op.wat);
        for ((a, b), found) in pairs.into_iter().zip(results) {
            let wanted = (op.host)(a, b).expect("chosen to have a result");
            assert!(
                same(op, engine.keeps_nan_bits(), found, wanted),
                "{} of {a:#x} and {b:#x}: {found:#x}, not {wanted:#x}",
                op.wat
            );
        }
    }
}

fn traps_where_no_result_exists(engine: &dyn Engine) {
    let ops = ops::all();
    for (index, op) in ops.iter().enumerate() {
        let Some(pair) = values::pairs().find(|(a, b)| (op.host)(*a, *b).is_none()) else {
            continue;
        };
        let error = run(&mut battery(engine, &ops), index, &[pair]).expect_err(op.wat);
        assert_eq!(error.code(), "guest_trap", "{}", op.wat);
    }
}

#[test]
fn engines_agree_with_each_other() {
    let ops = ops::all();
    let [mut first, others @ ..] = engines().map(|engine| {
        let guest = battery(engine.as_ref(), &ops);
        (guest, engine.keeps_nan_bits())
    });
    for (mut other, keeps) in others {
        for (index, op) in ops.iter().enumerate() {
            let pairs = pairs(op);
            let one = run(&mut first.0, index, &pairs).expect(op.wat);
            let other = run(&mut other, index, &pairs).expect(op.wat);
            for (one, other) in one.into_iter().zip(other) {
                let same = same(op, keeps, other, one);
                assert!(same, "{}: {one:#x} and {other:#x}", op.wat);
            }
        }
    }
}

/// Whether a result is the one wanted, or another where WebAssembly or the engine leaves that open.
fn same(op: &Op, keeps_nan_bits: bool, found: u64, wanted: u64) -> bool {
    let open = op.is_nan(found) && op.is_nan(wanted);
    let quieted = !keeps_nan_bits && op.quieted(wanted) == Some(found);
    found == wanted || open || quieted
}

/// The pairs for which the instruction has a result.
fn pairs(op: &Op) -> Vec<(u64, u64)> {
    let has_result = |pair: &(u64, u64)| (op.host)(pair.0, pair.1).is_some();
    values::pairs().filter(has_result).collect()
}

fn battery(engine: &dyn Engine, ops: &[Op]) -> Guest {
    let limits = Limits {
        memory_bytes_max: 4 * 1024 * 1024,
        input_bytes_max: 1024 * 1024,
        output_bytes_max: 1024 * 1024,
        ..limits()
    };
    let inputs = vec![
        tensor("op", DType::I32, &[1], 4),
        tensor("pairs", DType::I64, &[-1], LEN_MAX),
    ];
    let outputs = vec![tensor("results", DType::I64, &[-1], LEN_MAX)];
    let signature = Arc::new(Signature::new(inputs, outputs, Vec::new()).expect("sound"));
    open_with(engine, &module(ops), signature, None, &limits).expect("it opens")
}

fn run(guest: &mut Guest, op: usize, pairs: &[(u64, u64)]) -> Result<Vec<u64>, InvokeError> {
    let op = u32::try_from(op).expect("few").to_le_bytes();
    let flat = pairs.iter().flat_map(|(a, b)| [*a, *b]);
    let data: Vec<u8> = flat.flat_map(u64::to_le_bytes).collect();
    let count = u32::try_from(2 * pairs.len()).expect("few");
    let inputs = [
        TensorRef {
            dtype: DType::I32,
            dims: &[1],
            data: &op,
        },
        TensorRef {
            dtype: DType::I64,
            dims: &[count],
            data: &data,
        },
    ];
    let mut outputs: Vec<Tensor> = Vec::new();
    guest.predict(&inputs, None, &mut outputs)?;
    let (chunks, _) = outputs[0].data.as_chunks::<8>();
    Ok(chunks.iter().copied().map(u64::from_le_bytes).collect())
}

/// A function for each instruction, and one that applies the chosen one to every pair.
fn module(ops: &[Op]) -> GuestCode {
    let functions: String = ops
        .iter()
        .enumerate()
        .map(|(at, op)| op.function(at))
        .collect();
    let names: String = (0..ops.len()).map(|at| format!(" $op{at}")).collect();
    let defaults = [
        include_str!("../fixtures/defaults/weir_abi.wat"),
        include_str!("../fixtures/defaults/weir_buffer.wat"),
        include_str!("../fixtures/numerics.wat"),
    ];
    let text = format!(
        "(module (memory (export \"memory\") 32 32) (table {} funcref) (elem (i32.const 0){names}) {} {functions})",
        ops.len(),
        defaults.concat(),
    );
    code("numerics", &text)
}
