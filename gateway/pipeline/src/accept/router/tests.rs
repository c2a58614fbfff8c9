use proptest::prelude::*;

use super::*;
use crate::fixtures::{message, pattern, pipeline};

fn pipelines(patterns: &[&str]) -> Vec<Pipeline> {
    let made = |(index, text): (usize, &&str)| Pipeline {
        name: format!("p{index}").parse().unwrap(),
        topic: pattern(text),
        ..pipeline()
    };
    patterns.iter().enumerate().map(made).collect()
}

fn filters(router: &Router) -> Vec<&str> {
    router
        .subscriptions()
        .iter()
        .map(|subscription| subscription.filter.as_str())
        .collect()
}

#[test]
fn a_topic_leads_to_every_pipeline_that_takes_it_with_its_device() {
    let pipelines = pipelines(&[
        "sensors/{device}/vibration",
        "sensors/{device}/#",
        "plant/{device}",
    ]);
    let router = Router::new(&pipelines, "weir").unwrap();
    let found: Vec<Routed> = router.route(&message("")).collect();
    let places: Vec<usize> = found.iter().map(|routed| routed.pipeline).collect();
    assert_eq!(places, [0, 1]);
    assert!(
        found
            .iter()
            .all(|routed| routed.device.as_ref().unwrap().as_str() == "pump-7")
    );
}

#[test]
fn retained_messages_are_for_pipelines_that_want_them() {
    let mut pipelines = pipelines(&["sensors/{device}/vibration", "sensors/{device}/+"]);
    pipelines[1].retained = true;
    let router = Router::new(&pipelines, "weir").unwrap();
    let mut retained = message("");
    retained.retained = true;
    let places: Vec<usize> = router
        .route(&retained)
        .map(|routed| routed.pipeline)
        .collect();
    assert_eq!(places, [1]);
    assert!(router.subscriptions()[0].retained);
}

#[test]
fn a_topic_without_a_device_is_a_reject() {
    let pipelines = pipelines(&["sensors/#"]);
    let router = Router::new(&pipelines, "weir").unwrap();
    for topic in ["sensors", "sensors//vibration", "sensors/a\u{7}b/x"] {
        let mut message = message("");
        message.topic = topic.into();
        let routed = router.route(&message).next().unwrap();
        assert_eq!(
            routed.device.unwrap_err().code,
            "topic_device_missing",
            "{topic}"
        );
    }
}

#[test]
fn equal_and_covered_filters_are_subscribed_once() {
    let router = |patterns: &[&str]| Router::new(&pipelines(patterns), "weir").unwrap();
    assert_eq!(filters(&router(&["a/{device}", "a/{device}"])), ["a/+"]);
    assert_eq!(
        filters(&router(&["a/{device}/x", "a/{device}/#", "a/{device}/y"])),
        ["a/+/#"]
    );
    assert!(
        router(&["a/{device}/x", "a/{device}/#"])
            .overlaps()
            .is_empty()
    );
}

#[test]
fn filters_that_overlap_in_part_are_reported() {
    let router = Router::new(&pipelines(&["a/{device}", "{device}/b"]), "weir").unwrap();
    assert_eq!(filters(&router), ["a/+", "+/b"]);
    let words = router.overlaps()[0].to_string();
    assert!(
        words.starts_with("pipelines p0 and p1: a/+ and +/b overlap"),
        "{words}"
    );
}

#[test]
fn filters_that_take_our_own_topics_are_refused() {
    for pattern in [
        "#",
        "+/results/{device}/#",
        "weir/results/p/{device}",
        "{device}/nodes/x/health",
    ] {
        let error = Router::new(&pipelines(&[pattern]), "weir").unwrap_err();
        assert!(matches!(error, RouterError::OwnTopics { .. }), "{pattern}");
    }
    for pattern in ["weirs/{device}", "{device}/vibration", "+/{device}/signal"] {
        assert!(
            Router::new(&pipelines(&[pattern]), "weir").is_ok(),
            "{pattern}"
        );
    }
    assert!(Router::new(&[], "").is_err());
}

#[test]
fn replies_that_would_come_back_are_known() {
    let router = Router::new(&pipelines(&["sensors/{device}/vibration"]), "weir").unwrap();
    assert!(router.takes("sensors/a/vibration"));
    assert!(router.takes("weir/results/p/d"));
    assert!(!router.takes("replies/a"));
}

proptest! {
    #[test]
    fn every_topic_that_a_pipeline_takes_is_subscribed(
        patterns in prop::collection::vec(prop::collection::vec(prop::sample::select(vec!["a", "b", "+"]), 1..4), 1..6),
        rests in prop::collection::vec(any::<bool>(), 6),
        topic in prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..5),
    ) {
        let texts: Vec<String> = patterns
            .iter()
            .zip(rests)
            .map(|(levels, rest)| format!("s/{}{}", levels.join("/"), if rest { "/#" } else { "" }))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let router = Router::new(&pipelines(&texts), "weir").unwrap();
        let topic = format!("s/{}", topic.join("/"));
        let levels = Levels::of(&topic);
        let takes = |text: &str| Filter::parse(text).unwrap().matches(&levels);
        let taken = texts.iter().any(|text| takes(text));
        let subscribed: Vec<&str> = filters(&router).into_iter().filter(|filter| takes(filter)).collect();
        prop_assert_eq!(taken, !subscribed.is_empty());
        if router.overlaps().is_empty() {
            prop_assert!(subscribed.len() <= 1);
        }
    }
}
