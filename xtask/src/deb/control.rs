use std::{env, fmt::Write, fs, path::Path, process::Command};

use anyhow::{Context, Result};

use super::{Source, elf, stage::Stage};
use crate::process;

/// What Debian runs around installing and removing.
const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];

/// Who answers for a package that nobody has put a name to.
const MAINTAINER: (&str, &str) = ("Weir maintainers", "maintainers@weir.invalid");

/// What dpkg reads: the facts of the package, its scripts, its configuration files, and what each file must be.
pub(super) fn put(source: &Source<'_>, stage: &Stage) -> Result<()> {
    let folder = source.tree.packaging().join("deb");
    let template = fs::read_to_string(folder.join("control"))?;
    stage.write(
        "DEBIAN/control",
        facts(source, stage, &template)?.as_bytes(),
    )?;
    for script in SCRIPTS {
        let text = fs::read_to_string(folder.join(script))
            .with_context(|| format!("packaging/deb/{script} is missing"))?;
        stage.write_program(&format!("DEBIAN/{script}"), &text)?;
    }
    let mut conffiles = String::new();
    for (path, _) in stage.files("etc")? {
        writeln!(conffiles, "/{path}")?;
    }
    stage.write("DEBIAN/conffiles", conffiles.as_bytes())?;
    let sums = sums(stage)?;
    stage.write("DEBIAN/md5sums", sums.as_bytes())?;
    Ok(())
}

/// The name and address that Debian's tools take from the environment too.
pub(super) fn maintainer() -> String {
    let (name, address) = MAINTAINER;
    let name = env::var("DEBFULLNAME").unwrap_or_else(|_| name.to_owned());
    let address = env::var("DEBEMAIL").unwrap_or_else(|_| address.to_owned());
    format!("{name} <{address}>")
}

fn facts(source: &Source<'_>, stage: &Stage, template: &str) -> Result<String> {
    let programs = ["usr/bin/weir", "usr/lib/weir/weir-wasm3"].map(|path| stage.root().join(path));
    let depends = elf::depends(&programs.each_ref().map(Path::new))?;
    let values = [
        ("@version@", source.version.clone()),
        ("@architecture@", source.arch.name().to_owned()),
        ("@maintainer@", maintainer()),
        ("@installed_kib@", stage.installed_kib()?.to_string()),
        ("@depends@", depends),
    ];
    let filled = values
        .iter()
        .fold(template.to_owned(), |text, (mark, value)| {
            text.replace(mark, value)
        });
    Ok(filled)
}

/// What `dpkg --verify` compares.
fn sums(stage: &Stage) -> Result<String> {
    let files = stage.files("")?.into_iter().map(|(path, _)| path);
    let files: Vec<_> = files
        .filter(|path| !path.starts_with("DEBIAN/") && !path.starts_with("etc/"))
        .collect();
    process::output(
        Command::new("md5sum")
            .arg("--")
            .args(files)
            .current_dir(stage.root()),
    )
}
