//! What packages carry: the programs built with the profile `dist`, for each architecture of Debian that has one.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::{
    prepare::Cross,
    process::{self, say, since},
    tree::Tree,
};

/// An architecture, by Debian's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arch {
    /// 64-bit PC.
    Amd64,
    /// 64-bit ARM: Raspberry Pi OS (64-bit).
    Arm64,
    /// 32-bit ARMv7 and newer: Raspberry Pi OS (32-bit) on a Pi 2 or newer.
    Armhf,
}

impl Arch {
    pub(crate) const ALL: [Self; 3] = [Self::Amd64, Self::Arm64, Self::Armhf];

    /// This machine's.
    ///
    /// # Errors
    /// Fails where packages are made for others only.
    pub(crate) fn of_this_machine() -> Result<Self> {
        let mut native = Self::ALL
            .into_iter()
            .filter(|arch| arch.cross().is_native());
        native
            .next()
            .with_context(|| format!("{} is no architecture of a package", env::consts::ARCH))
    }

    /// Debian's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Armhf => "armhf",
        }
    }

    /// Rust's name of the target.
    pub(crate) fn triple(self) -> &'static str {
        self.cross().rust
    }

    /// What building for it needs on this machine.
    pub(crate) fn cross(self) -> &'static Cross {
        match self {
            Self::Amd64 => &Cross::AMD64,
            Self::Arm64 => &Cross::ARM64,
            Self::Armhf => &Cross::ARMHF,
        }
    }

    /// One of the compiler's tools for it: `gcc`, `strip`, `readelf`.
    pub(crate) fn tool(self, name: &str) -> String {
        if self.cross().is_native() {
            name.to_owned()
        } else {
            format!("{}-{name}", self.cross().gnu)
        }
    }

    /// Wasmtime compiles for it.
    pub(crate) fn has_compiled_engine(self) -> bool {
        match self {
            Self::Amd64 | Self::Arm64 => true,
            Self::Armhf => false,
        }
    }
}

/// The programs of a package.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) weir: PathBuf,
    /// The process of the engine wasm3.
    pub(crate) worker: PathBuf,
}

impl Programs {
    /// Those of a folder, as they are.
    pub(crate) fn of(folder: &Path) -> Self {
        Self {
            weir: folder.join("weir"),
            worker: folder.join("weir-wasm3"),
        }
    }
}

/// Builds weir and the worker of wasm3. Paths of this machine do not get into them.
pub(crate) fn build(tree: &Tree, arch: Arch) -> Result<Programs> {
    let start = Instant::now();
    say(&format!(
        "{}: building weir and weir-wasm3 with the profile dist (20 minutes and more the first time)",
        arch.name()
    ));
    let flags = Flags::of(tree)?;
    let linked = linked()?;
    for (package, program, folded) in [
        // C may compare the addresses of two functions of the same machine code.
        ("weir-wasm3-worker", "weir-wasm3", None),
        ("weir", "weir", Some(FOLDED)),
    ] {
        let mut cargo = process::guests_cargo(&tree.root);
        cargo
            .args(["rustc", "--locked", "--profile", "dist"])
            .args(["--package", package, "--bin", program])
            .args(["--target", arch.triple(), "--target-dir"])
            .arg(&tree.target)
            .arg("--")
            .args(&linked)
            .args(folded)
            .stdout(process::stderr()?);
        flags.set(&mut cargo, arch);
        process::run(&mut cargo, &format!("build {program} for {}", arch.name()))?;
    }
    say(&format!(
        "{}: programs built, {}",
        arch.name(),
        since(start)
    ));
    let folder = tree.target.join(arch.triple()).join("dist");
    Ok(Programs::of(&folder))
}

/// Functions of the same machine code are kept once; Rust promises no function an address of its own.
const FOLDED: &str = "-Clink-arg=-Wl,--icf=all";

/// By the linker that comes with Rust, the same for every architecture: Debian's cannot fold functions, and for ARM it
/// cannot write loading addresses as a list of differences, which is a twentieth of the program. glibc knows that list
/// since 2.36, which is Debian 12's.
fn linked() -> Result<[String; 3]> {
    let libraries = process::output(Command::new("rustc").args(["--print", "target-libdir"]))?;
    let linkers = Path::new(libraries.trim()).with_file_name("bin/gcc-ld");
    ensure!(
        linkers.join("ld.lld").is_file(),
        "this Rust comes without a linker ({} has no ld.lld); the toolchains of rustup have one",
        linkers.display()
    );
    Ok([
        "-Clink-arg=-fuse-ld=lld".to_owned(),
        format!("-Clink-arg=-B{}", linkers.display()),
        "-Clink-arg=-Wl,-z,pack-relative-relocs".to_owned(),
    ])
}

/// What keeps the paths of this machine out of the programs: the same sources give the same bytes in every folder.
struct Flags {
    /// A folder here, and what is written for it. Of two that fit, the later one holds.
    replaced: Vec<(PathBuf, &'static str)>,
}

impl Flags {
    fn of(tree: &Tree) -> Result<Self> {
        let home = env::var_os("CARGO_HOME").map_or_else(
            || {
                let home = env::var_os("HOME").context("neither CARGO_HOME nor HOME is set")?;
                anyhow::Ok(PathBuf::from(home).join(".cargo"))
            },
            |home| Ok(PathBuf::from(home)),
        )?;
        let mut replaced = vec![(tree.root.clone(), "weir")];
        if !tree.target.starts_with(&tree.root) {
            replaced.push((tree.target.clone(), "weir/target"));
        }
        // One folder for each registry: its name says which, and a mirror has another.
        let sources = fs::read_dir(home.join("registry").join("src"));
        let registries = sources.into_iter().flatten().flatten();
        let mut registries: Vec<_> = registries.map(|entry| entry.path()).collect();
        registries.sort();
        replaced.extend(registries.into_iter().map(|folder| (folder, "crates")));
        Ok(Self { replaced })
    }

    fn words(&self, flag: &str) -> Vec<String> {
        let word = |(folder, name): &(PathBuf, &str)| format!("{flag}={}={name}", folder.display());
        self.replaced.iter().map(word).collect()
    }

    fn set(&self, cargo: &mut Command, arch: Arch) {
        let (triple, gnu) = (arch.triple(), arch.cross().gnu);
        let shell = triple.replace('-', "_");
        let rustc = self.words("--remap-path-prefix").join("\u{1f}");
        cargo.env("CARGO_ENCODED_RUSTFLAGS", rustc).env(
            format!("CFLAGS_{shell}"),
            self.words("-ffile-prefix-map").join(" "),
        );
        if !arch.cross().is_native() {
            cargo
                .env(
                    format!("CARGO_TARGET_{}_LINKER", shell.to_uppercase()),
                    arch.tool("gcc"),
                )
                // libclang knows the machine of the target, not where Debian keeps its headers.
                .env(
                    format!("BINDGEN_EXTRA_CLANG_ARGS_{shell}"),
                    format!("-I/usr/{gnu}/include"),
                );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_are_named_as_debian_names_them() {
        for arch in Arch::ALL {
            let written = arch.to_possible_value().unwrap();
            assert_eq!(written.get_name(), arch.name());
        }
    }

    #[test]
    fn folders_of_this_machine_are_replaced() {
        let flags = Flags {
            replaced: vec![("/srv/weir".into(), "weir"), ("/r/src/i".into(), "crates")],
        };
        let mut cargo = Command::new("cargo");
        flags.set(&mut cargo, Arch::Arm64);
        let set = |name: &str| {
            let mut envs = cargo.get_envs();
            let (_, value) = envs.find(|(key, _)| *key == name).unwrap();
            value.unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(
            set("CARGO_ENCODED_RUSTFLAGS"),
            "--remap-path-prefix=/srv/weir=weir\u{1f}--remap-path-prefix=/r/src/i=crates"
        );
        assert_eq!(
            set("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER"),
            if Arch::Arm64.cross().is_native() {
                "gcc"
            } else {
                "aarch64-linux-gnu-gcc"
            }
        );
    }
}
