use std::fs;

use anyhow::{Context, Result, anyhow};
use plotters::{
    backend::SVGBackend,
    drawing::IntoDrawingArea,
    element::{Rectangle, Text},
    style::{
        BLACK, Color, IntoFont, IntoTextStyle, RGBColor, WHITE,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::row::figure;

const WIDTH: u32 = 860;
const MARGIN: i32 = 16;
const TITLE_HEIGHT: i32 = 36;
const HEADING_HEIGHT: i32 = 34;
const BAR_HEIGHT: i32 = 16;
const BAR_STEP: i32 = 22;
const LABELS_WIDTH: i32 = 280;
const BARS_WIDTH: i32 = 440;
const FONT: &str = "sans-serif";
/// Ours, and what we are compared with. Both stand out on white, and from each other without colours.
const OURS: RGBColor = RGBColor(0x1f, 0x6f, 0xb2);
const THEIRS: RGBColor = RGBColor(0xb8, 0xbf, 0xc6);

/// A picture of a bench's figures: groups of bars, each group with a scale of its own that begins at zero.
#[derive(Debug, Clone, Default)]
pub struct Plot {
    /// What the bench measures.
    pub title: String,
    /// From top to bottom.
    pub groups: Vec<Bars>,
}

/// Figures that may be compared: one unit, one scale.
#[derive(Debug, Clone, Default)]
pub struct Bars {
    /// What they show, and which way is better.
    pub title: String,
    /// Behind each value.
    pub unit: String,
    /// Label, value, and whether it is ours.
    pub bars: Vec<(String, f64, bool)>,
}

impl Bars {
    /// No bars yet.
    #[must_use]
    pub fn new(title: &str, unit: &str) -> Self {
        Self {
            title: title.to_owned(),
            unit: unit.to_owned(),
            bars: Vec::new(),
        }
    }

    /// With one more, where there is a figure.
    #[must_use]
    pub fn bar(mut self, label: &str, value: Option<f64>, ours: bool) -> Self {
        self.bars
            .extend(value.map(|value| (label.to_owned(), value, ours)));
        self
    }

    fn height(&self) -> i32 {
        let bars = i32::try_from(self.bars.len()).unwrap_or(i32::MAX / BAR_STEP);
        HEADING_HEIGHT + bars.saturating_mul(BAR_STEP)
    }
}

impl Plot {
    /// Writes `docs/benchmarks/<bench>.svg`, on white, so that it reads the same on a dark page.
    ///
    /// # Errors
    /// Fails where the file cannot be written.
    pub fn write(&self, bench: &str) -> Result<()> {
        let folder = crate::repository().join("docs/benchmarks");
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{bench}.svg"));
        fs::write(&file, self.svg()?).with_context(|| format!("failed to write {}", file.display()))
    }

    fn svg(&self) -> Result<String> {
        let groups: i32 = self.groups.iter().map(Bars::height).sum();
        let height = u32::try_from(TITLE_HEIGHT + groups + 2 * MARGIN)?;
        let mut text = String::new();
        self.draw(SVGBackend::with_string(&mut text, (WIDTH, height)))
            .map_err(|words| anyhow!("failed to draw {}: {words}", self.title))?;
        Ok(format!("{}\n", text.trim_end()))
    }

    fn draw(&self, backend: SVGBackend<'_>) -> Result<(), String> {
        let words = |error: &dyn std::error::Error| error.to_string();
        let area = backend.into_drawing_area();
        area.fill(&WHITE).map_err(|error| words(&error))?;
        let (ink, left) = (BLACK.mix(0.85), Pos::new(HPos::Left, VPos::Center));
        let bold = |size: i32| {
            (FONT, size)
                .into_font()
                .style(plotters::style::FontStyle::Bold)
        };
        let plain = (FONT, 13).into_font();
        let text = |words: &str, at, style: plotters::style::TextStyle<'_>| {
            let element = Text::new(words.to_owned(), at, style.clone());
            area.draw(&element).map_err(|error| error.to_string())
        };
        let title = bold(18).into_text_style(&area).pos(left).color(&ink);
        text(&self.title, (MARGIN, MARGIN + TITLE_HEIGHT / 2), title)?;
        let mut y = MARGIN + TITLE_HEIGHT;
        for group in &self.groups {
            let heading = bold(13).into_text_style(&area).pos(left).color(&ink);
            text(&group.title, (MARGIN, y + HEADING_HEIGHT / 2), heading)?;
            y += HEADING_HEIGHT;
            for (label, value, ours) in &group.bars {
                let middle = y + BAR_HEIGHT / 2;
                let style = plain.clone().into_text_style(&area).color(&ink);
                text(label, (MARGIN, middle), style.pos(left))?;
                let from = MARGIN + LABELS_WIDTH;
                let to = from + group.length(*value);
                let colour = if *ours { OURS } else { THEIRS };
                let bar = Rectangle::new([(from, y), (to, y + BAR_HEIGHT)], colour.filled());
                area.draw(&bar).map_err(|error| words(&error))?;
                let shown = format!("{} {}", figure(*value), group.unit);
                let style = plain.clone().into_text_style(&area).color(&ink);
                text(&shown, (to + 6, middle), style.pos(left))?;
                y += BAR_STEP;
            }
        }
        area.present().map_err(|error| words(&error))
    }
}

impl Bars {
    /// Pixels, in proportion to the longest of the group; never none.
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "a share of at most one of a few hundred pixels; std has no checked conversion from f64"
    )]
    fn length(&self, value: f64) -> i32 {
        let longest = self.bars.iter().map(|(_, value, _)| *value);
        let longest = longest.fold(f64::MIN_POSITIVE, f64::max);
        let share = (value / longest).clamp(0.0, 1.0);
        ((share * f64::from(BARS_WIDTH)).round() as i32).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values() {
        let bars = Bars::new("rate: longer is better", "1/s")
            .bar("echo", Some(40_000.0), false)
            .bar("weir", Some(30_000.0), true)
            .bar("absent", None, false);
        assert_eq!(bars.length(40_000.0), BARS_WIDTH);
        assert_eq!(bars.length(30_000.0), BARS_WIDTH / 4 * 3);
        let plot = Plot {
            title: "End to end".to_owned(),
            groups: vec![bars],
        };
        let svg = plot.svg().unwrap();
        assert!(svg.starts_with("<svg"), "{svg}");
        assert!(svg.contains("30000 1/s"), "{svg}");
        assert!(!svg.contains("absent"), "{svg}");
    }
}
