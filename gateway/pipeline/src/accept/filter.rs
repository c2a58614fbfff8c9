/// The greatest number of levels of a filter.
pub(crate) const LEVELS_MAX: usize = 32;

/// An MQTT topic filter, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    levels: Vec<Level>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Level {
    Literal(String),
    One,
    Rest,
}

/// A topic cut into its levels, without an allocation.
pub(crate) struct Levels<'t> {
    parts: [&'t str; LEVELS_MAX],
    count: usize,
}

impl<'t> Levels<'t> {
    pub(crate) fn of(topic: &'t str) -> Self {
        let mut levels = Self {
            parts: [""; LEVELS_MAX],
            count: 0,
        };
        for part in topic.split('/') {
            if let Some(place) = levels.parts.get_mut(levels.count) {
                *place = part;
            }
            levels.count += 1;
        }
        levels
    }
}

impl Filter {
    /// Parses a filter; none where MQTT has no such filter or it has more than [`LEVELS_MAX`] levels.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let levels: Vec<Level> = text
            .split('/')
            .take(LEVELS_MAX + 1)
            .map(Level::of)
            .collect();
        let rest_stands_last = !levels[..levels.len() - 1].contains(&Level::Rest);
        let literals_are_plain = levels.iter().all(|level| match level {
            Level::Literal(text) => !text.contains(['+', '#', '\0']),
            Level::One | Level::Rest => true,
        });
        let valid = !text.is_empty()
            && levels.len() <= LEVELS_MAX
            && rest_stands_last
            && literals_are_plain;
        valid.then_some(Self { levels })
    }

    /// Whether the filter takes a topic (MQTT 5, 4.7).
    pub(crate) fn matches(&self, topic: &Levels<'_>) -> bool {
        let rest = self.levels.last() == Some(&Level::Rest);
        let fixed = self.levels.len() - usize::from(rest);
        let count_fits = if rest {
            topic.count >= fixed
        } else {
            topic.count == fixed
        };
        let system =
            topic.parts[0].starts_with('$') && !matches!(self.levels[0], Level::Literal(_));
        count_fits
            && !system
            && self.levels[..fixed]
                .iter()
                .zip(topic.parts)
                .rev()
                .all(|(level, part)| match level {
                    Level::Literal(text) => text == part,
                    Level::One | Level::Rest => true,
                })
    }

    /// Whether it takes every topic that the other takes.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let (mut mine, mut theirs) = (self.levels.iter(), other.levels.iter());
        if self.leaves_out_system(other) {
            return false;
        }
        loop {
            match (mine.next(), theirs.next()) {
                (Some(Level::Rest), _) | (None, None) => return true,
                (None, Some(_)) | (Some(_), None | Some(Level::Rest)) => return false,
                (Some(Level::One), Some(_)) => {}
                (Some(mine), Some(theirs)) if mine == theirs => {}
                (Some(_), Some(_)) => return false,
            }
        }
    }

    /// Whether some topic is taken by both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        if self.leaves_out_system(other) || other.leaves_out_system(self) {
            return false;
        }
        let (mut mine, mut theirs) = (self.levels.iter(), other.levels.iter());
        loop {
            match (mine.next(), theirs.next()) {
                (Some(Level::Rest), _) | (_, Some(Level::Rest)) | (None, None) => return true,
                (None, Some(_)) | (Some(_), None) => return false,
                (Some(Level::Literal(mine)), Some(Level::Literal(theirs))) if mine != theirs => {
                    return false;
                }
                (Some(_), Some(_)) => {}
            }
        }
    }

    /// Wildcards at the start do not take `$SYS` and its like.
    fn leaves_out_system(&self, other: &Self) -> bool {
        let system = matches!(&other.levels[0], Level::Literal(text) if text.starts_with('$'));
        system && !matches!(self.levels[0], Level::Literal(_))
    }
}

impl Level {
    fn of(text: &str) -> Self {
        match text {
            "+" => Self::One,
            "#" => Self::Rest,
            text => Self::Literal(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(text: &str) -> Filter {
        Filter::parse(text).unwrap()
    }

    /// The specification's words, level by level.
    fn naive(filter: &[&str], topic: &[&str]) -> bool {
        match (filter.split_first(), topic.split_first()) {
            (Some((&"#", _)), _) | (None, None) => true,
            (Some((&"+", filter)), Some((_, topic))) => naive(filter, topic),
            (Some((level, filter)), Some((part, topic))) => level == part && naive(filter, topic),
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    fn topic() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a", "b", "", "$s"]), 1..5)
            .prop_map(|levels| levels.join("/"))
            .prop_filter("no empty topic", |topic| !topic.is_empty())
    }

    fn filter_text() -> impl Strategy<Value = String> {
        let level = prop::sample::select(vec!["a", "b", "", "+", "$s"]);
        (prop::collection::vec(level, 0..4), any::<bool>()).prop_filter_map(
            "no empty filter",
            |(mut levels, rest)| {
                if rest {
                    levels.push("#");
                }
                let text = levels.join("/");
                (!text.is_empty()).then_some(text)
            },
        )
    }

    proptest! {
        #[test]
        fn matching_follows_the_specification(filter_text in filter_text(), topic in topic()) {
            let levels: Vec<&str> = filter_text.split('/').collect();
            let parts: Vec<&str> = topic.split('/').collect();
            let system = topic.starts_with('$') && matches!(levels[0], "+" | "#");
            let expected = !system && naive(&levels, &parts);
            prop_assert_eq!(filter(&filter_text).matches(&Levels::of(&topic)), expected);
        }

        #[test]
        fn a_covering_filter_takes_all_that_the_other_takes(a in filter_text(), b in filter_text(), topic in topic()) {
            let (a, b, levels) = (filter(&a), filter(&b), Levels::of(&topic));
            if a.covers(&b) && b.matches(&levels) {
                prop_assert!(a.matches(&levels));
            }
            if a.matches(&levels) && b.matches(&levels) {
                prop_assert!(a.meets(&b) && b.meets(&a));
            }
        }
    }

    #[test]
    fn malformed_filters_are_refused() {
        for text in ["", "a/#/b", "a+", "a/b#", "#/a"] {
            assert!(Filter::parse(text).is_none(), "{text}");
        }
        assert!(Filter::parse(&"a/".repeat(LEVELS_MAX)).is_none());
    }

    #[test]
    fn topics_with_more_levels_than_a_filter_may_have_are_taken_by_a_rest_only() {
        let deep = "a/".repeat(100);
        assert!(filter("a/#").matches(&Levels::of(&deep)));
        assert!(!filter("a/+").matches(&Levels::of(&deep)));
    }
}
