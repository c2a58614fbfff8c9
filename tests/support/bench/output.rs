use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use super::{Row, write_section};

/// Where a bench's figures go: what every bench can be asked.
#[derive(Debug, Clone, Default, Args)]
pub struct Output {
    /// Print one JSON object in a line for each figure, and nothing else, instead of the tables.
    #[arg(long)]
    pub json: bool,

    /// Write the bench's section of docs/benchmarks.md, and its plot.
    #[arg(long)]
    pub write_docs: bool,
}

impl Output {
    /// Prints the tables, or the rows where JSON is asked for. The rows are also written beside the bench, where
    /// `bench-goals` finds them.
    ///
    /// # Errors
    /// Fails where the file cannot be written.
    #[expect(clippy::print_stdout, reason = "the figures are the product")]
    pub fn publish(&self, bench: &str, rows: &[Row], tables: &str) -> Result<()> {
        let lines = json_lines(rows)?;
        let file = figures_file(bench)?;
        let folder = file.parent().context("a file lies in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&file, &lines).with_context(|| format!("failed to write {}", file.display()))?;
        if self.json {
            print!("{lines}");
        } else {
            println!("{tables}");
        }
        Ok(())
    }

    /// Writes the bench's section of `docs/benchmarks.md` where that is asked for.
    ///
    /// # Errors
    /// Fails where the page has no such section.
    pub fn document(&self, bench: &str, section: impl FnOnce() -> String) -> Result<()> {
        if !self.write_docs {
            return Ok(());
        }
        let page = crate::repository().join("docs").join("benchmarks.md");
        write_section(&page, bench, &section())
    }
}

/// The rows of a bench's last run, one JSON object in a line.
///
/// # Errors
/// Fails where the system does not say which file is running.
pub fn figures_file(bench: &str) -> Result<PathBuf> {
    let folder = crate::profile_folder()?.join("bench-figures");
    Ok(folder.join(format!("{bench}.jsonl")))
}

/// The folder for compiled guests that outlives a bench. A node keeps nothing where others could look.
///
/// # Errors
/// Fails where it cannot be made.
pub fn compiled_guests() -> Result<PathBuf> {
    let folder = crate::target_folder()?.join("bench").join("guests");
    fs::create_dir_all(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    Ok(folder)
}

fn json_lines(rows: &[Row]) -> Result<String> {
    let mut text = String::new();
    for row in rows {
        text.push_str(&serde_json::to_string(row)?);
        text.push('\n');
    }
    Ok(text)
}
