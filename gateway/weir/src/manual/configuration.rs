//! `weir.toml(5)`, from the reference page of the configuration: as much of Markdown as that page uses.

use super::roff::verbatim;

/// The page, for this version.
pub(super) fn page(version: &str) -> String {
    let markdown = weir_profile::configuration_page();
    let mut page = format!(
        ".TH weir.toml 5 \"\" \"weir {version}\" \"{}\"\n",
        super::MANUAL
    );
    page.push_str(".SH NAME\nweir.toml \\- configuration of weir and device profiles\n");
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        match line {
            _ if line.starts_with("<!--") => skip_until(&mut lines, line, "-->"),
            _ if line.starts_with("```") => {
                let code: Vec<_> = lines
                    .by_ref()
                    .take_while(|line| !line.starts_with("```"))
                    .collect();
                page.push_str(&verbatim(&code.join("\n")));
            }
            _ => page.push_str(&block(line)),
        }
    }
    page.push_str(".SH FILES\n.TP\n/etc/weir/weir.toml\nThe configuration.\n.TP\n/etc/weir/conf.d/*.toml\nWhat adds to it.\n");
    page.push_str(".SH \"SEE ALSO\"\n.BR weir (1),\n.BR weir\\-check (1),\n.BR weir\\-explain (1),\n.BR weir\\-setup (1)\n");
    page
}

fn skip_until<'a>(lines: &mut impl Iterator<Item = &'a str>, first: &str, end: &str) {
    if !first.contains(end) {
        for line in lines {
            if line.contains(end) {
                return;
            }
        }
    }
}

/// One line that is no code: a heading, a row, an entry of a list, or text.
fn block(line: &str) -> String {
    let heading =
        |name: &str, text: &str| format!(".{name} \"{}\"\n", inline(text).replace('"', ""));
    if line.trim().is_empty() {
        ".PP\n".to_owned()
    } else if let Some(title) = line.strip_prefix("## ") {
        heading("SS", &title.replace('`', ""))
    } else if let Some(title) = line.strip_prefix("# ") {
        heading("SH", &title.to_uppercase())
    } else if let Some(row) = line.strip_prefix('|') {
        row_of(row)
    } else if let Some((number, text)) = entry(line) {
        format!(".IP {number} 4\n{}\n", inline(text))
    } else {
        format!("{}\n", inline(line.trim_start()))
    }
}

/// `1. text` gives `1.` and the text.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (number, text) = line.split_once(". ")?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| (&line[..=number.len()], text))
}

/// Key, type, default and meaning; the heading of a table says nothing here.
fn row_of(row: &str) -> String {
    let row = row.replace("\\|", "\u{1}");
    let cells: Vec<_> = row
        .split('|')
        .map(|cell| cell.trim().replace('\u{1}', "|"))
        .collect();
    let [key, kind, default, meaning, ..] = cells.as_slice() else {
        return String::new();
    };
    if key == "key" || key.starts_with("---") {
        return String::new();
    }
    let default = match default.trim_matches('*') {
        "" => String::new(),
        "required" => ", required".to_owned(),
        default => format!(", default {default}"),
    };
    let meaning: Vec<_> = meaning.split("<br>").map(inline).collect();
    let about = inline(&format!("({kind}{default})"));
    format!(
        ".TP\n{} {about}\n{}\n",
        inline(key),
        meaning.join("\n.br\n")
    )
}

/// `code` is bold; links are their words.
fn inline(text: &str) -> String {
    let mut words = String::new();
    for (place, part) in text.replace("**", "").split('`').enumerate() {
        let part = super::roff::escaped(part);
        words.push_str(&if place % 2 == 1 {
            format!("\\fB{part}\\fR")
        } else {
            part
        });
    }
    if words.starts_with(['.', '\'']) {
        words.insert_str(0, "\\&");
    }
    words
}
