use crate::{ManifestSpec, TENSORS_MAX, TensorSpec};

/// Checks, while a guest compiles, what admission would refuse.
///
/// # Panics
/// Panics where there are more tensors than buffers, or a state pair names tensors that do not
/// exist or differ.
pub const fn assert_sound(manifest: &ManifestSpec) {
    assert!(
        manifest.inputs.len() + manifest.outputs.len() <= TENSORS_MAX,
        "the manifest has more inputs and outputs than a guest has buffers for"
    );
    let mut index = 0;
    while index < manifest.state.len() {
        let pair = &manifest.state[index];
        let output = find(manifest.outputs, pair.output);
        let input = find(manifest.inputs, pair.input);
        let (Some(output), Some(input)) = (output, input) else {
            panic!("a state pair names an output or input that the manifest does not have");
        };
        assert!(
            same_elements(output, input),
            "a state pair's output and input have another type, shape or greatest length"
        );
        assert!(
            pair.initial.is_empty() || pair.initial.len() <= widen(input.len_max),
            "a state's first value is longer than its input"
        );
        index += 1;
    }
}

const fn find<'a>(tensors: &'a [TensorSpec], name: &str) -> Option<&'a TensorSpec> {
    let mut index = 0;
    while index < tensors.len() {
        if same_bytes(tensors[index].name.as_bytes(), name.as_bytes()) {
            return Some(&tensors[index]);
        }
        index += 1;
    }
    None
}

const fn same_elements(output: &TensorSpec, input: &TensorSpec) -> bool {
    let mut axis = 0;
    while axis < output.dims.len() && axis < input.dims.len() {
        if output.dims[axis] != input.dims[axis] {
            return false;
        }
        axis += 1;
    }
    output.dims.len() == input.dims.len()
        && output.dtype.code() == input.dtype.code()
        && output.len_max == input.len_max
}

const fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    let mut index = 0;
    while index < left.len() && index < right.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    left.len() == right.len()
}

#[expect(clippy::as_conversions, reason = "widening; `From` is not const")]
const fn widen(len: u32) -> usize {
    len as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, StateSpec, abi_version};

    const STATE: TensorSpec = TensorSpec {
        name: "state",
        dtype: DType::F32,
        dims: &[4],
        len_max: 16,
    };

    const SOUND: ManifestSpec = ManifestSpec {
        name: "sound",
        version: "1.0.0",
        abi: abi_version(),
        model_format: "",
        inputs: &[STATE],
        outputs: &[TensorSpec {
            name: "state_next",
            ..STATE
        }],
        state: &[StateSpec {
            output: "state_next",
            input: "state",
            initial: &[],
        }],
        labels: &[],
        features: &[],
    };

    #[test]
    fn a_sound_manifest_passes() {
        assert_sound(&SOUND);
    }

    #[test]
    #[should_panic(expected = "names an output or input")]
    fn a_pair_must_exist() {
        assert_sound(&ManifestSpec {
            outputs: &[],
            ..SOUND
        });
    }

    #[test]
    #[should_panic(expected = "another type, shape")]
    fn a_pair_must_agree() {
        assert_sound(&ManifestSpec {
            outputs: &[TensorSpec {
                name: "state_next",
                dims: &[5],
                ..STATE
            }],
            ..SOUND
        });
    }

    #[test]
    #[should_panic(expected = "more inputs and outputs")]
    fn tensors_must_have_buffers() {
        assert_sound(&ManifestSpec {
            inputs: &[STATE; TENSORS_MAX],
            ..SOUND
        });
    }
}
