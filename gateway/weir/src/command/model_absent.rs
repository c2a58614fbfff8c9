//! What stands for `weir model` where tract is not part of the build.

use crate::{
    cli::{ModelEvaluateArgs, ModelInspectArgs, ModelPackArgs},
    exit::Exit,
};

/// `weir model inspect`: on another machine.
pub(crate) fn inspect(_: &ModelInspectArgs) -> anyhow::Result<Exit> {
    Ok(elsewhere("inspect"))
}

/// `weir model pack`: on another machine.
pub(crate) fn pack(_: &ModelPackArgs) -> anyhow::Result<Exit> {
    Ok(elsewhere("pack"))
}

/// `weir model evaluate`: on another machine.
pub(crate) fn evaluate(_: &ModelEvaluateArgs) -> anyhow::Result<Exit> {
    Ok(elsewhere("evaluate"))
}

fn elsewhere(command: &str) -> Exit {
    eprintln!(
        "weir: `weir model {command}` is not part of this build for 32-bit processors: run it on a 64-bit machine and copy the model's folder here"
    );
    Exit::Refused
}
