//! The Debian package `weir`, for each architecture: what lies where (`payload`), the folder that is packed (`stage`),
//! what Debian wants beside it (`control`, `changelog`, `notices`), and what is said of it (`lint`, `report`).

mod archive;
mod changelog;
mod control;
mod elf;
mod lint;
mod notices;
mod payload;
mod report;
mod stage;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use crate::{
    dist::{self, Arch, Programs},
    guests,
    prepare::{self, Installing, Needs},
    process::{self, say, since},
    tree::Tree,
};

/// What is asked of `cargo xtask deb`.
#[derive(Debug, clap::Args)]
pub(crate) struct DebArgs {
    /// An architecture; several may be named. Without one: all three.
    #[arg(long, value_enum)]
    arch: Vec<Arch>,

    /// Where the packages go. Default: target/deb.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Package weir and weir-wasm3 of this folder, and the guests as they were built last, instead of building them; for
    /// one architecture.
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,

    /// Leave the compiled guests out, which take minutes to make: a node then compiles them when it first starts.
    #[arg(long)]
    without_compiled: bool,

    /// Make every package twice, and fail where the two differ.
    #[arg(long)]
    check_reproducible: bool,
}

impl DebArgs {
    /// The packages of these architectures, where packages go without being asked.
    pub(crate) fn of(arch: Vec<Arch>) -> Self {
        Self {
            arch,
            out: None,
            programs: None,
            without_compiled: false,
            check_reproducible: false,
        }
    }
}

/// A package that was made.
#[derive(Debug)]
#[expect(dead_code, reason = "for the commands that install it")]
pub(crate) struct Package {
    pub(crate) arch: Arch,
    pub(crate) file: PathBuf,
}

/// `cargo xtask deb`: builds, packs, and checks what came out.
///
/// # Errors
/// Fails where something cannot be built, or lintian has something to say.
pub(crate) fn deb(tree: &Tree, installing: Installing, args: &DebArgs) -> Result<Vec<Package>> {
    let arches = if args.arch.is_empty() {
        Arch::ALL.to_vec()
    } else {
        args.arch.clone()
    };
    ensure!(
        args.programs.is_none() || arches.len() == 1,
        "--programs is for one architecture: name it with --arch"
    );
    prepare::prepare(&Needs::DEB, installing)?;
    for arch in &arches {
        arch.cross().prepare(installing)?;
    }
    if args.programs.is_none() {
        guests::build(tree)?;
    }
    let out = match &args.out {
        Some(folder) => env::current_dir()?.join(folder),
        None => tree.target.join("deb"),
    };
    fs::create_dir_all(&out)?;
    let mut packages = Vec::new();
    for arch in arches {
        let programs = match &args.programs {
            Some(folder) => Programs::of(folder),
            None => dist::build(tree, arch)?,
        };
        let source = Source::of(tree, arch, programs, args)?;
        packages.push(make(&source, &out, args.check_reproducible)?);
    }
    Ok(packages)
}

/// What one package is made of.
pub(crate) struct Source<'a> {
    tree: &'a Tree,
    arch: Arch,
    programs: Programs,
    without_compiled: bool,
    version: String,
    /// Seconds since 1970: the time of every file in the package.
    epoch: u64,
}

/// Which package of the same version of Weir it is.
const REVISION: u32 = 1;

impl<'a> Source<'a> {
    fn of(tree: &'a Tree, arch: Arch, programs: Programs, args: &DebArgs) -> Result<Self> {
        Ok(Self {
            tree,
            arch,
            programs,
            without_compiled: args.without_compiled,
            version: format!("{}-{REVISION}", env!("CARGO_PKG_VERSION")),
            epoch: epoch(tree)?,
        })
    }

    fn file_name(&self) -> String {
        format!("weir_{}_{}.deb", self.version, self.arch.name())
    }
}

/// `SOURCE_DATE_EPOCH`, else the time of the last commit.
fn epoch(tree: &Tree) -> Result<u64> {
    let text = match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => process::output(
            Command::new("git")
                .args(["log", "-1", "--format=%ct"])
                .current_dir(&tree.root),
        )
        .context("the time of the last commit is unknown: set SOURCE_DATE_EPOCH")?,
    };
    let text = text.trim();
    text.parse()
        .with_context(|| format!("SOURCE_DATE_EPOCH is not a number of seconds: {text}"))
}

fn make(source: &Source<'_>, out: &Path, twice: bool) -> Result<Package> {
    let (start, arch) = (Instant::now(), source.arch.name());
    say(&format!("{arch}: packing"));
    let file = out.join(source.file_name());
    let report = pack(source, &file)?;
    if twice {
        let again = out.join(format!(".{}.again", source.file_name()));
        pack(source, &again)?;
        let same = fs::read(&file)? == fs::read(&again)?;
        fs::remove_file(&again)?;
        ensure!(
            same,
            "{} is not reproducible: packed again, it differs",
            source.tree.shown(&file)
        );
        say(&format!("{arch}: packed twice, the same bytes"));
    }
    lint::lint(&file)?;
    report.print(&file)?;
    say(&format!(
        "{arch}: {}, {}",
        source.tree.shown(&file),
        since(start)
    ));
    Ok(Package {
        arch: source.arch,
        file,
    })
}

fn pack(source: &Source<'_>, file: &Path) -> Result<report::Report> {
    let folder = source
        .tree
        .target
        .join("deb-stage")
        .join(source.arch.name());
    let stage = stage::Stage::empty(&folder, source.epoch)?;
    let parts = payload::put(source, &stage)?;
    control::put(source, &stage)?;
    stage.settle()?;
    archive::archive(&stage, file)?;
    report::Report::of(source.arch, &parts, &stage)
}
