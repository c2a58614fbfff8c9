//! Repositories as `cargo xtask apt-repo` makes them, signed with a key that is made for it and thrown away.

use std::{
    env, fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::{self as system, Command},
};

use anyhow::{Context, Result};

use crate::{apt_repo, dist::Arch, process};

/// Where scripts find what is in the folder of packages.
const INSIDE: &str = "file:///weir-test/debs";

/// Makes `repository-old` with the previous version, and `repository-new`, the same after an update brought the next.
///
/// # Errors
/// Fails where `apt-repo` does.
pub(super) fn make(arch: Arch, place: &Path) -> Result<()> {
    let key = Key::make()?;
    let (old, new) = (place.join("repository-old"), place.join("repository-new"));
    let publish = |package: &str, folder: &Path| -> Result<()> {
        let debs = place.join("to-publish");
        fs::create_dir(&debs)?;
        let version = version(&place.join(package))?;
        let name = format!("weir_{version}_{}.deb", arch.name());
        fs::hard_link(place.join(package), debs.join(name))?;
        let name = folder.file_name().unwrap_or_default().display();
        let url = format!("{INSIDE}/{name}");
        apt_repo::publish(folder, &debs, &key.file(), &url)?;
        Ok(fs::remove_dir_all(&debs)?)
    };
    publish("previous.deb", &old)?;
    let mut copy = Command::new("cp");
    copy.arg("--archive").args([&old, &new]);
    process::run(&mut copy, "copy the repository")?;
    publish("weir.deb", &new)
}

fn version(package: &Path) -> Result<String> {
    let mut field = Command::new("dpkg-deb");
    let version = process::output(field.arg("--field").arg(package).arg("Version"))?;
    Ok(version.trim().to_owned())
}

/// A key of its own, in a folder that ends with it. gpg's sockets lie there too, so its path is short.
struct Key {
    folder: PathBuf,
}

impl Key {
    fn make() -> Result<Self> {
        let folder = env::temp_dir().join(format!("weir-test-deb-{}", system::id()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        let key = Self { folder };
        let mut generate = key.gpg("gpg");
        generate.args(["--batch", "--quiet", "--passphrase", ""]);
        generate.args([
            "--quick-generate-key",
            "Package test <test@example.org>",
            "rsa3072",
        ]);
        process::run(&mut generate, "make a key")?;
        let mut export = key.gpg("gpg");
        export.args(["--batch", "--armor", "--export-secret-keys"]);
        fs::write(key.file(), process::output(&mut export)?)?;
        Ok(key)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("secret.asc")
    }

    fn gpg(&self, program: &str) -> Command {
        let mut gpg = Command::new(program);
        gpg.env("GNUPGHOME", &self.folder);
        gpg
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // Its agent ends by itself when the folder is gone, only later.
        process::succeeds(self.gpg("gpgconf").args(["--kill", "gpg-agent"]));
        drop(fs::remove_dir_all(&self.folder));
    }
}
