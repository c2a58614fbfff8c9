use weir_engine::Signature;

use super::*;
use crate::fixtures::tensor;

/// One row of four pixels, one of other four.
fn small() -> Vec<u8> {
    Made::gray(4, 2, &[0, 70, 140, 210, 0, 70, 140, 210]).png()
}

#[test]
fn stretching_weighs_all_pixels_by_their_distance() {
    assert_eq!(pixels(OPTIONS, &[2, 2], &small()), [50, 160, 50, 160]);
    assert_eq!(
        pixels(resized(Resize::Stretch), &[1, 1, 1, 2], &small()),
        [50, 160]
    );
    let wider = pixels(OPTIONS, &[2, 8], &small());
    assert_eq!(wider[..8], [0, 18, 53, 88, 123, 158, 193, 210]);
    assert_eq!(wider[..8], wider[8..]);
}

#[test]
fn cropping_keeps_the_middle() {
    assert_eq!(
        pixels(resized(Resize::Crop), &[2, 2], &small()),
        [70, 140, 70, 140]
    );
    assert_eq!(pixels(resized(Resize::Crop), &[1, 1, 1], &small()), [105]);
    assert_eq!(pixels(resized(Resize::Crop), &[2, 1], &small())[0], 105);
}

#[test]
fn padding_puts_the_whole_image_into_the_middle_of_black() {
    let row = [0, 70, 140, 210];
    let expected = [[0; 4], row, row, [0; 4]].concat();
    assert_eq!(pixels(resized(Resize::Pad), &[4, 4], &small()), expected);
    assert_eq!(
        pixels(resized(Resize::Pad), &[2, 2], &small()),
        [50, 160, 0, 0]
    );
    let tall = Made::rgb(1, 2, &[1, 2, 3, 4, 5, 6]).png();
    assert_eq!(
        pixels(resized(Resize::Pad), &[2, 3, 3], &tall),
        [0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 4, 5, 6, 0, 0, 0]
    );
    let line = Made::gray(100, 1, &[9; 100]).png();
    assert_eq!(
        pixels(resized(Resize::Pad), &[3, 4], &line),
        [0, 0, 0, 0, 9, 9, 9, 9, 0, 0, 0, 0]
    );
}

#[test]
fn without_resizing_an_image_must_have_the_models_size() {
    let mut fixed = intake(resized(Resize::None), &[2, 4]);
    assert_eq!(take(&mut fixed, &small()).unwrap().0, [2, 4]);
    assert_eq!(
        take(&mut fixed, &Made::gray(2, 4, &[0; 8]).png()),
        Err("payload_shape")
    );
}

#[test]
fn a_model_that_leaves_the_size_open_takes_each_image_as_it_is() {
    let mut open = intake(OPTIONS, &[1, -1, -1, 1]);
    assert_eq!(take(&mut open, &small()).unwrap().0, [1, 2, 4, 1]);
    let larger = Made::gray(300, 20, &[1; 6000]).png();
    assert_eq!(take(&mut open, &larger).unwrap().0, [1, 20, 300, 1]);
    let mut half = intake(OPTIONS, &[1, 2, -1]);
    assert_eq!(take(&mut half, &small()).unwrap().0, [1, 2, 4]);
    assert_eq!(take(&mut half, &larger), Err("payload_shape"));
    let mut info = tensor("x", DType::F32, &[1, -1, -1]);
    info.len_max = 100;
    let output = tensor("y", DType::F32, &[4]);
    let signature = Signature::new(vec![info], vec![output], vec![]).unwrap();
    let binding = Binding::new(&with(OPTIONS), &signature, &facts()).unwrap();
    let mut small_only = Intake::new(binding, NonZeroUsize::MIN);
    assert!(take(&mut small_only, &small()).is_ok());
    assert_eq!(take(&mut small_only, &larger), Err("input_too_large"));
}

#[test]
fn models_that_take_no_image_are_refused_with_the_key() {
    let refused =
        |options, dtype, dims: &[i32]| bind(options, dtype, dims).unwrap_err().to_string();
    assert_eq!(
        refused(OPTIONS, DType::F32, &[1, 64]),
        "pipeline.vibration.decode.codec: the model takes 1×64 for its input x, the pipeline makes an image: height × width with 1 or 3 channels",
    );
    let error = refused(colored(Color::Gray), DType::U8, &[1, 3, 8, 8]);
    assert!(
        error.starts_with("pipeline.vibration.decode.color: "),
        "{error}"
    );
    assert!(bind(colored(Color::Rgb), DType::U8, &[1, 1, 8, 8]).is_err());
    let error = refused(resized(Resize::Crop), DType::U8, &[1, 3, -1, 8]);
    assert!(
        error.starts_with("pipeline.vibration.decode.resize: "),
        "{error}"
    );
    let error = refused(OPTIONS, DType::I8, &[1, 3, 8, 8]);
    assert!(
        error.starts_with("pipeline.vibration.decode.scale: "),
        "{error}"
    );
    assert!(
        error.contains("128 does not fit the input's type i8"),
        "{error}"
    );
}

#[test]
fn signed_pixels_are_shifted_into_their_range() {
    let mut pipeline = with(OPTIONS);
    pipeline.decode.scaling.offset = vec![-128.0];
    let signature = signature(DType::I8, &[1, 1, 2]);
    let binding = Binding::new(&pipeline, &signature, &facts()).unwrap();
    let mut intake = Intake::new(binding, NonZeroUsize::MIN);
    let png = Made::gray(2, 1, &[0, 255]).png();
    assert_eq!(take(&mut intake, &png).unwrap().1, [0x80, 0x7f]);
}
