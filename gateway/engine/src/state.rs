use crate::{
    Signature, Tensor,
    signature::{dims_fit, fixed_bytes},
};

/// One device's kept tensors, in the order of the signature's state pairs.
///
/// [`Guest::predict`](crate::Guest::predict) changes it only when the guest returned 0 and every output was valid.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub(crate) tensors: Vec<Tensor>,
}

impl State {
    /// A new device's state: the declared initial values, else zeros; a size that varies starts at 0.
    #[must_use]
    pub fn initial(signature: &Signature) -> Self {
        let tensors = signature
            .links()
            .iter()
            .zip(signature.state())
            .filter_map(|(link, pair)| {
                let info = &signature.inputs()[link.input];
                let dims: Vec<u32> = info
                    .dims
                    .iter()
                    .map(|dim| u32::try_from(*dim).unwrap_or(0))
                    .collect();
                let zeros = usize::try_from(fixed_bytes(info).unwrap_or(0)).ok()?;
                let data = if pair.initial.is_empty() {
                    vec![0; zeros]
                } else {
                    pair.initial.clone()
                };
                Some(Tensor {
                    name: info.name.clone(),
                    dtype: info.dtype()?,
                    dims,
                    data,
                })
            })
            .collect();
        Self { tensors }
    }

    /// Bytes of its tensors' elements.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.tensors.iter().map(|tensor| tensor.data.len()).sum()
    }

    /// Whether it was made for this signature (or one with equal state).
    #[must_use]
    pub fn fits(&self, signature: &Signature) -> bool {
        self.tensors.len() == signature.links().len()
            && self
                .tensors
                .iter()
                .zip(signature.links())
                .all(|(tensor, link)| {
                    let info = &signature.inputs()[link.input];
                    info.dtype() == Some(tensor.dtype) && dims_fit(&info.dims, &tensor.dims)
                })
    }
}
