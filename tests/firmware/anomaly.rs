use vibration_generator::{Condition, Pump, Split};

use crate::{Case, chip::Chip, gateway::built};

/// Samples of a sound pump, with a blow against it near the end.
const SAMPLES: usize = 3000;
const BLOW: usize = 2500;

#[tokio::test]
async fn scores_of_a_stream_are_the_same_bits() {
    let calls = case().same_bits().await;
    let score = |at: usize| {
        let bytes: &[u8; 4] = calls[at][1].data.first_chunk().expect("a score");
        f32::from_le_bytes(*bytes)
    };
    assert!(score(BLOW) > 0.5, "the blow stands out");
    assert!(score(BLOW - 1) < 0.5, "what came before it does not");
}

#[tokio::test]
async fn a_guest_that_is_no_guest_and_an_empty_flash_are_said() {
    let chip = Chip::installed();
    let empty = chip.power_on(&[0xff; 64]).await;
    assert_eq!(empty.failed.as_deref(), Some("no feed was put into flash"));
    let mut broken = case();
    broken.wasm.truncate(1000);
    let broken = chip.run(&broken, 65_536).await;
    let words = broken.failed.expect("half a module does not run");
    assert!(
        words.starts_with("wasmi does not run the guest: "),
        "{words}"
    );
}

#[tokio::test]
async fn a_guest_that_needs_more_memory_than_it_is_granted_is_refused() {
    let chip = Chip::installed();
    let starved = chip.run(&case(), 32 * 1024).await;
    let words = starved.failed.expect("half a page is too little");
    assert!(
        words.starts_with("wasmi does not run the guest: "),
        "{words}"
    );
    let greedy = chip.run(&case(), 256 * 1024).await;
    let words = "262144 bytes for the guest leave too little RAM for the interpreter";
    assert_eq!(greedy.failed.as_deref(), Some(words));
}

fn case() -> Case {
    let (wasm, manifest) = built("anomaly");
    let mut pump = Pump::new(Split::Demo.seed(7), Condition::Normal);
    let samples = (0..SAMPLES).flat_map(|at| {
        let blow = if at == BLOW { 20.0 } else { 1.0 };
        pump.next_sample().map(|axis| axis * blow)
    });
    let data = samples.flat_map(f32::to_le_bytes).collect();
    Case {
        guest: "anomaly",
        wasm,
        manifest,
        model: None,
        dims: vec![3],
        data,
    }
}
