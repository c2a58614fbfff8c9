use std::num::NonZeroU32;

use proptest::prelude::*;

use super::*;

fn windows(size: u32, stride: u32, gap_max_ms: Option<u64>, devices: u32) -> Windows {
    let window = Window {
        size: NonZeroU32::new(size).unwrap(),
        stride: NonZeroU32::new(stride).unwrap(),
        gap_max: gap_max_ms.map(std::time::Duration::from_millis),
        devices_max: NonZeroU32::new(devices).unwrap(),
    };
    Windows::new(window, 2, NonZeroUsize::MIN)
}

/// Samples of two bytes: a number and its complement.
fn samples(numbers: std::ops::Range<u8>) -> Vec<u8> {
    numbers.flat_map(|number| [number, !number]).collect()
}

fn push(windows: &mut Windows, device: &str, time: SampleTime, bytes: &[u8]) -> Option<Vec<u8>> {
    let join = |complete: Complete<'_>| [complete.older, complete.newer].concat();
    windows.push(&device.parse().unwrap(), time, bytes, join)
}

const AT: SampleTime = SampleTime::Arrival(0);

#[test]
fn a_window_is_complete_with_size_then_every_stride() {
    let mut windows = windows(4, 2, None, 2);
    assert_eq!(push(&mut windows, "a", AT, &samples(0..3)), None);
    assert_eq!(push(&mut windows, "b", AT, &samples(9..10)), None);
    assert_eq!(
        push(&mut windows, "a", AT, &samples(3..4)),
        Some(samples(0..4))
    );
    assert_eq!(push(&mut windows, "a", AT, &samples(4..5)), None);
    assert_eq!(
        push(&mut windows, "a", AT, &samples(5..6)),
        Some(samples(2..6))
    );
}

#[test]
fn a_message_that_completes_several_windows_yields_the_newest() {
    let mut windows = windows(4, 2, None, 2);
    assert_eq!(
        push(&mut windows, "a", AT, &samples(0..9)),
        Some(samples(4..8))
    );
    assert_eq!(windows.counts().superseded, 2);
    assert_eq!(
        push(&mut windows, "a", AT, &samples(9..10)),
        Some(samples(6..10))
    );
}

#[test]
fn a_pause_or_a_time_that_goes_back_empties_the_window() {
    let mut windows = windows(2, 1, Some(500), 2);
    let own = |ms: i64| SampleTime::Own(ms * 1000);
    push(&mut windows, "a", own(0), &samples(0..1));
    assert!(push(&mut windows, "a", own(500), &samples(1..2)).is_some());
    assert!(push(&mut windows, "a", own(1001), &samples(2..3)).is_none());
    assert!(push(&mut windows, "a", own(1001), &samples(3..4)).is_some());
    assert!(push(&mut windows, "a", own(1000), &samples(4..5)).is_none());
    assert_eq!(windows.counts().resets, 2);
    push(&mut windows, "b", SampleTime::Arrival(7), &samples(0..1));
    assert!(
        push(
            &mut windows,
            "b",
            SampleTime::Arrival(500_008),
            &samples(1..2)
        )
        .is_none()
    );
}

#[test]
fn the_least_recently_heard_device_is_forgotten() {
    let mut windows = windows(2, 1, None, 2);
    for device in ["a", "b", "a", "c"] {
        push(&mut windows, device, AT, &samples(0..1));
    }
    assert_eq!(windows.counts().evicted, 1);
    assert!(push(&mut windows, "a", AT, &samples(1..2)).is_some());
    assert!(push(&mut windows, "b", AT, &samples(1..2)).is_none());
}

proptest! {
    #[test]
    fn windows_agree_with_a_list_of_all_samples(size in 1_u32..9, stride in 1_u32..12, lengths in prop::collection::vec(1_u8..20, 1..20)) {
        let mut windows = windows(size, stride, None, 1);
        let (mut all, mut next, mut superseded) = (Vec::new(), 0_u8, 0_u64);
        let (size, stride) = (usize::try_from(size).unwrap(), usize::try_from(stride).unwrap());
        for length in lengths {
            let mut expected = None;
            for _ in 0..length {
                all.push([next, !next]);
                next = next.wrapping_add(1);
                if all.len() >= size && (all.len() - size).is_multiple_of(stride) {
                    superseded += u64::from(expected.is_some());
                    expected = Some(all[all.len() - size..].concat());
                }
            }
            let bytes = all[all.len() - usize::from(length)..].concat();
            prop_assert_eq!(push(&mut windows, "a", AT, &bytes), expected);
        }
        prop_assert_eq!(windows.counts().superseded, superseded);
    }
}
