/// Every pair of the special values, and pairs of pseudo-random bits.
pub(super) fn pairs() -> impl Iterator<Item = (u64, u64)> {
    let specials: Vec<u64> = specials().collect();
    let others = specials.clone();
    let crossed = specials
        .into_iter()
        .flat_map(move |a| others.clone().into_iter().map(move |b| (a, b)));
    crossed.chain(random_pairs().take(2000))
}

/// The edges of each type, as bits: 32-bit values stand in the lower half.
fn specials() -> impl Iterator<Item = u64> {
    let singles = [
        0.0,
        1.0,
        0.5,
        1.5,
        2.5,
        0.1,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::EPSILON,
        f32::INFINITY,
        f32::NAN,
        2_147_483_520.0,
        2_147_483_648.0,
        4_294_967_296.0,
        9.223_372e18,
        16_777_217.0,
    ];
    let doubles = [
        0.0,
        1.0,
        0.5,
        1.5,
        2.5,
        0.1,
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
        2_147_483_647.5,
        4_294_967_295.5,
        9_007_199_254_740_993.0,
        9_223_372_036_854_775_808.0,
        18_446_744_073_709_551_616.0,
        3.402_823_567_797_336_6e38,
    ];
    let denormals = [1, 0x7f_ffff, 0xf_ffff_ffff_ffff, 0x7f80_0001, 0x7fa0_0000];
    let integers = [
        0x7fff_ffff,
        0x8000_0000,
        0xffff_ffff,
        0x7fff_ffff_ffff_ffff,
        0x8000_0000_0000_0000,
        u64::MAX,
        0x7f,
        0x80,
        0x8000,
        31,
        32,
        63,
        64,
    ];
    let singles = singles
        .into_iter()
        .flat_map(|single: f32| [single, -single]);
    let doubles = doubles
        .into_iter()
        .flat_map(|double: f64| [double, -double]);
    singles
        .map(|single| u64::from(single.to_bits()))
        .chain(doubles.map(f64::to_bits))
        .chain(denormals)
        .chain(integers)
}

/// Knuth's 64-bit linear congruential generator (MMIX), mixed.
fn random_pairs() -> impl Iterator<Item = (u64, u64)> {
    let mut seed = 0x5eed_u64;
    let mut next = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        seed ^ (seed >> 29)
    };
    std::iter::repeat_with(move || (next(), next()))
}
