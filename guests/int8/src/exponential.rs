/// Below this, the result is 0: it would not be a normal number.
const LEAST: f32 = -87.0;
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts; the first one has trailing zeros, so that its products with small integers are exact.
const LN_2_HIGH: f32 = 0.693_145_75;
const LN_2_LOW: f32 = 1.428_606_8e-6;

/// `eˣ` for `x ≤ 0`, within 2 units in the last place, by additions and multiplications only: a
/// library's may differ from one version to the next.
pub(crate) fn exponential(x: f32) -> f32 {
    if x.is_nan() || x < LEAST {
        return 0.0;
    }
    // x = n ln 2 + rest, with |rest| at most half of ln 2; then the Taylor series.
    let shifted = x * core::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let rest = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let series = [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        1.0 / 2.0,
        1.0,
        1.0,
    ];
    let value = series
        .iter()
        .fold(1.0 / 5040.0, |sum, term| sum * rest + term);
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits());
    f32::from_bits(value.to_bits().wrapping_add(exponent.wrapping_shl(23)))
}

#[cfg(test)]
mod tests {
    use super::exponential;

    #[test]
    fn it_is_within_two_units_in_the_last_place() {
        for step in 0..=u16::MAX {
            let x = -f32::from(step) / 753.5;
            let exact = f64::from(x).exp();
            let off = (f64::from(exponential(x)) - exact).abs() / exact;
            assert!(off < 2.4e-7, "exp({x}) is off by {off}");
        }
        assert_eq!(exponential(0.0), 1.0);
        assert_eq!(exponential(-87.5), 0.0);
        assert_eq!(exponential(f32::NEG_INFINITY), 0.0);
        assert_eq!(exponential(f32::NAN), 0.0);
    }
}
