//! From the command line to settings and prepared pipelines, findings printed on the way.

use tracing::Level;
use weir_profile::{Finding, LoadOptions, Loaded, Settings, Severity};

use crate::{
    cli::{ConfigArgs, OptionalConfigArgs},
    engines::{Engines, Profiling},
    exit::Exit,
    prepare::{Prepared, prepare},
    service::journal,
};

/// The configuration, or its findings, printed.
pub(crate) fn load(args: &ConfigArgs) -> Result<Loaded, Exit> {
    let options = LoadOptions {
        file: Some(args.config.clone()),
        overrides: args.set.clone(),
        ..LoadOptions::from_process()
    };
    weir_profile::load(&options).map_err(|findings| refused(&findings))
}

/// The paths and profiles alone: from a configuration where one is named, else the usual ones.
pub(super) fn load_optional(args: &OptionalConfigArgs) -> Result<Settings, Exit> {
    let options = LoadOptions {
        file: args.config.clone(),
        ..LoadOptions::from_process()
    };
    let loaded = weir_profile::load(&options).map_err(|findings| refused(&findings))?;
    Ok(loaded.settings)
}

/// Configuration, engines and prepared pipelines; findings are printed, warnings too.
pub(super) fn prepared(args: &ConfigArgs) -> anyhow::Result<Result<(Prepared, Engines), Exit>> {
    profiled(args, Profiling::Off)
}

/// The same, for guests that are profiled.
pub(super) fn profiled(
    args: &ConfigArgs,
    profiling: Profiling,
) -> anyhow::Result<Result<(Prepared, Engines), Exit>> {
    let loaded = match load(args) {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(Err(exit)),
    };
    let engines = Engines::start_profiled(&loaded.settings, profiling)?;
    Ok(match prepare(loaded, &engines) {
        Ok(prepared) => {
            print(&prepared.warnings);
            Ok((prepared, engines))
        }
        Err(findings) => Err(refused(&findings)),
    })
}

/// Findings go to standard error, one after the other.
pub(super) fn print(findings: &[Finding]) {
    for finding in findings {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARN,
        };
        journal::say(level, &finding.to_string());
    }
}

/// Findings and their number; the exit code of a refusal.
pub(super) fn refused(findings: &[Finding]) -> Exit {
    print(findings);
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let plural = if errors == 1 { "" } else { "s" };
    let words = format!("weir: refused: {errors} error{plural}");
    journal::say(Level::ERROR, &words);
    Exit::Refused
}
