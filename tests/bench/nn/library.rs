use std::{
    env, fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow};

/// By which the backend finds ONNX Runtime's library.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// Makes the backend use the very library that Python uses: where nothing else is asked for, this program begins again
/// with its place in the environment.
pub(crate) fn point_at(python: &Path) -> Result<()> {
    if env::var_os(VARIABLE).is_some() {
        return Ok(());
    }
    let Some(library) = of_python(python)? else {
        return Ok(());
    };
    let mut again = Command::new(env::current_exe()?);
    again.args(env::args_os().skip(1)).env(VARIABLE, library);
    Err(anyhow!(again.exec()).context("the bench cannot begin again"))
}

fn of_python(python: &Path) -> Result<Option<PathBuf>> {
    let find = "import importlib.util; print(importlib.util.find_spec('onnxruntime').submodule_search_locations[0])";
    let output = Command::new(python).args(["-c", find]).output()?;
    let package = String::from_utf8(output.stdout)?;
    let folder = Path::new(package.trim()).join("capi");
    let entries = fs::read_dir(&folder)
        .with_context(|| format!("{} has no ONNX Runtime", python.display()))?;
    let mut libraries = entries.flatten().map(|entry| entry.path());
    Ok(libraries.find(|path| {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| name.starts_with("libonnxruntime.so"))
    }))
}
