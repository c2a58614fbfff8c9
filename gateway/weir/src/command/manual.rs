use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result};

use crate::{
    cli::{CompletionsArgs, ManArgs},
    exit::Exit,
    manual,
};

/// `weir man`: every man page into a folder.
pub(crate) fn man(args: &ManArgs) -> Result<Exit> {
    let folder: &Path = &args.folder;
    for page in manual::pages()? {
        let file = folder.join(page.name);
        fs::write(&file, page.text)
            .with_context(|| format!("failed to write {}", file.display()))?;
    }
    Ok(Exit::Done)
}

/// `weir completions`: what a shell completes.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<Exit> {
    std::io::stdout().write_all(&manual::completions(args.shell.into()))?;
    Ok(Exit::Done)
}
