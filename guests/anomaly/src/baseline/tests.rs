use super::*;

/// A sensor's noise: the same numbers on every machine.
struct Noise(u32);

impl Noise {
    /// Between −1 and 1, in steps that a 32-bit float holds exactly.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let step = u16::try_from(self.0 >> 16).expect("sixteen bits");
        f32::from(step) / 32_768.0 - 1.0
    }
}

fn score(baseline: &mut Baseline, sample: &[f32]) -> f32 {
    let mut zscores = [0.0; CHANNELS_MAX];
    let Score(score) = baseline
        .take(sample, &mut zscores[..sample.len()])
        .expect("a sound sample");
    score
}

fn accustomed(samples: usize) -> (Baseline, Noise) {
    let (mut baseline, mut noise) = (Baseline::NEW, Noise(1));
    for _ in 0..samples {
        score(&mut baseline, &[20.0 + noise.next()]);
    }
    (baseline, noise)
}

#[test]
fn nothing_is_an_anomaly_while_warming_up() {
    let mut baseline = Baseline::NEW;
    for index in 0..32_u8 {
        let value = if index == 20 { 1e6 } else { f32::from(index) };
        assert_eq!(score(&mut baseline, &[value]), 0.0, "sample {index}");
    }
    assert!(score(&mut baseline, &[-1e9]) > 0.5);
}

#[test]
fn an_outlier_scores_above_half_and_noise_below() {
    let (mut baseline, mut noise) = accustomed(200);
    for _ in 0..500 {
        assert!(score(&mut baseline, &[20.0 + noise.next()]) < 0.5);
    }
    assert!(score(&mut baseline.clone(), &[24.0]) > 0.5);
    assert!(score(&mut baseline, &[16.0]) > 0.5);
}

/// The bits were worked out apart from this code, in another language, rounding after each
/// operation: every engine must give the same.
#[test]
fn scores_are_golden() {
    let (baseline, _) = accustomed(200);
    let golden = [
        (20.0, 0x37af_7c43_u32),
        (21.0, 0x3e2c_9434),
        (22.0, 0x3ee3_f5d3),
        (24.0, 0x3f42_f574),
        (30.0, 0x3f73_c064),
        (1e18, 0x3f80_0000),
    ];
    for (value, bits) in golden {
        let got = score(&mut baseline.clone(), &[value]);
        assert_eq!(
            got.to_bits(),
            bits,
            "{value}: {got} = {:#010x}",
            got.to_bits()
        );
    }
}

#[test]
fn the_score_grows_with_the_distance() {
    let (baseline, _) = accustomed(200);
    let mut last = 0.0;
    for value in [20.1, 20.5, 21.0, 25.0, 100.0, 1e4, 1e17] {
        let got = score(&mut baseline.clone(), &[value]);
        assert!(got >= last && got <= 1.0, "{value}: {got} after {last}");
        last = got;
    }
}

#[test]
fn the_worst_channel_decides() {
    let (mut baseline, mut noise) = (Baseline::NEW, Noise(7));
    let mut zscores = [0.0; 3];
    for _ in 0..100 {
        let sample = [noise.next(), 50.0 + noise.next(), -3.0];
        baseline.take(&sample, &mut zscores).expect("sound");
    }
    let Score(got) = baseline
        .take(&[0.0, 20.0, -3.0], &mut zscores)
        .expect("sound");
    assert!(zscores[1] < -4.0 && zscores[0].abs() < 4.0 && zscores[2] == 0.0);
    let square = zscores[1] * zscores[1];
    assert!((got - square / (square + 16.0)).abs() < 1e-6);
}

#[test]
fn one_spike_does_not_hide_the_next() {
    let (mut baseline, _) = accustomed(200);
    assert!(score(&mut baseline, &[1e6]) > 0.99);
    assert!(score(&mut baseline, &[30.0]) > 0.9);
}

#[test]
fn a_signal_that_moved_for_good_becomes_normal() {
    let (mut baseline, mut noise) = accustomed(200);
    let is_anomaly =
        |baseline: &mut Baseline, noise: &mut Noise| score(baseline, &[80.0 + noise.next()]) > 0.5;
    assert!(is_anomaly(&mut baseline, &mut noise));
    let anomalies = (0..1000)
        .filter(|_| is_anomaly(&mut baseline, &mut noise))
        .count();
    assert!((10..100).contains(&anomalies), "{anomalies} samples");
    assert!(!is_anomaly(&mut baseline, &mut noise));
}

#[test]
fn a_signal_that_never_moves_has_no_anomaly_in_its_last_bit() {
    let mut baseline = Baseline::NEW;
    for _ in 0..100 {
        assert_eq!(score(&mut baseline, &[21.5]), 0.0);
    }
    assert!(score(&mut baseline, &[21.5_f32.next_up()]) < 0.01);
    assert!(score(&mut baseline, &[21.6]) > 0.5);
}

#[test]
fn values_that_are_not_numbers_are_refused_and_change_nothing() {
    let (mut baseline, _) = accustomed(50);
    let before = baseline.clone();
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.1e18, f32::MIN] {
        let refused = baseline.take(&[value], &mut [0.0]);
        let words = refused.expect_err("refused").to_string();
        assert_eq!(
            words,
            "input 0 has an element that is not a number within ±1e18"
        );
    }
    assert!(baseline.take(&[], &mut []).is_err());
    assert!(baseline.take(&[0.0; 17], &mut [0.0; 17]).is_err());
    assert_eq!(baseline, before);
}

#[test]
fn extremes_never_leave_the_numbers() {
    let (mut baseline, mut state) = (Baseline::NEW, [0.0; FIELDS]);
    for index in 0..1000_u16 {
        let value = match index % 5 {
            0 => 1e18,
            1 => -1e18,
            2 => 0.0,
            3 => f32::MIN_POSITIVE / 4.0,
            _ => 1e-30,
        };
        let got = score(&mut baseline, &[value, 1e18, -1e18, f32::from(index)]);
        assert!((0.0..=1.0).contains(&got), "{value}: {got}");
        baseline.write(&mut state);
        baseline = Baseline::read(&state).expect("reads what it wrote");
    }
}

#[test]
fn a_state_round_trips() {
    let (baseline, _) = accustomed(40);
    let mut state = [f32::NAN; FIELDS];
    baseline.write(&mut state);
    assert_eq!(Baseline::read(&state).expect("its own"), baseline);
    assert_eq!(
        Baseline::read(&[0.0; FIELDS]).expect("zeros"),
        Baseline::NEW
    );
}

#[test]
fn a_foreign_state_is_refused() {
    for (element, value) in [
        (0, -1.0),
        (0, 65.0),
        (0, f32::NAN),
        (1, 17.0),
        (2, f32::INFINITY),
        (18, -0.5),
        (33, f32::NAN),
    ] {
        let mut state = [0.0; FIELDS];
        state[element] = value;
        let refused = Baseline::read(&state).expect_err("refused").to_string();
        assert_eq!(refused, "input 1 is not a state that this guest wrote");
    }
    assert!(Baseline::read(&[0.0; FIELDS - 1]).is_err());
    assert!(Baseline::read(&[0.0; FIELDS + 1]).is_err());
}

#[test]
fn another_number_of_channels_begins_anew() {
    let (mut baseline, _) = accustomed(200);
    assert_eq!(score(&mut baseline, &[1e9, 1.0]), 0.0);
    assert_eq!((baseline.count, baseline.channels), (1.0, 2.0));
}
