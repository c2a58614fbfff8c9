//! The benches print what scripts read. How fast anything is, is no matter here.

use anyhow::{Context, Result, ensure};
use tokio::process::Command;
use weir_tests::bench::Row;

use crate::program;

/// The lines that a bench prints, in its quickest form.
async fn lines(bench: &str, args: &[&str]) -> Result<Vec<Row>> {
    let mut command = Command::new(bench);
    command.args(["--quick", "--json"]).args(args);
    let finished = program::finish(command).await?;
    finished.says(0, &[])?;
    let rows = finished.out.lines().map(serde_json::from_str);
    let rows: Result<Vec<Row>, _> = rows.collect();
    rows.with_context(|| format!("something else than JSON: {finished}"))
}

fn names(rows: &[Row], wanted: &[&str]) -> Result<()> {
    for measure in wanted {
        let row = rows.iter().find(|row| row.measure == *measure);
        let row = row.with_context(|| format!("no {measure} among {rows:?}"))?;
        ensure!(row.value.is_finite() && row.value >= 0.0, "{row:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_bench_of_engines_prints_a_line_for_each_figure() -> Result<()> {
    let args = ["--without-python", "--workload", "empty"];
    let rows = lines(env!("CARGO_BIN_EXE_bench-engines"), &args).await?;
    names(&rows, &["predict/empty/wasmi", "open/empty/wasmtime"])?;
    ensure!(
        rows.iter().all(|row| row.bench == "engines"),
        "another bench's: {rows:?}"
    );
    let compared = rows.iter().find(|row| {
        row.measure == "predict/empty/wasmi"
            && row.reference.as_deref() == Some("predict/empty/wasmtime")
    });
    let compared = compared.context("wasmi is not compared with Wasmtime")?;
    ensure!(
        compared.ratio.is_some_and(|ratio| ratio > 0.0),
        "{compared:?}"
    );
    Ok(())
}

#[tokio::test]
async fn the_bench_of_cold_starts_prints_a_line_for_each_figure() -> Result<()> {
    let args = ["--workload", "tinynn"];
    let rows = lines(env!("CARGO_BIN_EXE_bench-coldstart"), &args).await?;
    let workload = |measure: &str| format!("{measure}/tinynn + digits-int8");
    for measure in ["load", "instance", "warm", "first-result"] {
        names(&rows, &[workload(measure).as_str()])?;
    }
    Ok(())
}

#[tokio::test]
async fn the_bench_of_the_footprint_prints_a_line_for_each_figure() -> Result<()> {
    let args = ["--workload", "wasmi-tinynn"];
    let rows = lines(env!("CARGO_BIN_EXE_bench-footprint"), &args).await?;
    names(
        &rows,
        &[
            "pss-idle/wasmi-tinynn",
            "pss-per-pipeline/wasmi-tinynn",
            "size/weir",
        ],
    )?;
    let mut of_node = rows
        .iter()
        .filter(|row| row.measure.ends_with("wasmi-tinynn"));
    ensure!(
        of_node.all(|row| row.goal.is_none()),
        "goals are for other nodes: {rows:?}"
    );
    Ok(())
}
