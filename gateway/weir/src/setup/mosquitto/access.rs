//! Who may do what: the shipped list, with the topics of pipelines that lie elsewhere.

use std::{fs, io::ErrorKind, path::Path};

use anyhow::{Context, Result};

use super::super::files::MARK;

const SHIPPED: &str = include_str!("../../../../../broker-config/mosquitto/weir.acl");

/// What the shipped list grants to sensors.
const CONVENTION: &str = "sensors/{device}/";

/// Whether setup wrote this list.
pub(super) fn is_own(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.starts_with(MARK))
}

/// The list that is there, where setup wrote it, else the shipped one; with a pipeline's topic.
pub(super) fn text(path: &Path, topic: Option<&str>) -> Result<String> {
    let text = match fs::read_to_string(path) {
        Ok(text) if text.starts_with(MARK) => text,
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("failed to read {}", path.display()));
        }
        Ok(_) | Err(_) => format!(
            "{MARK}, which keeps what you add to it; then `systemctl restart mosquitto`.\n{SHIPPED}"
        ),
    };
    Ok(match topic {
        Some(topic) if !topic.starts_with(CONVENTION) => with(&text, topic),
        Some(_) | None => text,
    })
}

/// The node may read the topic, and each sensor may write its own.
fn with(text: &str, topic: &str) -> String {
    let read = format!("topic read {}", topic.replace("{device}", "+"));
    let write = format!("pattern write {}", topic.replace("{device}", "%u"));
    let mut lines: Vec<&str> = text.lines().collect();
    let node = lines.iter().position(|line| line.trim() == "user weir");
    let place = node.map_or(lines.len(), |place| place + 1);
    if !lines.contains(&read.as_str()) {
        if node.is_none() {
            lines.push("user weir");
        }
        let place = if node.is_none() { lines.len() } else { place };
        lines.insert(place, &read);
    }
    if !lines.contains(&write.as_str()) {
        lines.push(&write);
    }
    format!("{}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_is_enough_for_topics_by_convention() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.acl");
        let text = text(&path, Some("sensors/{device}/vibration")).unwrap();
        assert!(text.starts_with(MARK) && text.ends_with(SHIPPED));
    }

    #[test]
    fn another_topic_is_granted_once_and_what_was_added_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.acl");
        let topic = Some("hall/{device}/temperature");
        let first = text(&path, topic).unwrap();
        assert!(first.contains("user weir\ntopic read hall/+/temperature\ntopic read sensors/#\n"));
        assert!(first.ends_with("\npattern write hall/%u/temperature\n"));
        fs::write(&path, format!("{first}user mine\ntopic read #\n")).unwrap();
        let second = text(&path, topic).unwrap();
        assert_eq!(second, format!("{first}user mine\ntopic read #\n"));
    }
}
