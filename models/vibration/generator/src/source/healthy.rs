use std::f64::consts::TAU;

use super::resonator::Resonator;
use super::{Resonance, Source};
use crate::random::Random;
use crate::shaft::Moment;

/// What every pump does: a residual at once and twice the shaft speed, blade pass, flow noise.
#[derive(Debug, Clone)]
pub(crate) struct Healthy {
    once: [Tone; 3],
    twice: [Tone; 3],
    blade_pass: [Tone; 3],
    flow_g: f64,
    flow_memory: f64,
    flow: [f64; 3],
    ringing: f64,
    structure: [Resonator; 3],
    random: Random,
}

#[derive(Debug, Clone, Copy)]
struct Tone {
    order: f64,
    amplitude_g: f64,
    phase: f64,
}

impl Tone {
    fn at(self, turns: f64) -> f64 {
        self.amplitude_g * (TAU * self.order * turns + self.phase).cos()
    }
}

impl Healthy {
    pub(crate) fn new(resonance: Resonance, mut random: Random) -> Self {
        let once = rotating(random.log_between(0.015, 0.09), &mut random);
        let twice_g = random.log_between(0.008, 0.05);
        let twice = scattered(2.0, twice_g, &mut random);
        let blades = (random.between(3.0, 7.0)).floor();
        let blade_g = random.log_between(0.015, 0.08);
        let blade_pass = scattered(blades, blade_g, &mut random);
        Self {
            once,
            twice,
            blade_pass,
            flow_g: random.log_between(0.015, 0.05),
            flow_memory: random.between(0.3, 0.8),
            flow: [0.0; 3],
            ringing: random.between(0.1, 0.35),
            structure: [
                resonance.at_rest(),
                resonance.at_rest(),
                resonance.at_rest(),
            ],
            random,
        }
    }

    fn flow_noise(&mut self, axis: usize) -> f64 {
        let memory = self.flow_memory;
        let fresh = (1.0 - memory * memory).sqrt() * self.random.normal();
        self.flow[axis] = memory * self.flow[axis] + fresh;
        let rung = self.structure[axis].step(self.flow[axis]);
        self.flow_g * (self.flow[axis] + self.ringing * rung)
    }
}

impl Source for Healthy {
    fn step(&mut self, moment: &Moment) -> [f64; 3] {
        [0, 1, 2].map(|axis| {
            let tonal = self.once[axis].at(moment.turns) + self.twice[axis].at(moment.turns);
            let hydraulic = self.blade_pass[axis].at(moment.turns) + self.flow_noise(axis);
            tonal + moment.load * hydraulic
        })
    }
}

/// No rotor is balanced perfectly: a quarter turn between the axes, give or take 20°.
fn rotating(amplitude_g: f64, random: &mut Random) -> [Tone; 3] {
    let phase = random.angle();
    let tone = |share: f64, phase: f64| Tone {
        order: 1.0,
        amplitude_g: share * amplitude_g,
        phase,
    };
    let across = tone(1.0, phase);
    let across_too = tone(
        random.between(0.6, 1.0),
        phase - TAU / 4.0 + random.between(-0.35, 0.35),
    );
    let along = tone(random.between(0.1, 0.4), random.angle());
    [across, across_too, along]
}

fn scattered(order: f64, amplitude_g: f64, random: &mut Random) -> [Tone; 3] {
    [1.0, 1.0, 0.7].map(|share| Tone {
        order,
        amplitude_g: share * amplitude_g * random.between(0.4, 1.0),
        phase: random.angle(),
    })
}
