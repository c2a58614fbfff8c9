use std::{fs, path::Path, sync::Arc};

use guest_abi::TensorInfo;
use weir_engine::{Equipment, Guest, GuestCode, Tensor, TensorRef};
use weir_profile::Profile;
use weir_store::{Golden, Model};

use crate::{command::values::values, graphs};

/// What one engine gave.
pub(super) struct Outcome {
    pub(super) runs: usize,
    pub(super) difference: f64,
    pub(super) tolerance: f64,
    /// Of every output in turn: the same on two machines where all outputs are the same to the bit.
    pub(super) digest: [u8; 32],
}

/// Opens the guest and runs it on golden inputs, or on zeros.
pub(super) fn try_engine(
    engine: &dyn weir_engine::Engine,
    profile: &Profile,
    code: &GuestCode,
    model: Option<&Model>,
    golden: Option<&Golden>,
) -> Result<Outcome, Box<dyn std::error::Error>> {
    let signature = Arc::new(weir_store::signature(code, model)?);
    let told = model.map(|model| weir_store::guest_model(code, model));
    let equipment = Equipment {
        model: told.transpose()?,
        nn: graphs::equip(code, profile, model)?,
    };
    let module = engine.load(code, &equipment, &profile.limits)?;
    let bytes = equipment.model.as_ref().map(|model| &*model.bytes);
    let mut guest = Guest::open(&*module, signature, bytes, &profile.limits)?;
    let mut outputs = Vec::new();
    let comparable = model.is_none_or(|model| graphs::keeps_tensors(code, model));
    let Some(golden) = golden.filter(|_| comparable) else {
        let inputs: Vec<Tensor> = guest.signature().given_inputs().map(zeros).collect();
        let inputs: Vec<TensorRef<'_>> = inputs.iter().map(Tensor::as_ref).collect();
        guest.predict(&inputs, None, &mut outputs)?;
        return Ok(Outcome {
            runs: 1,
            difference: 0.0,
            tolerance: 0.0,
            digest: digest([0; 32], &outputs),
        });
    };
    let info = guest
        .signature()
        .given_inputs()
        .next()
        .cloned()
        .ok_or("the model has no input")?;
    let dims: Vec<u32> = info
        .dims
        .iter()
        .map(|dim| u32::try_from(*dim).unwrap_or(1))
        .collect();
    let dtype = info
        .dtype()
        .ok_or("the model's input has an unknown type")?;
    let cases = cases(golden)?;
    let (mut difference, mut digest_so_far) = (0.0_f64, [0; 32]);
    for (data, expected) in &cases {
        guest.predict(
            &[TensorRef {
                dtype,
                dims: &dims,
                data,
            }],
            None,
            &mut outputs,
        )?;
        digest_so_far = digest(digest_so_far, &outputs);
        let output = outputs.first().ok_or("the guest gave no output")?.as_ref();
        let wanted = TensorRef {
            data: expected,
            ..output
        };
        let pairs = values(&output).zip(values(&wanted));
        difference = pairs.map(|(a, b)| (a - b).abs()).fold(difference, f64::max);
    }
    Ok(Outcome {
        runs: cases.len(),
        difference,
        tolerance: golden.tolerance.into(),
        digest: digest_so_far,
    })
}

/// The digest of what came before, continued by the outputs of one call.
fn digest(before: [u8; 32], outputs: &[Tensor]) -> [u8; 32] {
    outputs.iter().fold(before, |digest, output| {
        weir_store::sha256(&[digest.as_slice(), output.data.as_slice()].concat())
    })
}

/// Each input with the output that it must give.
fn cases(golden: &Golden) -> std::io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let count = usize::try_from(golden.count).unwrap_or(usize::MAX).max(1);
    let parts = |file: &Path| -> std::io::Result<Vec<Vec<u8>>> {
        let bytes = fs::read(file)?;
        let size = (bytes.len() / count).max(1);
        Ok(bytes.chunks_exact(size).map(<[u8]>::to_vec).collect())
    };
    Ok(parts(&golden.inputs)?
        .into_iter()
        .zip(parts(&golden.outputs)?)
        .collect())
}

/// A tensor of these sizes; sizes that vary are 1.
pub(in crate::command) fn zeros(info: &TensorInfo) -> Tensor {
    let dtype = info.dtype().unwrap_or(guest_abi::DType::F32);
    let dims: Vec<u32> = info
        .dims
        .iter()
        .map(|dim| u32::try_from(*dim).unwrap_or(1))
        .collect();
    let elements = dims
        .iter()
        .map(|dim| usize::try_from(*dim).unwrap_or(0))
        .product::<usize>();
    Tensor {
        name: info.name.clone(),
        dtype,
        dims,
        data: vec![0; elements * dtype.bytes()],
    }
}
