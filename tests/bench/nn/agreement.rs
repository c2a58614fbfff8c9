//! Everybody who infers must infer the same, or they did not do the same job.

use crate::{network::Network, report::Report, rounds::Measured};

/// Says of whom the outputs lie how far from those of the first.
pub(crate) fn check(network: &Network, measured: &[Measured], report: &mut Report) {
    for of_images in [false, true] {
        let mut alike = measured
            .iter()
            .filter(|measured| measured.who.takes_images() == of_images)
            .filter_map(|measured| Some((measured.who, &measured.turns.last()?.output)));
        let Some((first, wanted)) = alike.next() else {
            continue;
        };
        for (who, found) in alike {
            let apart = apart(wanted, found);
            report.agreement(network, (first, who), apart, apart <= network.tolerance);
        }
    }
}

/// The median distance of two outputs as a share of the greatest value: 1 where they cannot be compared.
fn apart(wanted: &[f32], found: &[f32]) -> f32 {
    let greatest = wanted
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    if wanted.len() != found.len() || wanted.is_empty() || greatest == 0.0 {
        return 1.0;
    }
    let pairs = wanted.iter().zip(found);
    let mut distances: Vec<f32> = pairs
        .map(|(wanted, found)| (wanted - found).abs())
        .collect();
    distances.sort_by(f32::total_cmp);
    distances[distances.len() / 2] / greatest
}
