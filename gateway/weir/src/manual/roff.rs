//! The few words of roff that man pages need.

use std::io::{self, Write};

/// A section with its heading; the body is roff.
pub(super) fn section(out: &mut Vec<u8>, heading: &str, body: &str) -> io::Result<()> {
    write!(out, ".SH \"{heading}\"\n{body}")
}

/// Lines as they are.
pub(super) fn verbatim(text: &str) -> String {
    let lines = text.lines().map(|line| format!("{}\n", line_of(line)));
    format!(".nf\n{}.fi\n", lines.collect::<String>())
}

/// A line of text: what would be a request is text.
fn line_of(text: &str) -> String {
    let text = escaped(text);
    if text.starts_with(['.', '\'']) {
        format!("\\&{text}")
    } else {
        text
    }
}

/// Text in which nothing is a request.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\(rs").replace('-', "\\-")
}
