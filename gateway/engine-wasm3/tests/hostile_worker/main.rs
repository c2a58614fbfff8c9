//! The gateway's side against workers that were taken over: programs that say anything at all. Whatever comes, it is
//! a trap, within bounds, and the gateway goes on.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail it")]

mod fake;

use std::time::Duration;

use proptest::prelude::*;
use weir_engine::{AccessError, Budget, Export, GuestLog, Trap};
use weir_engine_wasm3::{
    StartError, Wasm3Engine,
    wire::{ABOUT, PROTOCOL, Said, header},
};

use self::fake::{Fake, PAGE, budget, frame, hello, limits, line, ready, returned, short};

/// What a call of `weir_abi` comes to, after a sound start.
fn called(said: &[Vec<u8>]) -> Result<i32, Trap> {
    let frames = [&[hello(), ready(2 * PAGE)], said].concat();
    let fake = Fake::saying(&frames);
    let mut instance = fake.instance(&limits()).unwrap();
    let answer = instance.call(Export::Abi, &[], budget());
    if let Err(trap) = &answer {
        assert_eq!(instance.call(Export::Abi, &[], budget()), Err(trap.clone()));
        let ended = Err(AccessError::Ended(trap.clone()));
        assert_eq!(instance.read(0, &mut [0]), ended);
        assert_eq!(instance.write(0, &[0]), ended);
    }
    answer
}

fn crashed(answer: &Result<i32, Trap>) -> bool {
    matches!(answer, Err(Trap::Crashed { .. }))
}

#[test]
fn a_sound_answer_is_taken() {
    assert_eq!(called(&[returned(7, 3 * PAGE, &[])]), Ok(7));
}

#[test]
fn only_a_worker_of_this_version_is_used() {
    let about = |about: &str| frame(Said::Hello, &[&PROTOCOL.to_le_bytes(), about.as_bytes()]);
    let next = (PROTOCOL + 1).to_le_bytes();
    for other in [
        about("weir-wasm3 0.0.9 (wasm3 0.9.0)"),
        frame(Said::Hello, &[&next, format!("{ABOUT}later)").as_bytes()]),
    ] {
        let fake = Fake::saying(&[other]);
        let refused = fake.engine().expect_err("another version");
        assert!(matches!(refused, StartError::Version { .. }), "{refused}");
    }
    let fake = Fake::saying(&[ready(0)]);
    let refused = fake.engine().expect_err("no greeting");
    assert!(matches!(refused, StartError::Silent { .. }), "{refused}");
    let refused = Wasm3Engine::new("/bin/true".into()).expect_err("no worker");
    assert!(matches!(refused, StartError::Silent { .. }), "{refused}");
    let refused = Wasm3Engine::new("/nowhere/weir-wasm3".into()).expect_err("no program");
    assert!(
        matches!(refused, StartError::NotStarted { .. }),
        "{refused}"
    );
}

#[test]
fn a_memory_that_cannot_be_is_refused() {
    for memory in [5 * PAGE, PAGE + 1, u64::MAX] {
        let trap = Fake::saying(&[hello(), ready(memory)])
            .instance(&limits())
            .err();
        assert!(matches!(trap, Some(Trap::Crashed { .. })), "{trap:?}");
        assert!(crashed(&called(&[returned(0, memory, &[])])), "{memory}");
    }
    assert!(crashed(&called(&[returned(0, PAGE, &[])])), "it shrank");
}

#[test]
fn what_is_out_of_turn_ends_the_worker() {
    let huge = header(Said::Returned.code(), usize::MAX).to_vec();
    for said in [
        hello(),
        ready(2 * PAGE),
        returned(0, 2 * PAGE, b"more than was asked for"),
        frame(Said::Returned, &[b"less"]),
        frame(Said::Bytes, &[]),
        frame(Said::Trapped, &[]),
        frame(Said::Trapped, &[&[200]]),
        frame(Said::Line, &[b"l"]),
        vec![0; 5],
        huge,
    ] {
        assert!(crashed(&called(std::slice::from_ref(&said))), "{said:?}");
    }
}

#[test]
fn a_worker_that_says_nothing_ends_at_the_deadline() {
    let deadline_ms = 200;
    assert_eq!(called(&[]), Err(Trap::Deadline { deadline_ms }));
    let half = returned(0, 2 * PAGE, &[])[..9].to_vec();
    assert_eq!(called(&[half]), Err(Trap::Deadline { deadline_ms }));
    let fake = Fake::saying(&[hello()]);
    let trap = fake.instance(&short()).err();
    assert_eq!(trap, Some(Trap::Deadline { deadline_ms }));
}

#[test]
fn a_worker_that_answers_without_listening_ends_at_the_deadline() {
    let answers = vec![returned(0, 2 * PAGE, &[]); 200];
    let fake = Fake::deaf(&[vec![hello(), ready(2 * PAGE)], answers].concat());
    let mut instance = fake.instance(&limits()).unwrap();
    let mut calls = (0..200).map(|_| {
        instance.write(0, &[0; 16 * 1024]).unwrap();
        instance.call(Export::Abi, &[], budget())
    });
    let trap = calls.find_map(Result::err);
    assert_eq!(trap, Some(Trap::Deadline { deadline_ms: 200 }));
}

#[test]
fn a_flood_of_lines_ends_the_worker_and_is_cut() {
    let flood = vec![line(b"\x1b[31mred\n"); 10_000];
    let frames = [vec![hello(), ready(2 * PAGE)], flood].concat();
    let fake = Fake::saying(&frames);
    let mut instance = fake.instance(&limits()).unwrap();
    assert!(crashed(&instance.call(Export::Abi, &[], budget())));
    let lines = instance.take_log();
    assert_eq!(lines.len(), GuestLog::LINES_MAX + 1);
    assert_eq!(lines[0], (3, " [31mred ".to_owned()));
}

#[test]
fn last_words_reach_the_reader_as_one_line() {
    let words = format!("no\nfilter\x1b{}", "!".repeat(300));
    let Err(Trap::Crashed { how }) = called(&[frame(Said::Fatal, &[words.as_bytes()])]) else {
        panic!("it gave up");
    };
    assert!(how.starts_with("no filter !"), "{how}");
    assert_eq!(how.len(), 256);
}

#[test]
fn memory_is_read_as_it_was_asked_for() {
    let frames = [hello(), ready(2 * PAGE), frame(Said::Bytes, &[b"abc"])];
    let fake = Fake::saying(&frames);
    let mut instance = fake.instance(&limits()).unwrap();
    let mut bytes = [0; 3];
    assert_eq!(instance.read(8, &mut bytes), Ok(()));
    assert_eq!(&bytes, b"abc");
    let outside = instance.read(u32::MAX, &mut bytes);
    assert!(matches!(outside, Err(AccessError::Outside(_))));
    let outside = instance.write(2 * 65_536 - 2, b"abc");
    assert!(matches!(outside, Err(AccessError::Outside(_))));
    let frames = [hello(), ready(2 * PAGE), frame(Said::Bytes, &[b"ab"])];
    drop((instance, fake));
    let fake = Fake::saying(&frames);
    let mut instance = fake.instance(&limits()).unwrap();
    let short = instance.read(8, &mut bytes);
    let ended = matches!(short, Err(AccessError::Ended(Trap::Crashed { .. })));
    assert!(ended, "{short:?}");
}

fn anything() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![3 => 16..24_u8, 1 => any::<u8>()];
    let body = prop::collection::vec(any::<u8>(), 0..40);
    let sound = prop_oneof![
        Just(returned(0, 2 * PAGE, &[])),
        Just(line(b"line")),
        Just(ready(2 * PAGE)),
    ];
    let framed = (kind, body).prop_map(|(kind, body)| {
        let mut frame = header(kind, body.len()).to_vec();
        frame.extend(body);
        frame
    });
    prop_oneof![2 => framed, 2 => sound, 1 => prop::collection::vec(any::<u8>(), 0..20)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn nothing_that_a_worker_says_breaks_the_gateway(said in prop::collection::vec(anything(), 0..6)) {
        let frames = [&[hello(), ready(2 * PAGE)], said.as_slice()].concat();
        let fake = Fake::saying(&frames);
        let mut instance = fake.instance(&limits()).unwrap();
        let hasty = Budget { deadline: Duration::from_millis(20), fuel: None };
        for _ in 0..4 {
            let answer = instance.call(Export::Abi, &[], hasty);
            prop_assert!(instance.memory_bytes() <= limits().memory_bytes_max);
            prop_assert!(instance.take_log().len() <= GuestLog::LINES_MAX + 1);
            if answer.is_err() {
                break;
            }
        }
    }
}
