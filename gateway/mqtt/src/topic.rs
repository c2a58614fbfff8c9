/// The longest text that a packet can carry.
pub(crate) const BYTES_MAX: usize = 65_535;

/// Says what keeps a topic from being published to.
pub(crate) fn check_name(topic: &str) -> Result<(), &'static str> {
    check_text(topic)?;
    if topic.bytes().any(|b| b == b'+' || b == b'#') {
        return Err("it contains a wildcard");
    }
    Ok(())
}

/// Says what keeps a filter from being subscribed.
pub(crate) fn check_filter(filter: &str) -> Result<(), &'static str> {
    check_text(filter)?;
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        match level {
            "#" if levels.peek().is_some() => return Err("'#' must be the last level"),
            "#" | "+" => {}
            _ if level.contains(['#', '+']) => return Err("a wildcard must be a whole level"),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a topic falls under a filter (MQTT 5, 4.7). A shared subscription is matched by the filter that it shares.
pub(crate) fn matches(topic: &str, filter: &str) -> bool {
    let filter = match filter.strip_prefix("$share/") {
        Some(shared) => shared.split_once('/').map_or("", |(_, filter)| filter),
        None => filter,
    };
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

fn check_text(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.len() > BYTES_MAX {
        return Err("it is longer than 65535 bytes");
    }
    if text.contains('\0') {
        return Err("it contains a NUL");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_wildcards_pass() {
        assert_eq!(check_name("weir/results/a/b"), Ok(()));
        for bad in ["", "a/+/b", "a/#", "a\0b"] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        assert!(check_name(&"x".repeat(65_536)).is_err());
    }

    #[test]
    fn filters_pass_where_wildcards_stand_alone() {
        for good in ["#", "+", "a/+/b", "a/#", "+/+", "$share/g/a/#"] {
            assert_eq!(check_filter(good), Ok(()), "{good:?}");
        }
        for bad in ["", "a#", "a/#/b", "a+/b", "\0"] {
            assert!(check_filter(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn topics_match_as_the_standard_says() {
        let cases = [
            ("sensors/a/vibration", "sensors/+/vibration", true),
            ("sensors/a", "sensors/a/#", true),
            ("sensors/a/b/c", "sensors/#", true),
            ("sensors/a/b", "sensors/+", false),
            ("$SYS/load", "#", false),
            ("$SYS/load", "+/load", false),
            ("/a", "+/a", true),
            ("é/a", "+/a", true),
            ("a/b", "$share/group/a/+", true),
            ("a", "a/b", false),
        ];
        for (topic, filter, expected) in cases {
            assert_eq!(matches(topic, filter), expected, "{topic} {filter}");
        }
    }
}
