//! MQTT topic filters: whether two of them can match the same topic.

/// A topic that both filters match; none where there is no such topic.
///
/// Both filters must be valid. Wildcards at the first level do not match topics that begin with `$` (MQTT 5, 4.7.2).
pub(crate) fn overlap(left: &str, right: &str) -> Option<String> {
    let left: Vec<&str> = left.split('/').collect();
    let right: Vec<&str> = right.split('/').collect();
    let reserved = |filter: &[&str]| filter[0].starts_with('$');
    let wild = |filter: &[&str]| matches!(filter[0], "+" | "#");
    if (reserved(&left) && wild(&right)) || (reserved(&right) && wild(&left)) {
        return None;
    }
    let mut topic = Vec::new();
    meet(&left, &right, &mut topic).then(|| topic.join("/"))
}

fn meet<'a>(left: &[&'a str], right: &[&'a str], topic: &mut Vec<&'a str>) -> bool {
    match (left, right) {
        (["#"], rest) | (rest, ["#"]) => {
            topic.extend(rest.iter().map(|segment| concrete(segment)));
            true
        }
        ([], []) => true,
        ([], [..]) | ([..], []) => false,
        ([first, left @ ..], [second, right @ ..]) => {
            let segment = match (*first, *second) {
                ("+", other) | (other, "+") => concrete(other),
                (one, other) if one == other => one,
                _ => return false,
            };
            topic.push(segment);
            meet(left, right, topic)
        }
    }
}

/// A segment that a topic may have where the filter has this one.
fn concrete(segment: &str) -> &str {
    match segment {
        "+" | "#" => "x",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::overlap;

    /// Matching as MQTT 5 states it (4.7.1), segment by segment.
    fn matches(filter: &str, topic: &str) -> bool {
        let filter: Vec<&str> = filter.split('/').collect();
        let topic: Vec<&str> = topic.split('/').collect();
        if topic[0].starts_with('$') && matches!(filter[0], "+" | "#") {
            return false;
        }
        for (index, segment) in filter.iter().enumerate() {
            if *segment == "#" {
                return topic.len() >= index;
            }
            match topic.get(index) {
                Some(name) if *segment == "+" || segment == name => {}
                _ => return false,
            }
        }
        filter.len() == topic.len()
    }

    fn topic() -> impl Strategy<Value = String> {
        let segment = prop::sample::select(vec!["a", "b", "x", "", "$s"]);
        prop::collection::vec(segment, 1..5).prop_map(|segments| segments.join("/"))
    }

    fn filter() -> impl Strategy<Value = String> {
        let segment = prop::sample::select(vec!["a", "b", "x", "", "+", "$s"]);
        let hash = prop::bool::weighted(0.3);
        (prop::collection::vec(segment, 0..5), hash).prop_map(|(mut segments, hash)| {
            if hash || segments.is_empty() {
                segments.push("#");
            }
            segments.join("/")
        })
    }

    proptest! {
        #[test]
        fn what_is_named_is_matched_by_both(left in filter(), right in filter()) {
            if let Some(topic) = overlap(&left, &right) {
                prop_assert!(matches(&left, &topic), "{left} does not match {topic}");
                prop_assert!(matches(&right, &topic), "{right} does not match {topic}");
            }
        }

        #[test]
        fn what_is_matched_by_both_is_found(left in filter(), right in filter(), topic in topic()) {
            if matches(&left, &topic) && matches(&right, &topic) {
                prop_assert!(overlap(&left, &right).is_some());
                prop_assert!(overlap(&right, &left).is_some());
            }
        }
    }

    #[test]
    fn a_trailing_hash_matches_its_parent() {
        assert_eq!(overlap("a/#", "+").as_deref(), Some("a"));
        assert_eq!(overlap("$SYS/#", "+/#"), None);
        assert_eq!(
            overlap("#", "weir/results/+/+").as_deref(),
            Some("weir/results/x/x")
        );
    }
}
