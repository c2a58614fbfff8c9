//! A repository of packages that `apt` trusts by one key: `pool/` with every version, `dists/stable` with the lists,
//! the signature, and beside them what a machine needs to know it.

mod key;
mod pool;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use self::key::Keyring;
use crate::{
    dist::Arch,
    prepare::{self, Installing, Needs},
    process::{self, say, since},
    tree::Tree,
};

/// What is asked of `cargo xtask apt-repo`.
#[derive(Debug, clap::Args)]
pub(crate) struct AptRepoArgs {
    /// The repository; it is made where there is none, else the packages are added to those that are there.
    folder: PathBuf,

    #[command(flatten)]
    key: KeyArgs,

    /// Where the packages to add are. Default: target/deb.
    #[arg(long, value_name = "FOLDER")]
    deb_dir: Option<PathBuf>,

    /// Where machines will find the repository. Default: here, as file://…
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// The key that signs, one or the other.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct KeyArgs {
    /// A key of this user's keyring: its fingerprint, id or address.
    #[arg(long, value_name = "KEYID")]
    key: Option<String>,

    /// A file with a secret key that needs no passphrase; it is not kept.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// The lists that apt reads, from the root of the repository.
const SUITE: &str = "dists/stable";
/// The key that machines are given.
const PUBLIC_KEY: &str = "weir-archive-keyring.asc";
/// What names the repository on a machine.
const SOURCES: &str = "weir.sources";

/// `cargo xtask apt-repo`.
///
/// # Errors
/// Fails where there are no packages, a version is there with other bytes, or the key cannot sign.
pub(crate) fn apt_repo(tree: &Tree, installing: Installing, args: &AptRepoArgs) -> Result<()> {
    prepare::prepare(&Needs::APT_REPO, installing)?;
    let debs = match &args.deb_dir {
        Some(folder) => folder.clone(),
        None => tree.target.join("deb"),
    };
    let keyring = match (&args.key.key, &args.key.key_file) {
        (_, Some(file)) => Keyring::of_file(file)?,
        (Some(key), None) => Keyring::of_user(key),
        (None, None) => unreachable!("clap asks for one of the two"),
    };
    let url = make(&args.folder, &debs, &keyring, args.url.as_deref())?;
    say_how(&url);
    Ok(())
}

/// The same for a command that tests it: the key is a file, and nobody is told what a machine needs.
///
/// # Errors
/// As [`apt_repo`].
pub(crate) fn publish(folder: &Path, debs: &Path, key_file: &Path, url: &str) -> Result<()> {
    make(folder, debs, &Keyring::of_file(key_file)?, Some(url)).map(drop)
}

/// Makes the repository, and says where machines will find it.
fn make(folder: &Path, debs: &Path, keyring: &Keyring, url: Option<&str>) -> Result<String> {
    let start = Instant::now();
    fs::create_dir_all(folder)?;
    let folder = &env::current_dir()?.join(folder).canonicalize()?;
    pool::add(debs, folder)?;
    lists(folder)?;
    release(folder)?;
    keyring.sign(&folder.join(SUITE))?;
    fs::write(folder.join(PUBLIC_KEY), keyring.public()?)?;
    let url = match url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("file://{}", folder.display()),
    };
    fs::write(folder.join(SOURCES), sources(&url))?;
    say(&format!("{}: signed, {}", folder.display(), since(start)));
    Ok(url)
}

/// `Packages` for each architecture, with every version of the pool.
fn lists(folder: &Path) -> Result<()> {
    for arch in Arch::ALL {
        let list = folder
            .join(SUITE)
            .join(format!("main/binary-{}", arch.name()));
        fs::create_dir_all(&list)?;
        let mut scan = Command::new("apt-ftparchive");
        scan.args(["--arch", arch.name(), "packages", "pool"]);
        let packages = process::output(scan.current_dir(folder))?;
        fs::write(list.join("Packages"), packages)?;
        let mut gzip = Command::new("gzip");
        gzip.args(["-9", "--no-name", "--force", "--keep", "Packages"]);
        process::run(gzip.current_dir(&list), "compress a list of packages")?;
    }
    Ok(())
}

/// `Release`: what the lists must be, and since when. The signatures of an older one are removed before it changes.
fn release(folder: &Path) -> Result<()> {
    let suite = folder.join(SUITE);
    for old in ["Release", "InRelease", "Release.gpg"] {
        let old = suite.join(old);
        if old.exists() {
            fs::remove_file(old)?;
        }
    }
    let facts = [
        ("Origin", "Weir".to_owned()),
        ("Label", "Weir".to_owned()),
        ("Suite", "stable".to_owned()),
        ("Codename", "stable".to_owned()),
        ("Components", "main".to_owned()),
        ("Architectures", Arch::ALL.map(Arch::name).join(" ")),
    ];
    let mut command = Command::new("apt-ftparchive");
    for (name, value) in facts {
        command.arg("-o");
        command.arg(format!("APT::FTPArchive::Release::{name}={value}"));
    }
    let text = process::output(command.args(["release", SUITE]).current_dir(folder))
        .context("apt-ftparchive is in the package apt-utils")?;
    ensure!(text.contains("SHA256:"), "the release has no digests");
    Ok(fs::write(suite.join("Release"), text)?)
}

fn sources(url: &str) -> String {
    format!(
        "Types: deb\nURIs: {url}\nSuites: stable\nComponents: main\nSigned-By: /etc/apt/keyrings/{PUBLIC_KEY}\n"
    )
}

#[expect(clippy::print_stdout, reason = "the lines are the product")]
fn say_how(url: &str) {
    println!("sudo curl -fsS --create-dirs -o /etc/apt/keyrings/{PUBLIC_KEY} {url}/{PUBLIC_KEY}");
    println!("sudo curl -fsS -o /etc/apt/sources.list.d/{SOURCES} {url}/{SOURCES}");
}

#[cfg(test)]
mod tests;
