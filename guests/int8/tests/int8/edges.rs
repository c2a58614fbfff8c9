use int8_network::Quantisation;

#[test]
fn values_are_rounded_half_to_even_and_saturate() {
    let quantisation = Quantisation {
        scale: 0.5,
        zero_point: 3,
    };
    for (value, expected) in [
        (0.0, 3),
        (-0.0, 3),
        (0.25, 3),
        (0.75, 5),
        (0.250_001, 4),
        (-0.25, 3),
        (-0.75, 1),
        (61.9, 127),
        (1e30, 127),
        (-1e30, -128),
        (f32::INFINITY, 127),
        (f32::NEG_INFINITY, -128),
        (f32::NAN, 3),
        (f32::MIN_POSITIVE / 4.0, 3),
    ] {
        assert_eq!(quantisation.quantise(value), expected, "{value}");
    }
}

#[test]
fn every_value_survives_the_way_out_and_in() {
    for scale in [f32::MIN_POSITIVE, 0.003_921_569, 0.1, 1.0, 1e35] {
        for zero_point in i8::MIN..=i8::MAX {
            let quantisation = Quantisation { scale, zero_point };
            for value in i8::MIN..=i8::MAX {
                let outside = quantisation.dequantise(value);
                assert_eq!(
                    quantisation.quantise(outside),
                    value,
                    "{scale} {zero_point}"
                );
            }
        }
    }
}
