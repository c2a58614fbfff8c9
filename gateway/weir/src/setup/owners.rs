//! Users and groups of this machine by name.

use std::{fs::File, io::Read};

/// Of `/etc/passwd` or `/etc/group`; what is beyond is not looked at.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The id of a group.
pub(super) fn group(name: &str) -> Option<u32> {
    id("/etc/group", name)
}

/// The id of a user.
pub(super) fn user(name: &str) -> Option<u32> {
    id("/etc/passwd", name)
}

/// Whether this process may give files to others.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn id(file: &str, name: &str) -> Option<u32> {
    let mut text = String::new();
    let file = File::open(file).ok()?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
    third_of(&text, name)
}

/// Both files have the name first and the id third.
fn third_of(text: &str, name: &str) -> Option<u32> {
    let mut lines = text.lines().map(|line| line.split(':'));
    lines.find_map(|mut fields| {
        let found = fields.next() == Some(name);
        let id = fields.nth(1).filter(|_| found)?;
        id.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::third_of;

    #[test]
    fn ids_are_found_by_the_whole_name() {
        let text = "root:x:0:\nweir2:x:7:\nweir:x:998:\nbroken\n";
        assert_eq!(third_of(text, "weir"), Some(998));
        assert_eq!(third_of(text, "root"), Some(0));
        assert_eq!(third_of(text, "broken"), None);
        assert_eq!(third_of(text, "wei"), None);
    }
}
