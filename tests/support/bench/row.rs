use serde::{Deserialize, Serialize};

use super::{Spread, goals, goals::Target};

/// One figure as a script reads it: one JSON object in a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The bench.
    pub bench: String,
    /// What was measured, and of whom: `<measure>/<workload>/<contestant>`.
    pub measure: String,
    /// The median of the rounds.
    pub value: f64,
    /// Its unit: `us`, `ms`, `1/s`, `KiB`, `MB` (10⁶ bytes) …
    pub unit: String,
    /// The measure of the same run that it is compared with.
    pub reference: Option<String>,
    /// Its median.
    pub reference_value: Option<f64>,
    /// The value divided by the reference's.
    pub ratio: Option<f64>,
    /// What is wanted: of the ratio (`≤ 1.4 ×`), or of the value (`≤ 10 us`).
    pub goal: Option<String>,
    /// None without a goal, and where medians and best rounds disagree: then the machine was too busy for a verdict.
    pub met: Option<bool>,
    /// The least of the rounds.
    #[serde(default)]
    pub min: Option<f64>,
    /// The greatest.
    #[serde(default)]
    pub max: Option<f64>,
}

impl Row {
    /// A figure that stands alone. A goal of the project that names it applies.
    #[must_use]
    pub fn of(bench: &str, measure: impl Into<String>, unit: &str, value: Spread) -> Self {
        let measure = measure.into();
        let target = goals::target(bench, &measure, None);
        let row = Self {
            bench: bench.to_owned(),
            measure,
            value: value.median,
            unit: unit.to_owned(),
            reference: None,
            reference_value: None,
            ratio: None,
            goal: None,
            met: None,
            min: Some(value.min),
            max: Some(value.max),
        };
        match target {
            Some(target) => {
                let met = target.verdict(value.median, target.better(value.min, value.max));
                row.judged(target.words(unit), met)
            }
            None => row,
        }
    }

    /// The same figure against another one of the run. A goal of the project that names both applies to their ratio;
    /// without one, a goal of the value stays.
    #[must_use]
    pub fn against(mut self, reference: &str, theirs: Spread) -> Self {
        let ratio = self.value / theirs.median;
        self.reference = Some(reference.to_owned());
        self.reference_value = Some(theirs.median);
        self.ratio = Some(ratio);
        let Some(target) = goals::target(&self.bench, &self.measure, Some(reference)) else {
            return self;
        };
        let ours = target.better(
            self.min.unwrap_or(self.value),
            self.max.unwrap_or(self.value),
        );
        let best = ours / target.better(theirs.min, theirs.max);
        let met = target.verdict(ratio, best);
        self.judged(target.words("×"), met)
    }

    /// With a goal that is the bench's own.
    #[must_use]
    pub fn judged(mut self, goal: impl Into<String>, met: Option<bool>) -> Self {
        self.goal = Some(goal.into());
        self.met = met;
        self
    }

    /// Whether a goal was reached, in a word for a table.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match (&self.goal, self.met) {
            (None, _) => "",
            (Some(_), Some(true)) => "met",
            (Some(_), Some(false)) => "**missed**",
            (Some(_), None) => "unclear",
        }
    }

    /// Whether its goal is about the ratio.
    fn is_of_ratio(&self) -> bool {
        self.goal.as_ref().is_some_and(|goal| goal.ends_with('×'))
    }

    /// The figure that its goal is about.
    #[must_use]
    pub fn reached(&self) -> String {
        match self.ratio {
            Some(ratio) if self.is_of_ratio() => format!("{ratio:.2} ×"),
            _ => format!("{} {}", figure(self.value), self.unit),
        }
    }
}

impl Target {
    fn verdict(self, median: f64, best: f64) -> Option<bool> {
        let verdict = self.holds(median);
        (verdict == self.holds(best)).then_some(verdict)
    }
}

/// A number with three digits that count.
#[must_use]
pub fn figure(value: f64) -> String {
    match value.abs() {
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// The figures as a table in markdown.
#[must_use]
pub fn rows_table(rows: &[Row]) -> String {
    let mut text = "| measure | value | rounds | reference | its value | ratio | goal | |\n\
                    | --- | ---: | ---: | --- | ---: | ---: | --- | --- |\n"
        .to_owned();
    for row in rows {
        let unit = &row.unit;
        let range = match (row.min, row.max) {
            (Some(min), Some(max)) if min < max => format!("{}–{}", figure(min), figure(max)),
            _ => String::new(),
        };
        let theirs = row
            .reference_value
            .map(|value| format!("{} {unit}", figure(value)));
        text.push_str(&format!(
            "| {} | {} {unit} | {range} | {} | {} | {} | {} | {} |\n",
            row.measure,
            figure(row.value),
            row.reference.as_deref().unwrap_or_default(),
            theirs.unwrap_or_default(),
            row.ratio
                .map(|ratio| format!("{ratio:.2} ×"))
                .unwrap_or_default(),
            row.goal.as_deref().unwrap_or_default(),
            row.verdict(),
        ));
    }
    text
}

/// The goals among the figures, each a line of a list in markdown.
#[must_use]
pub fn goals_list(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let Some(goal) = &row.goal else {
            continue;
        };
        let verdict = row.verdict();
        let against = row
            .reference
            .as_ref()
            .filter(|_| row.is_of_ratio())
            .map(|reference| format!(" ÷ {reference}"));
        text.push_str(&format!(
            "- {verdict}: {}{}: {} (wanted {goal})\n",
            row.measure,
            against.unwrap_or_default(),
            row.reached()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(median: f64, min: f64, max: f64) -> Spread {
        Spread { median, min, max }
    }

    #[test]
    fn a_line_has_the_keys_that_scripts_ask_for() {
        let row =
            Row::of("e2e", "x", "us", spread(2.0, 1.0, 3.0)).against("y", spread(4.0, 4.0, 4.0));
        let line = serde_json::to_string(&row).unwrap();
        assert_eq!(
            line,
            r#"{"bench":"e2e","measure":"x","value":2.0,"unit":"us","reference":"y","reference_value":4.0,"ratio":0.5,"goal":null,"met":null,"min":1.0,"max":3.0}"#
        );
    }

    #[test]
    fn a_goal_of_the_project_applies_to_the_figure_that_it_names() {
        let echo = spread(100.0, 90.0, 110.0);
        let weir =
            |value| Row::of("e2e", "rate/weir-wasmtime", "1/s", value).against("rate/echo", echo);
        let fast = weir(spread(95.0, 90.0, 100.0));
        assert_eq!(fast.goal.as_deref(), Some("≥ 0.85 ×"));
        assert_eq!(fast.met, Some(true));
        assert_eq!(weir(spread(60.0, 50.0, 70.0)).met, Some(false));
    }

    #[test]
    fn where_the_best_rounds_say_otherwise_the_verdict_is_open() {
        let echo = spread(100.0, 100.0, 100.0);
        let busy = Row::of("e2e", "rate/weir-wasmtime", "1/s", spread(80.0, 60.0, 99.0));
        let busy = busy.against("rate/echo", echo);
        assert_eq!((busy.met, busy.verdict()), (None, "unclear"));
    }

    #[test]
    fn a_goal_without_a_reference_is_about_the_value() {
        let idle = Row::of(
            "footprint",
            "pss-idle/wasmi",
            "MB",
            spread(13.0, 12.8, 13.1),
        );
        assert_eq!(idle.goal.as_deref(), Some("≤ 12 MB"));
        assert_eq!(idle.met, Some(false));
        let table = rows_table(std::slice::from_ref(&idle));
        assert!(table.contains("| pss-idle/wasmi | 13.0 MB | 12.8–13.1 |"));
        let compared = idle.against("pss-idle/other", spread(26.0, 26.0, 26.0));
        assert_eq!(compared.ratio, Some(0.5));
        assert_eq!(compared.met, Some(false), "the goal is the value's");
        assert_eq!(compared.reached(), "13.0 MB");
    }
}
