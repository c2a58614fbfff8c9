use std::{fs, path::Path};

use anyhow::{Context, Result};

/// Writes a bench's section of a page: what stands between `<!-- bench NAME -->` and `<!-- /bench NAME -->`.
///
/// # Errors
/// Fails where the page cannot be read or written, or has no such section.
pub fn write_section(page: &Path, name: &str, text: &str) -> Result<()> {
    let shown = page.display();
    let old = fs::read_to_string(page).with_context(|| format!("failed to read {shown}"))?;
    let new = replaced(&old, name, text)
        .with_context(|| format!("{shown} has no section of bench {name}"))?;
    fs::write(page, new).with_context(|| format!("failed to write {shown}"))
}

fn replaced(page: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (
        format!("<!-- bench {name} -->\n"),
        format!("<!-- /bench {name} -->"),
    );
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{}\n\n{end}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Title\n\n<!-- bench a -->\nold\n<!-- /bench a -->\n\n<!-- bench b -->\n<!-- /bench b -->\n";

    #[test]
    fn one_section_is_written_and_the_rest_stays() {
        let page = replaced(PAGE, "b", "new\n").unwrap();
        assert!(page.contains("<!-- bench b -->\n\nnew\n\n<!-- /bench b -->\n"));
        assert!(page.starts_with("# Title\n\n<!-- bench a -->\nold\n"));
        assert_eq!(replaced(&page, "b", "new"), Some(page));
    }

    #[test]
    fn a_page_without_the_section_is_left_alone() {
        assert_eq!(replaced(PAGE, "c", "new"), None);
    }
}
