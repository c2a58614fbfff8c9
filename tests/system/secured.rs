//! A Mosquitto that lets in only who may: users with passwords and rights over TLS, with a certificate authority of its
//! own. Beside it a port for the test's own clients, who may do everything.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;
use tokio::{net::TcpStream, process::Command};
use weir_tests::{Process, free_port};

use crate::site::until;

pub(crate) const USER: &str = "weir";
pub(crate) const PASSWORD: &str = "correct horse";

/// What a node may do, line by line, as in the shipped list of rights.
pub(crate) const RIGHTS: &str = "\
user weir
topic read sensors/#
topic write weir/#
topic read weir/nodes/+/desired
";

/// A running broker.
pub(crate) struct Secured {
    process: Process,
    folder: TempDir,
    /// For the test's own clients.
    pub(crate) open_port: u16,
    /// For nodes.
    pub(crate) tls_port: u16,
}

impl Secured {
    /// Starts one in which the user [`USER`] has these rights.
    pub(crate) async fn start(rights: &str) -> Result<Self> {
        let folder = TempDir::with_prefix("weir-secured-")?;
        let path = folder.path();
        certificates(path)?;
        password_file(&path.join("passwords")).await?;
        write_rights(path, rights)?;
        let (open_port, tls_port) = (free_port()?, free_port()?);
        fs::write(
            path.join("mosquitto.conf"),
            configuration(path, open_port, tls_port),
        )?;
        let mut command = Command::new(program("mosquitto")?);
        command.arg("-c").arg(path.join("mosquitto.conf"));
        let process = Process::start("mosquitto", command, &path.join("mosquitto.log"))?;
        let mut broker = Self {
            process,
            folder,
            open_port,
            tls_port,
        };
        for port in [open_port, tls_port] {
            until("mosquitto listens", async || {
                broker.process.still_runs()?;
                Ok(TcpStream::connect(("127.0.0.1", port)).await.is_ok())
            })
            .await?;
        }
        Ok(broker)
    }

    /// The certificate authority that its certificate comes from.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Gives the user other rights, at once.
    pub(crate) fn change_rights(&self, rights: &str) -> Result<()> {
        write_rights(self.folder.path(), rights)?;
        let pid = Pid::from_raw(self.process.id()).context("a process id")?;
        Ok(kill_process(pid, Signal::HUP)?)
    }

    /// The keys of `[broker]` for a node with this password, kept in `folder`.
    pub(crate) fn keys(&self, folder: &Path, password: &str) -> Result<String> {
        let password_file = folder.join("password");
        fs::write(&password_file, format!("{password}\n"))?;
        readable_by_owner(&password_file)?;
        Ok(format!(
            "[broker]\nurl = \"mqtts://localhost:{}\"\nusername = {USER:?}\npassword_file = {password_file:?}\nca_file = {:?}\n",
            self.tls_port,
            self.ca_file()
        ))
    }
}

fn configuration(folder: &Path, open_port: u16, tls_port: u16) -> String {
    let folder = folder.display();
    let user = if geteuid().is_root() {
        "user root\n"
    } else {
        ""
    };
    format!(
        "per_listener_settings true\nlog_dest stderr\nlog_type all\n{user}\
         listener {open_port} 127.0.0.1\nallow_anonymous true\n\
         listener {tls_port} 127.0.0.1\nallow_anonymous false\n\
         password_file {folder}/passwords\nacl_file {folder}/rights\n\
         cafile {folder}/ca.pem\ncertfile {folder}/broker.pem\nkeyfile {folder}/broker.key\n"
    )
}

fn certificates(folder: &Path) -> Result<()> {
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::new(Vec::<String>::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    fs::write(folder.join("ca.pem"), ca.self_signed(&ca_key)?.pem())?;
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate()?;
    let names = ["localhost", "127.0.0.1"].map(str::to_owned).to_vec();
    let broker = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
    fs::write(folder.join("broker.pem"), broker.pem())?;
    fs::write(folder.join("broker.key"), key.serialize_pem())?;
    Ok(())
}

async fn password_file(file: &Path) -> Result<()> {
    let mut command = Command::new(program("mosquitto_passwd")?);
    command.args(["-c", "-b"]).arg(file).args([USER, PASSWORD]);
    let output = command.stdin(Stdio::null()).output().await?;
    ensure!(
        output.status.success(),
        "mosquitto_passwd: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    readable_by_owner(file)
}

fn write_rights(folder: &Path, rights: &str) -> Result<()> {
    let file = folder.join("rights");
    fs::write(&file, rights)?;
    readable_by_owner(&file)
}

fn readable_by_owner(file: &Path) -> Result<()> {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    Ok(fs::set_permissions(file, permissions)?)
}

fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let mut programs = folders.map(|folder| folder.join(name));
    programs
        .find(|program| program.is_file())
        .with_context(|| format!("{name} is not installed"))
}
