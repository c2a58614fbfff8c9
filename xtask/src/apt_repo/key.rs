use std::{
    env, fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::{self as system, Command, Stdio},
};

use anyhow::{Context, Result};

use crate::process;

/// What signs: a key of the user's keyring, or one of a file in a keyring that is thrown away.
pub(super) struct Keyring {
    /// As gpg finds it.
    key: String,
    own: Option<Own>,
}

/// A keyring that ends with its owner.
struct Own(PathBuf);

impl Keyring {
    pub(super) fn of_user(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            own: None,
        }
    }

    pub(super) fn of_file(file: &Path) -> Result<Self> {
        let folder = env::temp_dir().join(format!("weir-apt-repo-{}", system::id()));
        let mut builder = fs::DirBuilder::new();
        builder
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        let mut keyring = Self {
            key: String::new(),
            own: Some(Own(folder)),
        };
        let mut import = keyring.gpg();
        import.args(["--quiet", "--import"]).arg(file);
        process::run(&mut import, "read the key")?;
        let mut list = keyring.gpg();
        let listed = process::output(list.args(["--list-secret-keys", "--with-colons"]))?;
        keyring.key = fingerprint(&listed)
            .with_context(|| format!("{} has no secret key", file.display()))?;
        Ok(keyring)
    }

    /// Signs `Release`, once within it and once beside it.
    pub(super) fn sign(&self, folder: &Path) -> Result<()> {
        let release = folder.join("Release");
        for (signature, kind) in [
            ("InRelease", "--clear-sign"),
            ("Release.gpg", "--detach-sign"),
        ] {
            let mut gpg = self.gpg();
            gpg.args(["--yes", "--armor", "--local-user", &self.key])
                .args(["--digest-algo", "SHA512", "--output"])
                .arg(folder.join(signature))
                .arg(kind)
                .arg(&release);
            process::run(&mut gpg, "sign the repository")?;
        }
        Ok(())
    }

    /// The key that machines are given.
    pub(super) fn public(&self) -> Result<String> {
        process::output(self.gpg().args(["--armor", "--export", &self.key]))
    }

    fn gpg(&self) -> Command {
        let mut gpg = Command::new("gpg");
        gpg.arg("--batch").stdin(Stdio::null());
        if let Some(Own(folder)) = &self.own {
            gpg.env("GNUPGHOME", folder);
        }
        gpg
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let mut agent = Command::new("gpgconf");
        agent.args(["--kill", "all"]).env("GNUPGHOME", &self.0);
        process::succeeds(&mut agent);
        drop(fs::remove_dir_all(&self.0));
    }
}

/// The fingerprint of the first key, from what gpg lists for programs.
fn fingerprint(listed: &str) -> Option<String> {
    let mut lines = listed.lines().skip_while(|line| !line.starts_with("sec:"));
    let line = lines.find(|line| line.starts_with("fpr:"))?;
    line.split(':').nth(9).map(str::to_owned)
}
