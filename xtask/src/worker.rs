use anyhow::Result;

use crate::{
    prepare,
    process::{self, say},
    tree::Tree,
};

/// Builds the worker of wasm3 beside weir. Where its bindings cannot be made it is left out, and weir says that this
/// engine is absent.
pub(crate) fn build(tree: &Tree) -> Result<()> {
    if !prepare::has_libclang() {
        say(
            "the engine wasm3 is left out: its bindings need libclang (`sudo apt-get install libclang-dev`)",
        );
        return Ok(());
    }
    process::run(
        process::cargo(&tree.root)
            .args(["build", "--package", "weir-wasm3-worker"])
            .stdout(process::stderr()?),
        "build the worker of wasm3",
    )
}
