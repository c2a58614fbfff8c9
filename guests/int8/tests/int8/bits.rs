//! The very bits of one network: they change only with the version of the format.

use fastrand::Rng;

use crate::{random, run::run};

#[test]
fn they_are_what_they_were() {
    let mut rng = Rng::with_seed(2026);
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    for _ in 0..50 {
        let kinds: Vec<u8> = (0..rng.usize(1..6)).map(|_| rng.u8(0..7)).collect();
        let draft = random::draft(&mut rng, &kinds);
        let file = draft.write().expect("a network");
        let output = run(&file, &random::values(&mut rng, &draft), 1).expect("runs");
        let bits = output
            .iter()
            .flat_map(|value| value.to_bits().to_le_bytes());
        for byte in file.iter().copied().chain(bits) {
            digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    assert_eq!(digest, 0xcdf2_0604_a04b_50eb, "{digest:#x}");
}
