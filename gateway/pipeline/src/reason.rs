use std::borrow::Cow;

/// Why a message got no result: what a reject says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A stable code: one of [`RejectCode::ALL`].
    pub code: &'static str,
    /// The same in words, with the facts of this message.
    pub words: Cow<'static, str>,
    /// What the guest itself said.
    pub guest_message: Option<String>,
}

impl Reason {
    /// A reason of the pipeline's own.
    pub fn new(code: RejectCode, words: impl Into<Cow<'static, str>>) -> Self {
        Self::coded(code.code(), words)
    }

    /// A reason with the code of another part: an engine's `InvokeError::code()` and its words.
    pub fn coded(code: &'static str, words: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            words: words.into(),
            guest_message: None,
        }
    }

    /// The same with the guest's own words.
    #[must_use]
    pub fn with_guest_message(mut self, message: String) -> Self {
        self.guest_message = Some(message);
        self
    }
}

macro_rules! codes {
    ($($variant:ident $code:literal $words:literal,)*) => {
        /// Every reason why a message got no result. The codes are stable: dashboards and metrics rely on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RejectCode {
            $(
                #[doc = concat!("`", $code, "`: ", $words, ".")]
                $variant,
            )*
        }

        impl RejectCode {
            /// Every code, in the order of a message's way.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as it stands in rejects and metrics.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// What it means.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$variant => $words),* }
            }
        }
    };
}

codes! {
    TopicDeviceMissing "topic_device_missing" "the topic's device segment is missing, empty or no device's name",
    ProfileRefused "profile_refused" "the device's own profile does not accept the pipeline's guest or model",
    PayloadTooLarge "payload_too_large" "the payload is larger than the device profile allows",
    PayloadNotJson "payload_not_json" "the payload is not JSON",
    PayloadNotCbor "payload_not_cbor" "the payload is not one CBOR item",
    PayloadNotPostcard "payload_not_postcard" "the payload is not a postcard sample of this version",
    PayloadFieldMissing "payload_field_missing" "a field or tensor is not in the payload",
    PayloadFieldType "payload_field_type" "a field or tensor has another type than the pipeline reads",
    PayloadNotFinite "payload_not_finite" "a number is NaN, infinite or beyond a 64-bit float",
    PayloadOutOfRange "payload_out_of_range" "a number does not fit the model's element type",
    ModelNotAllowed "model_not_allowed" "the message names a model that the pipeline does not allow",
    PayloadShape "payload_shape" "the values do not make the shape that the model takes",
    PayloadLength "payload_length" "a raw payload has another length than the model's input",
    PayloadNotImage "payload_not_image" "the payload is neither a JPEG nor a PNG image",
    ImageTooLarge "image_too_large" "the image has more pixels than the pipeline allows, or a side beyond 16384",
    ImageAnimated "image_animated" "the image is animated",
    ImageColor "image_color" "the image's colours are CMYK",
    ImageUnsupported "image_unsupported" "the image is of a kind of JPEG that is not read",
    ImageDamaged "image_damaged" "the image is truncated or damaged",
    InputShape "input_shape" "the guest does not take the input's shape",
    InputTooLarge "input_too_large" "the inputs are larger than the limit",
    StateShape "state_shape" "the device's state belongs to another guest or model",
    GuestDeadline "guest_deadline" "the guest ran longer than its deadline",
    GuestFuel "guest_fuel" "the guest spent its fuel",
    GuestStackOverflow "guest_stack_overflow" "the guest's calls nest too deep",
    GuestMemoryLimit "guest_memory_limit" "the guest needs more memory than its limit",
    GuestMemory "guest_memory" "the guest has no memory left for the work",
    GuestTrap "guest_trap" "the guest trapped",
    GuestCrash "guest_crash" "the process that ran the guest ended, twice for this message",
    GuestBadPointer "guest_bad_pointer" "the guest returned an address that cannot be used",
    GuestOutputTooLarge "guest_output_too_large" "the guest's outputs are larger than the limit",
    GuestOutputInvalid "guest_output_invalid" "an output is not what the guest's manifest states",
    GuestFailed "guest_failed" "the guest reported a failure",
    GuestUnusable "guest_unusable" "the guest ended and could not be opened anew, or is opened again later",
    OutputNotFinite "output_not_finite" "an output is NaN or infinite, which JSON cannot carry",
    ResultTooLarge "result_too_large" "the result is larger than the broker accepts",
}

#[cfg(test)]
mod tests {
    use weir_engine::{InvokeError, Trap};

    use super::*;

    #[test]
    fn codes_are_distinct_and_in_snake_case() {
        for (index, code) in RejectCode::ALL.iter().enumerate() {
            let text = code.code();
            assert!(
                text.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            );
            assert!(
                RejectCode::ALL[..index]
                    .iter()
                    .all(|other| other.code() != text)
            );
        }
    }

    #[test]
    fn the_engines_codes_are_in_the_list() {
        let words = String::new;
        let traps = [
            Trap::Deadline { deadline_ms: 1 },
            Trap::Fuel { fuel: 1 },
            Trap::StackOverflow,
            Trap::Unreachable,
            Trap::OutOfBounds,
            Trap::MemoryLimit { limit_bytes: 1 },
            Trap::DivisionByZero,
            Trap::Crashed { how: words() },
            Trap::Other(words()),
        ];
        let errors = [
            InvokeError::Unusable,
            InvokeError::InputCount {
                stated: 1,
                found: 2,
            },
            InvokeError::InputRefused { words: words() },
            InvokeError::InputTooLarge {
                name: words(),
                bytes: 2,
                bytes_max: 1,
            },
            InvokeError::StateShape,
            InvokeError::OutOfMemory { words: words() },
            InvokeError::BufferRefused { slot: 1, bytes: 1 },
            InvokeError::OutputTooLarge {
                name: words(),
                bytes: 2,
                bytes_max: 1,
            },
            InvokeError::Failed {
                code: -1,
                words: words(),
            },
        ];
        let codes = traps
            .iter()
            .map(Trap::code)
            .chain(errors.iter().map(InvokeError::code));
        for code in codes {
            assert!(
                RejectCode::ALL.iter().any(|known| known.code() == code),
                "{code}"
            );
        }
    }
}
