//! An OCI image without a daemon: a layer of the few Debian packages that Weir needs, a layer of ours, one index for
//! all architectures.
//!
//! Nothing of the image runs while it is made, so one machine makes it for every architecture, and nobody has to be
//! root. The layout is written here: `umoci` knows neither health checks nor an index of several architectures. It
//! reads and unpacks what is written here (`--test`), and so do `skopeo` and `oci-image-tool`.

mod base;
mod bundle;
mod image;
mod layer;
mod layout;
mod node;
mod package;
mod proof;
mod staged;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{
    dist::Arch,
    prepare::{self, Installing, Needs},
    process::{self, say, since},
    tree::Tree,
};
use image::Image;
use layer::Stamp;
use layout::Layout;
use package::Package;

/// What `cargo xtask oci` takes.
#[derive(Debug, Args)]
pub(crate) struct OciArgs {
    /// An architecture of the image; may be repeated. Default: each that the folder has a package for.
    #[arg(long, value_enum)]
    arch: Vec<Arch>,

    /// The folder of the packages. Default: target/deb, where `cargo xtask deb` puts them.
    #[arg(long, value_name = "FOLDER")]
    packages: Option<PathBuf>,

    /// Where the image goes, as an OCI image layout. Default: target/oci.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Then prove it: validators, and this machine's architecture run by runc as Kubernetes would run it. Needs root.
    #[arg(long)]
    test: bool,
}

/// Makes the image, and says how large it is.
///
/// # Errors
/// Fails where a package is missing, Debian's packages cannot be had, or, with `--test`, the image does not hold.
pub(crate) fn oci(tree: &Tree, installing: Installing, args: &OciArgs) -> Result<()> {
    let start = Instant::now();
    let needs = if args.test {
        Needs::OCI_TEST
    } else {
        Needs::OCI
    };
    prepare::prepare(&needs, installing)?;
    let or_default = |folder: &Option<PathBuf>, name: &str| {
        let folder = folder.clone();
        folder.unwrap_or_else(|| tree.target.join(name))
    };
    let packages = packages(&or_default(&args.packages, "deb"), &args.arch)?;
    let out = or_default(&args.out, "oci");
    let scratch = tree.target.join("tmp").join("oci");
    clear(&scratch)?;

    let stamp = Stamp::of(tree)?;
    let mut layout = Layout::begin(&out)?;
    for package in &packages {
        let image = Image::make(package, &stamp, &scratch, &mut layout)?;
        say(&format!(
            "{}: {} packed, {} unpacked",
            package.arch.name(),
            megabytes(image.packed_bytes()),
            megabytes(image.unpacked_bytes())
        ));
    }
    let tag = layout.finish(&packages[0].version)?;
    say(&format!(
        "OCI image {}:{tag}, {}",
        tree.shown(&out),
        since(start)
    ));
    if args.test {
        proof::prove(tree, &layout, &tag, &packages, &scratch)?;
    }
    clear(&scratch)
}

/// The package of each architecture that is asked for.
fn packages(folder: &Path, asked: &[Arch]) -> Result<Vec<Package>> {
    let archs = if asked.is_empty() {
        Arch::ALL.as_slice()
    } else {
        asked
    };
    let mut found = Vec::new();
    for arch in archs {
        match Package::find(folder, *arch)? {
            Some(package) => found.push(package),
            None if asked.is_empty() => {}
            None => bail!(
                "{} has no package for {}: run `cargo xtask deb --arch {}`",
                folder.display(),
                arch.name(),
                arch.name()
            ),
        }
    }
    let Some(first) = found.first() else {
        bail!(
            "{} has no package: run `cargo xtask deb` first",
            folder.display()
        );
    };
    if let Some(other) = found.iter().find(|other| other.version != first.version) {
        bail!(
            "{} is {} for {} and {} for {}: one image has one version, run `cargo xtask deb` for all of them",
            folder.display(),
            first.version,
            first.arch.name(),
            other.version,
            other.arch.name()
        );
    }
    Ok(found)
}

/// Empties a folder of ours below the target folder.
fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("failed to clear {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

impl Stamp {
    /// `SOURCE_DATE_EPOCH`, else the time of the last commit: the same sources give the same bytes.
    fn of(tree: &Tree) -> Result<Self> {
        let git = |args: &[&str]| {
            let mut git = Command::new("git");
            process::output(git.current_dir(&tree.root).args(args))
        };
        let seconds = match env::var("SOURCE_DATE_EPOCH") {
            Ok(seconds) => seconds,
            Err(_) => git(&["log", "-1", "--format=%ct"])?,
        };
        let epoch = seconds.trim().parse().with_context(|| {
            format!("SOURCE_DATE_EPOCH is a number of seconds, not {seconds:?}")
        })?;
        let written = process::output(Command::new("date").args([
            "--utc",
            "--date",
            &format!("@{epoch}"),
            "+%FT%TZ",
        ]))?;
        Ok(Self {
            epoch,
            written: written.trim().to_owned(),
            revision: git(&["rev-parse", "HEAD"])?.trim().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(megabytes(0), "0.0 MB");
        assert_eq!(megabytes(1), "0.1 MB");
        assert_eq!(megabytes(14_164_820), "14.2 MB");
    }

    #[test]
    fn a_missing_package_names_the_command_that_makes_it() {
        let folder = tempfile::tempdir().unwrap();
        let any = packages(folder.path(), &[]).unwrap_err().to_string();
        assert!(any.ends_with("run `cargo xtask deb` first"), "{any}");
        let one = packages(folder.path(), &[Arch::Arm64])
            .unwrap_err()
            .to_string();
        assert!(one.ends_with("run `cargo xtask deb --arch arm64`"), "{one}");
    }
}
