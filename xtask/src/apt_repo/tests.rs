use super::*;

/// A key that needs no passphrase, made for this test alone.
fn key(folder: &Path) -> PathBuf {
    let home = folder.join("gnupg");
    fs::create_dir(&home).unwrap();
    let gpg = || {
        let mut gpg = Command::new("gpg");
        gpg.args(["--batch", "--quiet", "--passphrase", ""])
            .env("GNUPGHOME", &home);
        gpg
    };
    let make = [
        "--quick-generate-key",
        "test@weir.invalid",
        "ed25519",
        "sign",
        "never",
    ];
    process::run(gpg().args(make), "make a key").unwrap();
    let secret = process::output(gpg().args(["--armor", "--export-secret-keys"])).unwrap();
    let file = folder.join("key.asc");
    fs::write(&file, secret).unwrap();
    let mut agent = Command::new("gpgconf");
    process::succeeds(agent.args(["--kill", "all"]).env("GNUPGHOME", &home));
    file
}

fn package(folder: &Path, version: &str, arch: &str) {
    let root = folder.join(format!("root-{version}-{arch}"));
    fs::create_dir_all(root.join("DEBIAN")).unwrap();
    let control = format!(
        "Package: weir\nVersion: {version}\nArchitecture: {arch}\nMaintainer: x <x@x.org>\nDescription: x\n"
    );
    fs::write(root.join("DEBIAN/control"), control).unwrap();
    let file = folder
        .join("debs")
        .join(format!("weir_{version}_{arch}.deb"));
    fs::create_dir_all(folder.join("debs")).unwrap();
    let mut pack = Command::new("dpkg-deb");
    pack.args(["--root-owner-group", "--build"])
        .arg(root)
        .arg(file);
    process::run(pack.stdout(process::stderr().unwrap()), "pack").unwrap();
}

/// What apt of a machine that knows nothing but the repository offers.
fn offered(folder: &Path, repository: &Path, key: &str) -> Result<String> {
    let root = folder.join("apt");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    for part in ["etc", "state/lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(root.join(part))?;
    }
    fs::write(root.join("status"), "")?;
    let text = fs::read_to_string(repository.join(SOURCES))?;
    let named = format!("Signed-By: {}\n", repository.join(key).display());
    let text = text.lines().filter(|line| !line.starts_with("Signed-By"));
    let text: String = text.map(|line| format!("{line}\n")).collect();
    fs::write(root.join("etc/weir.sources"), text + &named)?;
    let apt = |command: &[&str]| {
        let mut apt = Command::new("apt-get");
        if command[0] == "madison" {
            apt = Command::new("apt-cache");
        }
        let at = |name: &str, path: &str| format!("{name}={}", root.join(path).display());
        for option in [
            at("Dir::Etc::SourceParts", "etc"),
            "Dir::Etc::SourceList=/dev/null".to_owned(),
            at("Dir::State", "state"),
            at("Dir::State::Status", "status"),
            at("Dir::Cache", "cache"),
            "APT::Architecture=arm64".to_owned(),
            "APT::Architectures=arm64".to_owned(),
            "APT::Sandbox::User=".to_owned(),
            "Acquire::Languages=none".to_owned(),
        ] {
            apt.args(["-o", &option]);
        }
        apt.args(command);
        process::output(&mut apt)
    };
    apt(&["update", "--error-on=any"])?;
    apt(&["madison", "weir"])
}

#[test]
fn apt_finds_every_version_and_trusts_nothing_but_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let repository = folder.join("repository");
    let file = key(folder);
    let debs = folder.join("debs");
    package(folder, "1.0-1", "arm64");
    make(&repository, &debs, &Keyring::of_file(&file).unwrap(), None).unwrap();
    fs::remove_dir_all(&debs).unwrap();
    package(folder, "1.1-1", "arm64");
    package(folder, "1.1-1", "amd64");
    make(&repository, &debs, &Keyring::of_file(&file).unwrap(), None).unwrap();

    let listed = offered(folder, &repository, PUBLIC_KEY).unwrap();
    let versions: Vec<_> = listed
        .lines()
        .map(|line| line.split('|').nth(1).unwrap().trim())
        .collect();
    assert_eq!(versions, ["1.1-1", "1.0-1"], "{listed}");

    let release = repository.join(SUITE).join("InRelease");
    let forged = fs::read_to_string(&release)
        .unwrap()
        .replace("Label: Weir", "Label: Other");
    fs::write(&release, forged).unwrap();
    offered(folder, &repository, PUBLIC_KEY).unwrap_err();
}

#[test]
fn the_key_that_signs_is_one_of_two() {
    let names = |args: &[&str]| {
        use clap::Parser;
        #[derive(Parser)]
        struct Cli {
            #[command(flatten)]
            args: AptRepoArgs,
        }
        Cli::try_parse_from([&["x", "repository"], args].concat()).map(|cli| cli.args)
    };
    assert!(names(&[]).is_err());
    assert!(names(&["--key", "a", "--key-file", "b"]).is_err());
    assert_eq!(
        names(&["--key", "a"]).unwrap().key.key.as_deref(),
        Some("a")
    );
}
