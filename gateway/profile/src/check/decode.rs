use guest_abi::DType;

use crate::{
    Codec, Color, Decode, FloatPolicy, IdSource, ImageOptions, Resize, Scaling,
    report::Report,
    written::{self, CodecName, ColorName, FloatName, Numbers, PayloadType, ResizeName},
};

/// The greatest number of fields of a payload.
const FIELDS_MAX: usize = 4096;

/// Pixels of an image, where the pipeline says nothing: 2048 × 2048, twice those of a 1080p camera.
const PIXELS_MAX: u32 = 4_194_304;

/// `decode` of one pipeline.
pub(super) fn decode(report: &mut Report<'_>, name: &str, written: &written::Decode) -> Decode {
    let mut checker = Checker { report, name };
    checker.only_for_its_codec(written);
    let fields = checker.fields(written);
    let time = checker.pointer("time", written.time.as_deref());
    let id = checker.pointer("id", written.id.as_deref());
    let model_id = checker.pointer("model_id", written.model_id.as_deref());
    Decode {
        codec: match written.codec {
            CodecName::Json => Codec::Json { fields, time },
            CodecName::Cbor => Codec::Cbor { fields, time },
            CodecName::Image => Codec::Image(image(written)),
            CodecName::Raw => Codec::Raw {
                dtype: dtype(written.dtype),
            },
            CodecName::Postcard => Codec::Postcard,
        },
        scaling: checker.scaling(written),
        floats: match written.floats {
            FloatName::Finite => FloatPolicy::Finite,
            FloatName::Any => FloatPolicy::Any,
        },
        id: id.map_or(IdSource::Automatic, IdSource::Field),
        model_id,
    }
}

struct Checker<'r, 'a, 'n> {
    report: &'r mut Report<'a>,
    name: &'n str,
}

impl Checker<'_, '_, '_> {
    fn error(&mut self, key: &str, message: impl Into<String>, help: &str) {
        let key = ["pipeline", self.name, "decode", key];
        self.report.error(&key, message, help);
    }

    fn only_for_its_codec(&mut self, written: &written::Decode) {
        let document = has_fields(written.codec);
        let raw = written.codec == CodecName::Raw;
        let image = written.codec == CodecName::Image;
        let stated = [
            ("fields", written.fields.is_some(), document, "json or cbor"),
            ("time", written.time.is_some(), document, "json or cbor"),
            ("id", written.id.is_some(), document, "json or cbor"),
            (
                "model_id",
                written.model_id.is_some(),
                document,
                "json or cbor",
            ),
            ("dtype", written.dtype.is_some(), raw, "raw"),
            ("color", written.color.is_some(), image, "image"),
            ("resize", written.resize.is_some(), image, "image"),
            ("pixels_max", written.pixels_max.is_some(), image, "image"),
        ];
        for (key, stated, fits, codec) in stated {
            if stated && !fits {
                let message = format!("belongs to the codec {codec} only");
                self.error(key, message, "remove it, or choose that codec");
            }
        }
    }

    fn fields(&mut self, written: &written::Decode) -> Vec<String> {
        if !has_fields(written.codec) {
            return Vec::new();
        }
        let fields = written.fields.clone().unwrap_or_default();
        if fields.is_empty() {
            let help = "list the values by JSON pointer: fields = [\"/ax\", \"/ay\"]; \"\" is the whole document";
            self.error(
                "fields",
                "is missing: the codecs json and cbor need it",
                help,
            );
        }
        if fields.len() > FIELDS_MAX {
            let message = format!(
                "has {} fields; at most {FIELDS_MAX} are allowed",
                fields.len()
            );
            self.error("fields", message, "");
        }
        for field in &fields {
            self.pointer("fields", Some(field));
        }
        fields
    }

    fn pointer(&mut self, key: &str, pointer: Option<&str>) -> Option<String> {
        let pointer = pointer?;
        let escaped = pointer
            .split('~')
            .skip(1)
            .all(|rest| rest.starts_with(['0', '1']));
        if !(pointer.is_empty() || pointer.starts_with('/')) || !escaped {
            let message = format!("{pointer:?} is not a JSON pointer");
            let help = format!("begin with a slash: \"/{}\"", pointer.replace('.', "/"));
            self.error(key, message, &help);
        }
        Some(pointer.to_owned())
    }

    fn scaling(&mut self, written: &written::Decode) -> Scaling {
        let scale = self.numbers("scale", written.scale.as_ref());
        let offset = self.numbers("offset", written.offset.as_ref());
        let mean = self.numbers("mean", written.mean.as_ref());
        let std = self.numbers("std", written.std.as_ref());
        if let Some(std) = &std
            && std.iter().any(|value| *value <= 0.0)
        {
            self.error("std", "must be greater than 0: it is divided by", "");
        }
        let channels: Vec<(&str, usize)> = [
            ("scale", &scale),
            ("offset", &offset),
            ("mean", &mean),
            ("std", &std),
        ]
        .into_iter()
        .filter_map(|(key, list)| Some((key, list.as_ref()?.len())))
        .filter(|(_, len)| *len > 1)
        .collect();
        if let Some(pair) = channels.windows(2).find(|pair| pair[0].1 != pair[1].1) {
            let [(first, one), (second, other)] = [pair[0], pair[1]];
            let message = format!("has {other} channels where {first} has {one}");
            self.error(second, message, "one number is for all channels");
        }
        Scaling {
            scale: scale.unwrap_or_default(),
            offset: offset.unwrap_or_default(),
            mean,
            std,
        }
    }

    fn numbers(&mut self, key: &str, numbers: Option<&Numbers>) -> Option<Vec<f32>> {
        let numbers = &numbers?.0;
        if numbers.iter().any(|number| !number.is_finite()) {
            self.error(key, "has a number beyond the range of a 32-bit float", "");
        }
        Some(numbers.clone())
    }
}

fn has_fields(codec: CodecName) -> bool {
    match codec {
        CodecName::Json | CodecName::Cbor => true,
        CodecName::Image | CodecName::Raw | CodecName::Postcard => false,
    }
}

fn image(written: &written::Decode) -> ImageOptions {
    ImageOptions {
        color: written.color.map(|color| match color {
            ColorName::Rgb => Color::Rgb,
            ColorName::Bgr => Color::Bgr,
            ColorName::Gray => Color::Gray,
        }),
        resize: written.resize.map(|resize| match resize {
            ResizeName::Stretch => Resize::Stretch,
            ResizeName::Crop => Resize::Crop,
            ResizeName::Pad => Resize::Pad,
            ResizeName::None => Resize::None,
        }),
        pixels_max: written.pixels_max.unwrap_or(PIXELS_MAX),
    }
}

fn dtype(written: Option<PayloadType>) -> DType {
    match written {
        None | Some(PayloadType::F32) => DType::F32,
        Some(PayloadType::U8) => DType::U8,
        Some(PayloadType::I8) => DType::I8,
        Some(PayloadType::I16) => DType::I16,
        Some(PayloadType::I32) => DType::I32,
        Some(PayloadType::I64) => DType::I64,
        Some(PayloadType::F16) => DType::F16,
        Some(PayloadType::F64) => DType::F64,
    }
}
