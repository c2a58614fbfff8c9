use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use weir_tests::bench::{Row, Spread};

use crate::BENCH;

const BYTES_PER_MB: f64 = 1e6;

/// The sizes of the programs and of the guests on disk.
pub(crate) fn rows() -> Result<Vec<Row>> {
    let mut rows = vec![row("weir", &weir_tests::weir_program()?)?];
    if let Ok(worker) = weir_tests::wasm3_worker() {
        rows.push(row("weir-wasm3", &worker)?);
    }
    let mut guests: Vec<PathBuf> = fs::read_dir(weir_tests::guests()?)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .collect();
    guests.sort();
    for guest in guests {
        let name = guest.file_name().unwrap_or_default().to_string_lossy();
        rows.push(row(&name, &guest)?);
    }
    Ok(rows)
}

fn row(name: &str, file: &Path) -> Result<Row> {
    let bytes = fs::metadata(file)
        .with_context(|| format!("no {}", file.display()))?
        .len();
    let size = Spread::of(vec![megabytes(bytes)?]).context("one size")?;
    Ok(Row::of(BENCH, format!("size/{name}"), "MB", size))
}

/// Of bytes, as they are shown.
pub(crate) fn megabytes(bytes: u64) -> Result<f64> {
    Ok(f64::from(u32::try_from(bytes)?) / BYTES_PER_MB)
}
