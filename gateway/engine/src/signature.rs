use guest_abi::{DType, RANK_MAX, StatePair, TensorInfo};

/// The greatest number of inputs, and of outputs, of one guest: a bound on the descriptor table.
pub const TENSORS_MAX: usize = 64;

/// What `predict` takes and gives, checked: from the guest's manifest, or from the model's where the guest's is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    inputs: Vec<TensorInfo>,
    outputs: Vec<TensorInfo>,
    state: Vec<StatePair>,
    links: Vec<StateLink>,
}

/// A state pair by the indices of its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StateLink {
    pub(crate) input: usize,
    pub(crate) output: usize,
}

/// Why tensors and state pairs make no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// No outputs, or more tensors than [`TENSORS_MAX`].
    #[error("{count} {side}: it takes 1 to {TENSORS_MAX} outputs and at most {TENSORS_MAX} inputs")]
    Count {
        /// "inputs" or "outputs".
        side: &'static str,
        /// How many there are.
        count: usize,
    },
    /// Two tensors of one side have one name.
    #[error("the name {name} stands twice among the {side}")]
    NameTwice {
        /// "inputs" or "outputs".
        side: &'static str,
        /// The name.
        name: String,
    },
    /// The type's code is unknown.
    #[error("tensor {name} has the unknown type {dtype}")]
    Type {
        /// The tensor.
        name: String,
        /// The code.
        dtype: u8,
    },
    /// More than [`RANK_MAX`] dimensions.
    #[error("tensor {name} has {rank} dimensions; {RANK_MAX} are possible")]
    Rank {
        /// The tensor.
        name: String,
        /// Its dimensions.
        rank: usize,
    },
    /// A size below −1.
    #[error("tensor {name} has the size {dim}; -1 stands for a size that varies")]
    Dim {
        /// The tensor.
        name: String,
        /// The size.
        dim: i32,
    },
    /// `len_max` is smaller than the tensor, or not addressable by the ABI.
    #[error("tensor {name} needs {bytes} bytes, its len_max is {len_max}")]
    LenMax {
        /// The tensor.
        name: String,
        /// The bytes that its sizes ask for.
        bytes: u64,
        /// What it states.
        len_max: u32,
    },
    /// A state pair names a tensor that does not exist, or one that another pair has.
    #[error("state pair {output} -> {input}: {name} is no free tensor of the {side}")]
    StateName {
        /// The pair's output.
        output: String,
        /// The pair's input.
        input: String,
        /// "inputs" or "outputs".
        side: &'static str,
        /// The name in question.
        name: String,
    },
    /// The two tensors of a state pair differ in type, sizes or `len_max`.
    #[error("state pair {output} -> {input}: the two differ in type, sizes or len_max")]
    StateShape {
        /// The pair's output.
        output: String,
        /// The pair's input.
        input: String,
    },
    /// The initial value has another length than the tensor, or the tensor's sizes vary.
    #[error("state {input}: an initial value of {bytes} bytes does not fit its sizes")]
    StateInitial {
        /// The pair's input.
        input: String,
        /// The value's bytes.
        bytes: usize,
    },
}

impl Signature {
    /// Checks the tensors and the pairs against each other.
    ///
    /// # Errors
    /// Fails where names repeat, types are unknown, sizes contradict `len_max`, or a pair does not fit.
    pub fn new(
        inputs: Vec<TensorInfo>,
        outputs: Vec<TensorInfo>,
        state: Vec<StatePair>,
    ) -> Result<Self, SignatureError> {
        check_side("inputs", &inputs)?;
        check_side("outputs", &outputs)?;
        if outputs.is_empty() {
            return Err(SignatureError::Count {
                side: "outputs",
                count: 0,
            });
        }
        let mut links = Vec::with_capacity(state.len());
        for pair in &state {
            links.push(link(pair, &inputs, &outputs, &links)?);
        }
        Ok(Self {
            inputs,
            outputs,
            state,
            links,
        })
    }

    /// The inputs of `predict`, in order, state included.
    #[must_use]
    pub fn inputs(&self) -> &[TensorInfo] {
        &self.inputs
    }

    /// The outputs of `predict`, in order, state included.
    #[must_use]
    pub fn outputs(&self) -> &[TensorInfo] {
        &self.outputs
    }

    /// The tensors that the host keeps for each device.
    #[must_use]
    pub fn state(&self) -> &[StatePair] {
        &self.state
    }

    /// The inputs that a caller gives: those that are no state.
    pub fn given_inputs(&self) -> impl Iterator<Item = &TensorInfo> {
        let given = |index: &usize| !self.links.iter().any(|link| link.input == *index);
        (0..self.inputs.len())
            .filter(given)
            .map(|index| &self.inputs[index])
    }

    /// The outputs that a caller gets: those that are no state.
    pub fn given_outputs(&self) -> impl Iterator<Item = &TensorInfo> {
        let given = |index: &usize| !self.links.iter().any(|link| link.output == *index);
        (0..self.outputs.len())
            .filter(given)
            .map(|index| &self.outputs[index])
    }

    pub(crate) fn links(&self) -> &[StateLink] {
        &self.links
    }
}

/// The bytes of a tensor whose sizes are all fixed; none where one varies or the product is beyond `u64`.
pub(crate) fn fixed_bytes(info: &TensorInfo) -> Option<u64> {
    let element = u64::try_from(info.dtype()?.bytes()).ok()?;
    info.dims.iter().try_fold(element, |bytes, dim| {
        bytes.checked_mul(u64::try_from(*dim).ok()?)
    })
}

/// The bytes of a tensor of these sizes; none beyond `u64`.
pub(crate) fn bytes_of(dtype: DType, dims: &[u32]) -> Option<u64> {
    let element = u64::try_from(dtype.bytes()).ok()?;
    dims.iter()
        .try_fold(element, |bytes, dim| bytes.checked_mul(u64::from(*dim)))
}

/// Whether the sizes are those that the tensor states (−1 fits every size).
pub(crate) fn dims_fit(stated: &[i32], dims: &[u32]) -> bool {
    stated.len() == dims.len()
        && stated
            .iter()
            .zip(dims)
            .all(|(stated, dim)| *stated == -1 || u32::try_from(*stated) == Ok(*dim))
}

fn check_side(side: &'static str, tensors: &[TensorInfo]) -> Result<(), SignatureError> {
    if tensors.len() > TENSORS_MAX {
        let count = tensors.len();
        return Err(SignatureError::Count { side, count });
    }
    for (index, info) in tensors.iter().enumerate() {
        check_tensor(info)?;
        if tensors[..index].iter().any(|other| other.name == info.name) {
            let name = info.name.clone();
            return Err(SignatureError::NameTwice { side, name });
        }
    }
    Ok(())
}

fn check_tensor(info: &TensorInfo) -> Result<(), SignatureError> {
    let name = || info.name.clone();
    if info.dtype().is_none() {
        let (name, dtype) = (name(), info.dtype);
        return Err(SignatureError::Type { name, dtype });
    }
    if info.dims.len() > RANK_MAX {
        let (name, rank) = (name(), info.dims.len());
        return Err(SignatureError::Rank { name, rank });
    }
    if let Some(dim) = info.dims.iter().copied().find(|dim| *dim < -1) {
        let name = name();
        return Err(SignatureError::Dim { name, dim });
    }
    let varies = info.dims.contains(&-1);
    let bytes = if varies {
        0
    } else {
        fixed_bytes(info).unwrap_or(u64::MAX)
    };
    if bytes > u64::from(info.len_max) || i32::try_from(info.len_max).is_err() {
        let (name, len_max) = (name(), info.len_max);
        return Err(SignatureError::LenMax {
            name,
            bytes,
            len_max,
        });
    }
    Ok(())
}

fn link(
    pair: &StatePair,
    inputs: &[TensorInfo],
    outputs: &[TensorInfo],
    links: &[StateLink],
) -> Result<StateLink, SignatureError> {
    let missing = |side, name: &str| SignatureError::StateName {
        output: pair.output.clone(),
        input: pair.input.clone(),
        side,
        name: name.to_owned(),
    };
    let input = find(inputs, &pair.input)
        .filter(|input| links.iter().all(|link| link.input != *input))
        .ok_or_else(|| missing("inputs", &pair.input))?;
    let output = find(outputs, &pair.output)
        .filter(|output| links.iter().all(|link| link.output != *output))
        .ok_or_else(|| missing("outputs", &pair.output))?;
    let (before, after) = (&inputs[input], &outputs[output]);
    if (before.dtype, &before.dims, before.len_max) != (after.dtype, &after.dims, after.len_max) {
        return Err(SignatureError::StateShape {
            output: pair.output.clone(),
            input: pair.input.clone(),
        });
    }
    let bytes = pair.initial.len();
    if bytes != 0 && fixed_bytes(before) != u64::try_from(bytes).ok() {
        return Err(SignatureError::StateInitial {
            input: pair.input.clone(),
            bytes,
        });
    }
    Ok(StateLink { input, output })
}

fn find(tensors: &[TensorInfo], name: &str) -> Option<usize> {
    tensors.iter().position(|info| info.name == name)
}

#[cfg(test)]
mod tests;
