//! Images as sensors send them, and as nobody should: what comes out, and which code says why nothing does.

mod bad;
mod made;
mod shapes;

use std::num::NonZeroUsize;

use bytes::Bytes;
use guest_abi::DType;
use weir_profile::{Codec, Color, ImageOptions, Pipeline, Resize};

use self::made::Made;
use crate::{
    BindError, Binding, InputFacts, ModelFacts,
    decode::{Intake, Origin},
    fixtures::{device, facts, floats, pipeline, signature},
};

const OPTIONS: ImageOptions = ImageOptions {
    color: None,
    resize: None,
    pixels_max: 10_000,
};

fn with(options: ImageOptions) -> Pipeline {
    let mut pipeline = pipeline();
    pipeline.decode.codec = Codec::Image(options);
    pipeline
}

fn resized(resize: Resize) -> ImageOptions {
    ImageOptions {
        resize: Some(resize),
        ..OPTIONS
    }
}

fn colored(color: Color) -> ImageOptions {
    ImageOptions {
        color: Some(color),
        ..OPTIONS
    }
}

fn bind(options: ImageOptions, dtype: DType, dims: &[i32]) -> Result<Intake, BindError> {
    let binding = Binding::new(&with(options), &signature(dtype, dims), &facts())?;
    Ok(Intake::new(binding, NonZeroUsize::MIN))
}

fn intake(options: ImageOptions, dims: &[i32]) -> Intake {
    bind(options, DType::U8, dims).unwrap()
}

/// The input's sizes and bytes, or the code of the reject.
fn take(intake: &mut Intake, payload: &[u8]) -> Result<(Vec<u32>, Vec<u8>), &'static str> {
    let device = device();
    let origin = Origin {
        device: &device,
        arrival_us: 0,
        model: None,
    };
    let taken = intake.take(&Bytes::copy_from_slice(payload), origin);
    assert!(
        taken.map_err(|reason| reason.code)?,
        "an image is a whole input"
    );
    let tensor = intake.ready()[0].tensor();
    Ok((tensor.dims.to_vec(), tensor.data.to_vec()))
}

fn pixels(options: ImageOptions, dims: &[i32], payload: &[u8]) -> Vec<u8> {
    take(&mut intake(options, dims), payload).unwrap().1
}

#[test]
fn colours_lie_as_the_model_takes_them() {
    let png = Made::rgb(1, 2, &[1, 2, 3, 11, 12, 13]).png();
    for (dims, options, expected) in [
        (&[1, 3, 2, 1][..], OPTIONS, [1, 11, 2, 12, 3, 13]),
        (&[1, 2, 1, 3], OPTIONS, [1, 2, 3, 11, 12, 13]),
        (&[1, 3, 2, 1], colored(Color::Bgr), [3, 13, 2, 12, 1, 11]),
        (&[1, 2, 1, 3], colored(Color::Bgr), [3, 2, 1, 13, 12, 11]),
        (&[1, 3, 2, 1], colored(Color::Rgb), [1, 11, 2, 12, 3, 13]),
    ] {
        let (sizes, bytes) = take(&mut intake(options, dims), &png).unwrap();
        assert_eq!(
            sizes,
            dims.iter()
                .map(|dim| dim.unsigned_abs())
                .collect::<Vec<_>>()
        );
        assert_eq!(bytes, expected, "{dims:?} {options:?}");
    }
}

#[test]
fn the_models_mean_and_deviation_are_per_channel() {
    let x = InputFacts {
        name: "x".to_owned(),
        layout: None,
        mean: vec![0.0, 127.5, 255.0],
        std: vec![255.0, 127.5, 0.25],
    };
    let facts = ModelFacts {
        inputs: vec![x],
        ..facts()
    };
    let pipeline = with(OPTIONS);
    let png = Made::rgb(1, 1, &[255, 0, 255]).png();
    let signature = signature(DType::F32, &[1, 3, 1, 1]);
    let binding = Binding::new(&pipeline, &signature, &facts).unwrap();
    let mut intake = Intake::new(binding, NonZeroUsize::MIN);
    let (_, bytes) = take(&mut intake, &png).unwrap();
    assert_eq!(floats(&bytes), [1.0, -1.0, 0.0]);
}

#[test]
fn every_kind_of_png_becomes_gray_or_colours() {
    let gray: Vec<i32> = vec![2, 1];
    let rgb: Vec<i32> = vec![1, 2, 1, 3];
    let cases: [(&str, Made, [u8; 2], [u8; 6]); 8] = [
        (
            "gray",
            Made::gray(1, 2, &[7, 200]),
            [7, 200],
            [7, 7, 7, 200, 200, 200],
        ),
        (
            "alpha",
            Made::of(1, 2, png::ColorType::GrayscaleAlpha, &[7, 0, 200, 255]),
            [7, 200],
            [7, 7, 7, 200, 200, 200],
        ),
        (
            "rgb",
            Made::rgb(1, 2, &[255, 0, 0, 0, 255, 0]),
            [76, 150],
            [255, 0, 0, 0, 255, 0],
        ),
        (
            "rgba",
            Made::of(1, 2, png::ColorType::Rgba, &[255, 0, 0, 0, 0, 255, 0, 9]),
            [76, 150],
            [255, 0, 0, 0, 255, 0],
        ),
        (
            "16 bits",
            Made::gray(1, 2, &[0x80, 0x80, 0x00, 0x81]).deep(png::BitDepth::Sixteen),
            [128, 1],
            [128, 128, 128, 1, 1, 1],
        ),
        (
            "1 bit",
            Made::gray(1, 2, &[0, 0x80]).deep(png::BitDepth::One),
            [0, 255],
            [0, 0, 0, 255, 255, 255],
        ),
        (
            "palette",
            Made::of(1, 2, png::ColorType::Indexed, &[1, 0]).palette(&[0, 0, 255, 255, 255, 255]),
            [255, 29],
            [255, 255, 255, 0, 0, 255],
        ),
        (
            "16-bit rgba",
            Made::of(
                1,
                2,
                png::ColorType::Rgba,
                &[255, 255, 0, 0, 0, 0, 1, 2, 0, 0, 255, 255, 0, 0, 1, 2],
            )
            .deep(png::BitDepth::Sixteen),
            [76, 150],
            [255, 0, 0, 0, 255, 0],
        ),
    ];
    for (name, made, as_gray, as_rgb) in cases {
        let png = made.png();
        assert_eq!(pixels(OPTIONS, &gray, &png), as_gray, "{name}");
        assert_eq!(pixels(OPTIONS, &rgb, &png), as_rgb, "{name}");
    }
}

#[test]
fn jpegs_come_near_to_what_they_were_made_of() {
    let gradient = Made::gradient(24, 16);
    let near = |one: &[u8], other: &[u8], least: u8| {
        let far = one
            .iter()
            .zip(other)
            .map(|(one, other)| one.abs_diff(*other))
            .max();
        assert!(one.len() == other.len() && far.unwrap() <= least, "{far:?}");
    };
    let dims = &[1, 16, 24, 3];
    near(
        &pixels(OPTIONS, dims, &gradient.jpeg()),
        &gradient.bytes,
        12,
    );
    near(
        &pixels(OPTIONS, dims, include_bytes!("tests/progressive.jpg")),
        &gradient.bytes,
        32,
    );
    let flat = Made::gray(8, 8, &[90; 64]).jpeg();
    near(&pixels(OPTIONS, &[1, 8, 8], &flat), &[90; 64], 1);
    near(&pixels(OPTIONS, &[8, 8, 3], &flat), &[90; 192], 1);
    let appended = [gradient.jpeg(), b"what a camera appends".to_vec()].concat();
    assert_eq!(
        pixels(OPTIONS, dims, &appended),
        pixels(OPTIONS, dims, &gradient.jpeg())
    );
}

#[test]
fn nothing_of_an_earlier_image_is_left() {
    let mut used = intake(OPTIONS, &[1, 4, 4, 3]);
    let payloads = [
        Made::gradient(24, 16).png(),
        Made::gray(4, 4, &[9; 16]).png(),
        Made::gradient(24, 16).jpeg(),
        b"no image".to_vec(),
        Made::rgb(1, 1, &[1, 2, 3]).png(),
    ];
    for payload in payloads {
        let fresh = take(&mut intake(OPTIONS, &[1, 4, 4, 3]), &payload);
        assert_eq!(take(&mut used, &payload), fresh);
    }
}
