use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Result, bail};

use super::{Installing, libclang};
use crate::process::{self, say};

/// Installs Debian packages without starting the services that they bring.
const INSTALL: &str = include_str!("install.sh");

/// Where services live; not on every user's `PATH`.
const SBIN: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// What a command needs, and the Debian packages that bring it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package {
    debian: &'static [&'static str],
    found: fn() -> bool,
}

impl Package {
    pub(super) fn is_here(self) -> bool {
        (self.found)()
    }
}

pub(super) const APT_FTPARCHIVE: Package = Package {
    debian: &["apt-utils"],
    found: || program("apt-ftparchive"),
};

pub(super) const C_COMPILER: Package = Package {
    debian: &["gcc", "libc6-dev"],
    found: || env::var_os("CC").is_some() || program("cc"),
};

pub(super) const CHIP_EMULATOR: Package = Package {
    debian: &["qemu-system-arm"],
    found: || program("qemu-system-arm"),
};

pub(super) const CROSS_ARM64: Package = Package {
    debian: &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
    found: || {
        program("aarch64-linux-gnu-gcc")
            && Path::new("/usr/aarch64-linux-gnu/include/stdio.h").is_file()
    },
};

pub(super) const CROSS_ARMHF: Package = Package {
    debian: &["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"],
    found: || {
        program("arm-linux-gnueabihf-gcc")
            && Path::new("/usr/arm-linux-gnueabihf/include/stdio.h").is_file()
    },
};

pub(super) const DPKG: Package = Package {
    debian: &["dpkg", "binutils"],
    found: || program("dpkg-deb") && program("readelf") && program("strip"),
};

pub(super) const GPG: Package = Package {
    debian: &["gpg", "gpgv"],
    found: || program("gpg") && program("gpgv"),
};

/// With the headers of its compiler, which bindings are read with.
pub(super) const LIBCLANG: Package = Package {
    debian: &["libclang-dev"],
    found: || env::var_os("LIBCLANG_PATH").is_some() || libclang::is_here(),
};

pub(super) const LINTIAN: Package = Package {
    debian: &["lintian"],
    found: || program("lintian"),
};

pub(super) const MOSQUITTO: Package = Package {
    debian: &["mosquitto"],
    found: || program("mosquitto"),
};

pub(super) const MOSQUITTO_CLIENTS: Package = Package {
    debian: &["mosquitto-clients"],
    found: || program("mosquitto_pub") && program("mosquitto_sub"),
};

/// What makes namespaces, and what works in them.
pub(super) const NAMESPACES: Package = Package {
    debian: &["util-linux", "iproute2", "coreutils"],
    found: || {
        ["unshare", "setpriv", "ip", "timeout"]
            .into_iter()
            .all(program)
    },
};

pub(super) const PYTHON: Package = Package {
    debian: &["python3", "python3-venv"],
    found: || process::succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"])),
};

pub(super) const OCI_BASE: Package = Package {
    debian: &["apt", "dpkg", "debian-archive-keyring"],
    found: || {
        program("apt-get")
            && program("dpkg-deb")
            && Path::new("/usr/share/keyrings/debian-archive-keyring.gpg").is_file()
    },
};

pub(super) const OCI_READERS: Package = Package {
    debian: &["oci-image-tool", "runc", "skopeo", "umoci"],
    found: || {
        ["oci-image-tool", "runc", "skopeo", "umoci"]
            .into_iter()
            .all(program)
    },
};

pub(super) const SHELLCHECK: Package = Package {
    debian: &["shellcheck"],
    found: || program("shellcheck"),
};

/// Runs programs of other architectures.
pub(super) const QEMU_USER: Package = Package {
    debian: &["qemu-user-static"],
    found: || program("qemu-arm-static") && program("qemu-aarch64-static"),
};

/// Makes Debian roots.
pub(super) const ROOTS: Package = Package {
    debian: &["mmdebstrap", "debian-archive-keyring"],
    found: || {
        program("mmdebstrap")
            && Path::new("/usr/share/keyrings/debian-archive-keyring.gpg").is_file()
    },
};

pub(super) fn prepare(packages: &[Package], installing: Installing) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .filter(|package| !package.is_here())
        .flat_map(|package| package.debian.iter().copied())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let advice = format!("missing here: {names}; run `sudo apt-get install {names}`");
    let Some(mut shell) = privileged_shell().filter(|_| installing == Installing::Allowed) else {
        bail!("{advice}");
    };
    say(&format!("installing {names} (no service is started)"));
    shell
        .args(["-eu", "-c", INSTALL, "install"])
        .args(&missing)
        .stdin(Stdio::null())
        .stdout(process::stderr()?);
    if process::run(&mut shell, "install packages").is_err()
        || packages.iter().any(|package| !package.is_here())
    {
        bail!("{advice} (apt-get did not manage it here, see above)");
    }
    Ok(())
}

/// The caller's `PATH`, with the folders of services behind it.
pub(crate) fn path_with_sbin() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(SBIN.map(PathBuf::from));
    env::join_paths(folders).unwrap_or(path)
}

fn program(name: &str) -> bool {
    env::split_paths(&path_with_sbin()).any(|folder| folder.join(name).is_file())
}

/// A shell that may install, where nobody has to type a password.
fn privileged_shell() -> Option<Command> {
    if !Path::new("/usr/bin/apt-get").is_file() {
        return None;
    }
    if process::output(Command::new("id").arg("-u")).is_ok_and(|user| user.trim() == "0") {
        return Some(Command::new("sh"));
    }
    let sudo = process::succeeds(Command::new("sudo").args(["-n", "true"]));
    sudo.then(|| {
        let mut command = Command::new("sudo");
        command.args(["-n", "sh"]);
        command
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_left_alone() {
        let present = Package {
            debian: &["no-such-package"],
            found: || true,
        };
        prepare(&[present], Installing::Refused).unwrap();
    }

    #[test]
    fn what_is_missing_is_said_in_one_line() {
        let missing = Package {
            debian: &["gcc", "libc6-dev"],
            found: || false,
        };
        let error = prepare(&[missing], Installing::Refused).unwrap_err();
        assert_eq!(
            error.to_string(),
            "missing here: gcc libc6-dev; run `sudo apt-get install gcc libc6-dev`"
        );
    }
}
