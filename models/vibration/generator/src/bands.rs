#![expect(
    clippy::as_conversions,
    reason = "numeric kernel: angles from indices, results as f32"
)]

use std::f64::consts::TAU;
use std::sync::LazyLock;

use crate::{WINDOW, Window};

/// Bands of [`bands`].
pub const BANDS: usize = 32;

/// Added to every energy before the logarithm, in g²: below the quietest sensor's noise.
const FLOOR_G2: f64 = 1e-6;

/// What a small network hears of a window: the natural logarithm of the energy in 32 bands.
///
/// Each axis loses its mean (and with it gravity), is weighted by a Hann window and transformed
/// (DFT). Band `b` is the sum over the three axes of the mean square, in g², in the bins `2b + 1`
/// and `2b + 2`: 6.25 Hz wide, centred at `6.25 b + 4.7` Hz, the last one ending at the Nyquist
/// frequency of 200 Hz. A floor of 10⁻⁶ g² keeps the logarithm finite.
pub fn bands(window: &Window) -> [f32; BANDS] {
    let axes: [[f64; WINDOW]; 3] = [0, 1, 2].map(|axis| weighted(window, axis));
    let mut logs = [0.0; BANDS];
    for (band, log) in logs.iter_mut().enumerate() {
        let energy: f64 = axes
            .iter()
            .map(|axis| energy(axis, 2 * band + 1) + energy(axis, 2 * band + 2))
            .sum();
        *log = (energy + FLOOR_G2).ln() as f32;
    }
    logs
}

/// `(cos, sin)` of every multiple of a 128th of a turn.
static CIRCLE: LazyLock<[(f64, f64); WINDOW]> = LazyLock::new(|| {
    std::array::from_fn(|step| {
        let (sin, cos) = (TAU * step as f64 / WINDOW as f64).sin_cos();
        (cos, sin)
    })
});

fn weighted(window: &Window, axis: usize) -> [f64; WINDOW] {
    let mean = window
        .iter()
        .map(|sample| f64::from(sample[axis]))
        .sum::<f64>()
        / WINDOW as f64;
    std::array::from_fn(|at| {
        let hann = 0.5 - 0.5 * CIRCLE[at].0;
        hann * (f64::from(window[at][axis]) - mean)
    })
}

/// Mean square of one bin of a weighted axis, in g².
fn energy(axis: &[f64; WINDOW], bin: usize) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (at, value) in axis.iter().enumerate() {
        let (cos, sin) = CIRCLE[bin * at % WINDOW];
        real += value * cos;
        imaginary += value * sin;
    }
    // Two-sided to one-sided (2), the weights' own mean square (3/8).
    let scale = 2.0 / (0.375 * (WINDOW * WINDOW) as f64);
    scale * (real * real + imaginary * imaginary)
}

#[cfg(test)]
mod tests {
    use super::{BANDS, bands};
    use crate::{SAMPLE_HZ, WINDOW};

    #[test]
    fn a_tone_lands_in_its_band_with_its_energy() {
        let mut window = [[0.0, 0.0, 1.0]; WINDOW];
        for (at, sample) in window.iter_mut().enumerate() {
            let turns = 50.0 * at as f64 / SAMPLE_HZ;
            sample[0] = (0.2 * (std::f64::consts::TAU * turns).sin()) as f32;
        }
        let heard = bands(&window);
        let loudest = (0..BANDS)
            .max_by(|&a, &b| heard[a].total_cmp(&heard[b]))
            .unwrap();
        assert_eq!(loudest, 7, "bins 15 and 16 hold 50 Hz");
        let energy: f32 = heard.iter().map(|log| log.exp()).sum();
        assert!(
            (energy - 0.02).abs() < 0.001,
            "0.2 g of amplitude are 0.02 g²: {energy}"
        );
    }

    #[test]
    fn silence_is_the_floor() {
        assert!(
            bands(&[[0.1, -0.2, 1.0]; WINDOW])
                .iter()
                .all(|log| (log - 1e-6_f32.ln()).abs() < 1e-3)
        );
    }
}
