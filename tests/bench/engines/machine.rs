use std::{path::Path, process::Command};

use weir_tests::bench::first_line;

const VERSIONS: &str = "import platform, onnxruntime; \
    print('Python', platform.python_version() + ', ONNX Runtime', onnxruntime.__version__)";

/// The versions of what is not ours.
pub(crate) fn versions(python: Option<&Path>) -> String {
    python
        .and_then(|python| first_line(Command::new(python).args(["-c", VERSIONS])))
        .unwrap_or_else(|| "no Python".to_owned())
}
