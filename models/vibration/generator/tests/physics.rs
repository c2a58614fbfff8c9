//! What a reader of a spectrum would expect of each condition.
#![expect(clippy::as_conversions, reason = "numeric kernel: times from indices")]

use std::collections::HashSet;
use std::f64::consts::TAU;

use vibration_generator::{Condition, Pump, SAMPLE_HZ, Split};

const PUMPS: u32 = 40;
const SAMPLES: usize = 2_000;

#[test]
fn a_seed_and_a_condition_decide_every_sample() {
    for condition in Condition::ALL {
        let mut pump = Pump::new(Split::Test.seed(3), condition);
        let mut again = Pump::new(Split::Test.seed(3), condition);
        let mut other = Pump::new(Split::Test.seed(4), condition);
        let window = pump.next_window();
        assert_eq!(window, again.next_window());
        assert_ne!(window, other.next_window());
    }
}

#[test]
fn splits_share_no_seed() {
    let numbers = [0, 1, 2, 1_000, u32::MAX - 1, u32::MAX];
    let seeds: HashSet<u64> = Split::ALL
        .iter()
        .flat_map(|split| numbers.map(|number| split.seed(number)))
        .collect();
    assert_eq!(seeds.len(), Split::ALL.len() * numbers.len());
}

#[test]
fn windows_of_one_split_come_from_different_pumps() {
    let mut seen = HashSet::new();
    for number in 0..50 {
        for condition in Condition::ALL {
            let bits = Split::Train
                .window(condition, number)
                .map(|sample| sample.map(f32::to_bits));
            assert!(
                seen.insert(bits),
                "{} {number} occurs twice",
                condition.label()
            );
        }
    }
}

#[test]
fn samples_are_finite_in_range_and_carry_gravity_on_az() {
    for condition in Condition::ALL {
        for number in 0..PUMPS {
            let axes = record(condition, number);
            let means = axes
                .each_ref()
                .map(|axis| axis.iter().sum::<f64>() / axis.len() as f64);
            assert!(
                axes.iter()
                    .flatten()
                    .all(|value| value.is_finite() && value.abs() < 6.0)
            );
            assert!(
                (means[2] - 1.0).abs() < 0.15,
                "{} {number}: {means:?}",
                condition.label()
            );
            assert!(means[0].abs() < 0.25 && means[1].abs() < 0.25, "{means:?}");
        }
    }
}

#[test]
fn an_imbalance_is_loudest_at_shaft_speed_with_a_quarter_turn_between_the_axes() {
    let (mut dominant, mut quarter) = (0, 0);
    for number in 0..PUMPS {
        let [ax, ay, _] = record(Condition::Imbalance, number);
        let (shaft_hz, once) = loudest(&ax, 18.0, 32.0);
        let rest = loudest(&ax, 36.0, 190.0).1;
        dominant += u32::from(once > rest);
        let lag = (phase(&ax, shaft_hz) - phase(&ay, shaft_hz)).rem_euclid(TAU);
        quarter += u32::from((lag.min(TAU - lag) - TAU / 4.0).abs() < 0.6);
    }
    assert!(
        dominant > PUMPS * 85 / 100,
        "dominant at once per turn in {dominant} of {PUMPS}"
    );
    assert!(
        quarter > PUMPS * 80 / 100,
        "90° apart in {quarter} of {PUMPS}"
    );
}

#[test]
fn a_bearing_fault_rings_the_structure() {
    let louder = (0..PUMPS).filter(|&number| {
        let ringing = |condition| power(&record(condition, number), 135.0, 165.0);
        ringing(Condition::BearingFault) > 1.5 * ringing(Condition::Normal)
    });
    let louder = louder.count();
    assert!(louder > 34, "{louder} of {PUMPS}");
}

#[test]
fn looseness_fills_half_orders() {
    let louder = (0..PUMPS).filter(|&number| {
        let below_shaft_speed = |condition| power(&record(condition, number), 8.0, 17.0);
        below_shaft_speed(Condition::Looseness) > 2.0 * below_shaft_speed(Condition::Normal)
    });
    let louder = louder.count();
    assert!(louder > 30, "{louder} of {PUMPS}");
}

#[test]
fn a_fault_develops_within_a_second_and_fades_as_fast() {
    let mut pump = Pump::new(Split::Test.seed(11), Condition::Normal);
    let before = deviation(&mut pump, 400);
    pump.set_condition(Condition::Imbalance);
    let at_once = deviation(&mut pump, 20);
    pump.next_window();
    deviation(&mut pump, 400);
    let developed = deviation(&mut pump, 400);
    pump.set_condition(Condition::Normal);
    deviation(&mut pump, 420);
    let repaired = deviation(&mut pump, 400);
    assert!(developed > 1.5 * before, "{before} grew to {developed}");
    assert!(
        at_once < developed,
        "{at_once} came at once, {developed} in the end"
    );
    assert!(
        repaired < 1.3 * before,
        "{before} before, {repaired} after the repair"
    );
}

fn record(condition: Condition, number: u32) -> [Vec<f64>; 3] {
    let mut pump = Pump::new(Split::Test.seed(number), condition);
    let samples: Vec<[f32; 3]> = (0..SAMPLES).map(|_| pump.next_sample()).collect();
    [0, 1, 2].map(|axis| {
        samples
            .iter()
            .map(|sample| f64::from(sample[axis]))
            .collect()
    })
}

fn deviation(pump: &mut Pump, samples: usize) -> f64 {
    let ax: Vec<f64> = (0..samples)
        .map(|_| f64::from(pump.next_sample()[0]))
        .collect();
    let mean = ax.iter().sum::<f64>() / ax.len() as f64;
    (ax.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / ax.len() as f64).sqrt()
}

/// Amplitude and phase of one frequency, the mean removed and a Hann window applied.
fn component(axis: &[f64], hz: f64) -> (f64, f64) {
    let mean = axis.iter().sum::<f64>() / axis.len() as f64;
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (at, value) in axis.iter().enumerate() {
        let hann = 0.5 - 0.5 * (TAU * at as f64 / axis.len() as f64).cos();
        let (sin, cos) = (TAU * hz * at as f64 / SAMPLE_HZ).sin_cos();
        real += hann * (value - mean) * cos;
        imaginary += hann * (value - mean) * sin;
    }
    let amplitude = 4.0 / axis.len() as f64 * real.hypot(imaginary);
    (amplitude, imaginary.atan2(real))
}

fn phase(axis: &[f64], hz: f64) -> f64 {
    component(axis, hz).1
}

/// The loudest frequency of a range, in steps of 0.2 Hz, and its amplitude.
fn loudest(axis: &[f64], from_hz: f64, to_hz: f64) -> (f64, f64) {
    let steps = ((to_hz - from_hz) / 0.2) as usize;
    (0..steps)
        .map(|step| from_hz + 0.2 * step as f64)
        .map(|hz| (hz, component(axis, hz).0))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .expect("a range holds a step")
}

/// Sum over the axes of the squared amplitudes in a range.
fn power(axes: &[Vec<f64>; 3], from_hz: f64, to_hz: f64) -> f64 {
    let steps = ((to_hz - from_hz) / 0.2) as usize;
    let hz = |step: usize| from_hz + 0.2 * step as f64;
    axes.iter()
        .flat_map(|axis| (0..steps).map(move |step| component(axis, hz(step)).0.powi(2)))
        .sum()
}
