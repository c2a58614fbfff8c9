//! Whatever a file says: no panic, no read or write outside of what was given.

use fastrand::Rng;
use int8_network::{Fault, LayerFault, Network};

use crate::{random, run::run};

/// What a caller would grant a network that it did not make.
const MEMORY_BYTES_MAX: usize = 1 << 20;
const MULTIPLICATIONS_MAX: u64 = 1 << 22;

/// Reads a file and, where it is a network, runs it.
fn tries(file: &[u8]) -> bool {
    let Ok(network) = Network::read(file) else {
        return false;
    };
    let small = network.memory_bytes() <= MEMORY_BYTES_MAX;
    if small && network.multiplications() <= MULTIPLICATIONS_MAX {
        let elements: u32 = network.input_dims().iter().product();
        let input = vec![0.5; usize::try_from(elements).expect("fits")];
        run(file, &input, -1).expect("what was read runs");
    }
    true
}

fn files() -> impl Iterator<Item = (Rng, Vec<u8>)> {
    (0..60).map(|seed| {
        let mut rng = Rng::with_seed(seed);
        let mut kinds: Vec<u8> = (0..rng.usize(0..5)).map(|_| rng.u8(0..7)).collect();
        // Its sections come last: no file ends in bytes that nothing needs.
        kinds.push(0);
        let file = random::draft(&mut rng, &kinds).write().expect("a network");
        (rng, file)
    })
}

#[test]
fn changed_bytes() {
    let (mut read, mut refused) = (0, 0);
    for (mut rng, file) in files() {
        let records = file.len().min(400);
        for _ in 0..800 {
            let mut changed = file.clone();
            for _ in 0..rng.usize(1..4) {
                let at = rng.usize(0..records);
                changed[at] = if rng.bool() {
                    rng.u8(..)
                } else {
                    changed[at] ^ (1 << rng.u8(0..8))
                };
            }
            if tries(&changed) {
                read += 1;
            } else {
                refused += 1;
            }
        }
    }
    assert!(read > 1_000 && refused > 1_000, "{read} {refused}");
}

#[test]
fn cut_and_lengthened_files() {
    for (_, file) in files().take(20) {
        for length in 0..file.len() {
            assert!(!tries(&file[..length]), "{length} of {}", file.len());
        }
        let mut longer = file.clone();
        longer.extend([0xff; 64]);
        assert!(tries(&longer));
    }
}

#[test]
fn noise_behind_a_true_prefix() {
    let mut rng = Rng::with_seed(11);
    for _ in 0..50_000 {
        let mut file = b"WEIRINT8\x01\0\0\0\xf0\0\0\0".to_vec();
        file.extend((0..512).map(|_| if rng.bool() { 0 } else { rng.u8(..) }));
        tries(&file);
    }
}

#[test]
fn a_fault_is_named() {
    let (_, file) = files().next().expect("one");
    let changed = |at: usize, byte: u8| {
        let mut changed = file.clone();
        changed[at] = byte;
        Network::read(&changed).expect_err("refused")
    };
    assert_eq!(changed(0, b'w'), Fault::NotANetwork);
    assert_eq!(changed(8, 2), Fault::Version { found: 2 });
    assert_eq!(changed(12, 20), Fault::Header);
    assert_eq!(Network::read(&[]).expect_err("empty"), Fault::NotANetwork);

    let last = u16::try_from(Network::read(&file).expect("read").steps().count()).expect("few") - 1;
    let mut short = file.clone();
    let records = u32::from_le_bytes(file[12..16].try_into().expect("four"));
    short[12..16].copy_from_slice(&(records - 1).to_le_bytes());
    let fault = Network::read(&short).expect_err("cut off");
    let record = LayerFault::Record;
    assert_eq!(
        fault,
        Fault::Layer {
            index: last,
            fault: record
        }
    );
    assert_eq!(
        fault.to_string(),
        format!("layer {last}: its record is cut off or malformed")
    );
}
