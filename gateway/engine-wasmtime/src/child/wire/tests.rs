use super::*;

fn head() -> Head {
    let limits = Limits {
        memory_bytes_max: 1 << 20,
        table_elements_max: 7,
        stack_bytes_max: 64 * 1024,
        call_deadline: Duration::ZERO,
        load_deadline: Duration::from_secs(3),
        fuel_max: None,
        output_bytes_max: 0,
        input_bytes_max: 0,
        model_bytes_max: 5,
        simd: true,
    };
    Head {
        setup: Setup::of(
            &limits,
            crate::Capacity::of_instances(1),
            &crate::Profiling::Off,
        ),
        limits,
        nn: true,
        waits: true,
        budget: Budget {
            memory_bytes_max: 1,
            seconds_max: 2,
            file_bytes_max: 3,
        },
        wasm_bytes: 4,
        parts: Parts::Snapshot {
            model: 0,
            loader: 6,
        },
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("a Vec takes every write");
    bytes
}

#[test]
fn an_order_arrives_as_it_was_given() {
    let bytes = written(|to| head().write(to));
    let read = Head::read(&mut bytes.as_slice()).expect("it is whole");
    assert_eq!(format!("{read:?}"), format!("{:?}", head()));
}

#[test]
fn what_is_said_arrives_as_it_was_said() {
    let words = || "out of it".to_owned();
    for said in [
        Said::Phase(Phase::CompilingToLoad),
        Said::Phase(Phase::LoadingModel),
        Said::Phase(Phase::Compiling),
        Said::Done(1 << 40),
        Said::Fault(Fault::Unsuited(words())),
        Said::Fault(Fault::Load(words())),
        Said::Fault(Fault::Compile(words())),
        Said::Fault(Fault::Spent(words())),
    ] {
        let bytes = written(|to| said.write(to));
        assert_eq!(
            Said::read(&mut bytes.as_slice()).expect("it is whole"),
            said
        );
    }
}

#[test]
fn garbage_is_an_error_and_nothing_is_set_aside_for_it() {
    let good = written(|to| head().write(to));
    for at in [0, 17 * 8 + 7, 18 * 8, 19 * 8 + 7, 20 * 8 + 7] {
        let mut bad = good.clone();
        bad[at] ^= 0x80;
        assert!(Head::read(&mut bad.as_slice()).is_err(), "byte {at}");
    }
    assert!(Head::read(&mut &good[..good.len() - 1]).is_err(), "cut");
    let frame = |tag: u64, number: u64, len: u64| [tag, number, len].map(u64::to_le_bytes);
    for (tag, number, len) in [
        (0, 0, 0),
        (4, 0, 0),
        (1, 3, 0),
        (3, 4, 0),
        (3, 0, 4097),
        (3, 0, u64::MAX),
        (3, 0, 1),
    ] {
        let bytes = frame(tag, number, len);
        assert!(
            Said::read(&mut bytes.as_flattened()).is_err(),
            "{tag} {number} {len}"
        );
    }
}

#[test]
fn words_are_cut_and_have_no_control_characters() {
    let long = Said::Fault(Fault::Compile("\u{1b}x".repeat(5000)));
    let bytes = written(|to| long.write(to));
    let Said::Fault(Fault::Compile(words)) = Said::read(&mut bytes.as_slice()).expect("whole")
    else {
        panic!("a fault");
    };
    assert_eq!(words.len(), WORDS_BYTES_MAX);
    assert!(!words.contains('\u{1b}'));
}
