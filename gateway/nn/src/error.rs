use guest_abi::DType;

/// Why a model cannot be made ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// Elements of a type without a number in the interface.
    #[error(
        "its tensor {tensor} has elements of {}, which guests cannot pass to a graph of the host (f16, f32, f64, u8, i32 and i64 they can): for int8 models, quantise to u8, or keep f32 at both ends",
        dtype.map_or("an unknown type", DType::name)
    )]
    ElementType {
        /// The tensor.
        tensor: String,
        /// Its type.
        dtype: Option<DType>,
    },
    /// A tensor that does not fit the host's memory.
    #[error("its tensor {tensor} has too many bytes")]
    TooLarge {
        /// The tensor.
        tensor: String,
    },
    /// Weights beside the model.
    #[error("its weights {tensor:?} lie in another file: export the model as one file")]
    OtherFile {
        /// The weights.
        tensor: String,
    },
    /// The bytes are no model.
    #[error("it is not an ONNX file: {words}")]
    NotOnnx {
        /// Why.
        words: String,
    },
    /// The model is not what its `model.toml` says.
    #[error("its model.toml states {stated}, {backend} finds {found}")]
    Differs {
        /// The backend.
        backend: &'static str,
        /// As stated.
        stated: String,
        /// As found.
        found: String,
    },
    /// The backend refuses it.
    #[error("{backend} cannot run it: {words}")]
    Refused {
        /// The backend.
        backend: &'static str,
        /// Its own words.
        words: String,
    },
}
