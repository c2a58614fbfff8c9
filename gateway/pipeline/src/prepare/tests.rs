use proptest::prelude::*;

use super::*;

const ANY: FloatPolicy = FloatPolicy::Any;
const FINITE: FloatPolicy = FloatPolicy::Finite;

fn write(
    steps: &[Step],
    values: &[f64],
    dtype: DType,
    inner: usize,
    floats: FloatPolicy,
) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::new();
    let target = Target {
        dtype,
        floats,
        inner,
    };
    let written = Preparation::new(steps.to_vec()).write(values, target, &mut out);
    written.map(|()| out).map_err(|reason| reason.code)
}

fn read_back(dtype: DType, bytes: &[u8]) -> Vec<f64> {
    let mut values = Vec::new();
    numbers(dtype, bytes, &mut values);
    values
}

#[test]
fn channels_are_prepared_apart() {
    let steps = [Step::new(2.0, 1.0, 0.0, 1.0), Step::new(1.0, 0.0, 4.0, 2.0)];
    let interleaved = write(&steps, &[1.0, 2.0, 3.0, 8.0], DType::F32, 1, FINITE).unwrap();
    assert_eq!(read_back(DType::F32, &interleaved), [3.0, -1.0, 7.0, 2.0]);
    let blocks = write(&steps, &[1.0, 3.0, 2.0, 8.0], DType::F32, 2, FINITE).unwrap();
    assert_eq!(read_back(DType::F32, &blocks), [3.0, 7.0, -1.0, 2.0]);
}

#[test]
fn what_does_not_fit_the_type_is_refused() {
    for (dtype, value) in [
        (DType::U8, 255.6),
        (DType::U8, -0.6),
        (DType::I8, 128.0),
        (DType::I16, -32_769.0),
        (DType::I32, 2_147_483_648.0),
        (DType::I64, 9.3e18),
        (DType::F32, 1e39),
        (DType::F16, 70_000.0),
    ] {
        assert_eq!(
            write(&[], &[value], dtype, 1, FINITE),
            Err("payload_out_of_range"),
            "{value}"
        );
    }
    assert_eq!(
        write(&[], &[255.4, -0.4], DType::U8, 1, FINITE),
        Ok(vec![255, 0])
    );
    assert_eq!(
        write(&[], &[-128.0, 127.0], DType::I8, 1, FINITE),
        Ok(vec![0x80, 0x7f])
    );
}

#[test]
fn nan_and_infinity_pass_where_floats_may_be_any() {
    for value in [f64::NAN, f64::INFINITY] {
        assert_eq!(
            write(&[], &[value], DType::F32, 1, FINITE),
            Err("payload_not_finite")
        );
        assert!(write(&[], &[value], DType::F32, 1, ANY).is_ok());
        assert_eq!(
            write(&[], &[value], DType::I32, 1, ANY),
            Err("payload_out_of_range")
        );
    }
    assert!(!all_finite(DType::F16, &[0x00, 0x7c]));
    assert!(all_finite(DType::F16, &[0xff, 0x7b]));
}

proptest! {
    #[test]
    fn numbers_of_every_type_come_back(dtype in prop::sample::select(&DType::ALL[..]), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let bytes = &bytes[..bytes.len() - bytes.len() % dtype.bytes()];
        let values = read_back(dtype, bytes);
        prop_assert_eq!(values.len(), bytes.len() / dtype.bytes());
        let exact = dtype != DType::I64 || values.iter().all(|value| value.abs() < 9e15);
        if exact && values.iter().all(|value| !value.is_nan()) {
            prop_assert_eq!(write(&[], &values, dtype, 1, ANY).unwrap(), bytes);
        }
    }
}
