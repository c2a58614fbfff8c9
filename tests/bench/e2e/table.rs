use std::fmt::Write;

use weir_tests::bench::{Spread, goals_list};

use crate::{
    contestants::Kind,
    figures::rows,
    report::{Report, Row, spread},
};

const HEAD: &str = "\
| | results/s | ÷ echo | ÷ Python | p50 / p99 | CPU per message | p50 alone | p99 alone | p50 alone ÷ echo |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
";

/// The figures and the goals, in markdown.
pub(crate) fn table(report: &Report) -> String {
    let mut text = HEAD.to_owned();
    for row in &report.contestants {
        text.push_str(&line(report, row));
    }
    text.push('\n');
    for row in &report.contestants {
        if let Some(failure) = &row.failure {
            let first = failure.lines().next().unwrap_or_default();
            text.push_str(&format!("{} failed: {first}\n\n", row.title));
        }
    }
    text.push_str(&goals_list(&rows(report)));
    text
}

fn line(report: &Report, row: &Row) -> String {
    let mut text = format!("| {} ", row.title);
    let rate = spread(&row.many, |figures| Some(figures.per_second));
    let alone = spread(&row.one, |figures| Some(figures.p50_us));
    let against = |ours: Option<Spread>, theirs: Option<Spread>| {
        let (ours, theirs) = (ours?, theirs?);
        Some(format!("{:.2}", ours.median / theirs.median))
    };
    let cells = [
        rate.map(thousands),
        against(rate, report.rate(Kind::Echo)),
        against(rate, report.rate(Kind::Python)),
        pair(row),
        spread(&row.many, |figures| figures.cpu_us).map(|cpu| format!("{:.1} µs", cpu.median)),
        alone.map(|p50| range(p50, "µs")),
        spread(&row.one, |figures| Some(figures.p99_us)).map(|p99| range(p99, "µs")),
        against(alone, report.p50_alone_us(Kind::Echo)),
    ];
    for cell in cells {
        // Writing to a String cannot fail.
        write!(text, "| {} ", cell.unwrap_or_else(|| "–".to_owned())).unwrap_or_default();
    }
    text.push_str("|\n");
    text
}

fn pair(row: &Row) -> Option<String> {
    let p50 = spread(&row.many, |figures| Some(figures.p50_us))?.median / 1000.0;
    let p99 = spread(&row.many, |figures| Some(figures.p99_us))?.median / 1000.0;
    Some(format!("{p50:.1} / {p99:.1} ms"))
}

fn range(spread: Spread, unit: &str) -> String {
    let Spread { median, min, max } = spread;
    format!("{median:.0} {unit} ({min:.0}–{max:.0})")
}

fn thousands(spread: Spread) -> String {
    let [median, min, max] = [spread.median, spread.min, spread.max].map(|value| value / 1000.0);
    format!("{median:.1} k ({min:.1}–{max:.1})")
}
