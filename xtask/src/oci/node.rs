//! The node of `packaging/kubernetes` in a container with its limits, beside a real Mosquitto.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::{
    bundle::{Bundle, Mounted, Resources, Run},
    image::USER,
    megabytes, staged,
};
use crate::{
    prepare,
    process::{self, say},
    tree::Tree,
};

const NAME: &str = "weir-node";
const CONFIG_MAP: &str = "packaging/kubernetes/configmap.yaml";
const PASSWORD: &str = "of-this-test-only";

/// What `packaging/kubernetes/deployment.yaml` allows; a test compares.
const LIMITS: Resources = Resources {
    memory_mib: 128,
    millicores: 500,
};

/// As long as the startup probe of `packaging/kubernetes/deployment.yaml` waits.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// The node becomes healthy with user and password, answers a pump, and ends when it is asked to.
pub(super) fn prove(tree: &Tree, bundle: &Bundle, scratch: &Path) -> Result<()> {
    let files = Files::write(tree, &scratch.join("node"))?;
    let broker = Broker::start(scratch)?;
    let url = format!("WEIR__BROKER__URL=mqtt://127.0.0.1:{}", broker.port);
    let run = Run {
        args: &["run"],
        env: &[&url],
        mounted: &files.mounted,
        on_host_network: true,
        resources: Some(LIMITS),
    };
    let start = Instant::now();
    let mut container = bundle.start(NAME, &run)?;
    let proved = wait_until_healthy(bundle, &mut container).and_then(|()| {
        let ready = start.elapsed();
        Ok((ready, broker.result_of_a_pump()?))
    });
    let peak = bundle.memory_bytes_peak(NAME);
    let ended = bundle.terminate(NAME).and_then(|()| Ok(container.wait()?));
    let (ready, result) = proved?;
    let ended = ended?;
    if !ended.success() {
        bail!("the node did not end well: {ended}");
    }
    say(&format!(
        "the node of packaging/kubernetes in {} MiB and half a core: healthy after {:.1} s, {} used at most, a pump is \
         {result}, ended when asked to",
        LIMITS.memory_mib,
        ready.as_secs_f64(),
        peak.map_or_else(|| "unknown memory".to_owned(), megabytes),
    ));
    Ok(())
}

/// Asks as a readiness probe does.
#[expect(clippy::disallowed_methods, reason = "probes ask by the clock")]
fn wait_until_healthy(bundle: &Bundle, container: &mut Child) -> Result<()> {
    let start = Instant::now();
    while !process::succeeds(&mut bundle.exec(NAME, &["status"])) {
        if let Some(ended) = container.try_wait()? {
            bail!("the node ended by itself: {ended}");
        }
        if start.elapsed() > READY_WITHIN {
            let mut status = bundle.exec(NAME, &["status"]);
            status.stdout(process::stderr()?);
            process::run(&mut status, "see the node healthy")?;
        }
        thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}

/// What Kubernetes would mount.
struct Files {
    mounted: Vec<Mounted>,
}

impl Files {
    fn write(tree: &Tree, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let text = fs::read_to_string(tree.root.join(CONFIG_MAP)).context(CONFIG_MAP)?;
        let mut data = texts(&text);
        let mut mounted = Vec::new();
        for (key, at) in [
            ("weir.toml", "/etc/weir/weir.toml"),
            ("pod-128m.toml", "/etc/weir/device-profiles/pod-128m.toml"),
        ] {
            let text = data
                .remove(key)
                .with_context(|| format!("{CONFIG_MAP} has no {key}"))?;
            staged::write(folder, key, text.as_bytes())?;
            mounted.push(Mounted {
                file: folder.join(key),
                at,
            });
        }
        staged::write(folder, "password", PASSWORD.as_bytes())?;
        let password = folder.join("password");
        chown(&password, Some(0), Some(USER)).context("only root gives files to others")?;
        fs::set_permissions(&password, fs::Permissions::from_mode(0o440))?;
        mounted.push(Mounted {
            file: password,
            at: "/etc/weir/credentials/broker",
        });
        Ok(Self { mounted })
    }
}

/// The texts of a `ConfigMap` that are written as `  key: |` with the lines below it.
fn texts(yaml: &str) -> BTreeMap<&str, String> {
    let mut found = BTreeMap::new();
    let mut current: Option<(&str, String)> = None;
    for line in yaml.lines() {
        if let Some((_, text)) = &mut current
            && (line.is_empty() || line.starts_with("    "))
        {
            text.push_str(line.trim_start_matches("    "));
            text.push('\n');
            continue;
        }
        found.extend(current.take());
        let key = line
            .strip_prefix("  ")
            .and_then(|line| line.strip_suffix(": |"));
        current = key.map(|key| (key, String::new()));
    }
    found.extend(current);
    found
}

/// Mosquitto with the users of `broker-config/mosquitto/weir.acl`; ends with this.
struct Broker {
    child: Child,
    port: u16,
}

impl Broker {
    fn start(scratch: &Path) -> Result<Self> {
        let folder = scratch.join("mosquitto");
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let passwords = folder.join("passwords");
        let settings = format!(
            "user root\nlistener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\n",
            passwords.display()
        );
        staged::write(&folder, "mosquitto.conf", settings.as_bytes())?;
        staged::write(&folder, "passwords", b"")?;
        for user in ["weir", "pump-7"] {
            process::run(
                Command::new("mosquitto_passwd")
                    .arg("-b")
                    .arg(&passwords)
                    .args([user, PASSWORD]),
                "make a user of the broker",
            )?;
        }
        let child = Command::new("mosquitto")
            .arg("-c")
            .arg(folder.join("mosquitto.conf"))
            .env("PATH", prepare::path_with_sbin())
            .stdout(process::stderr()?)
            .spawn()
            .context("mosquitto cannot be started")?;
        Ok(Self { child, port })
    }

    /// Publishes one window of a pump at rest; the label that comes back.
    fn result_of_a_pump(&self) -> Result<String> {
        let listener = self
            .client("mosquitto_sub")
            .args([
                "-t",
                "weir/results/pump-vibration/pump-7",
                "-C",
                "1",
                "-W",
                "30",
            ])
            .stdout(Stdio::piped())
            .spawn()
            .context("mosquitto_sub cannot be started")?;
        let mut sensor = self
            .client("mosquitto_pub")
            .args(["-t", "sensors/pump-7/vibration", "-q", "1", "-l"])
            .stdin(Stdio::piped())
            .spawn()
            .context("mosquitto_pub cannot be started")?;
        let mut samples = sensor.stdin.take().context("mosquitto_pub has no input")?;
        for number in 0..256 {
            let time = 1_700_000_000.0 + f64::from(number) / 100.0;
            writeln!(samples, r#"{{"t":{time},"ax":0,"ay":0,"az":1000}}"#)?;
        }
        drop(samples);
        sensor.wait()?;
        let printed = listener.wait_with_output()?;
        let result: serde_json::Value =
            serde_json::from_slice(&printed.stdout).context("no result came within 30 s")?;
        Ok(result["label"].to_string())
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let port = self.port.to_string();
        command.args([
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-u",
            "pump-7",
            "-P",
            PASSWORD,
        ]);
        command
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(name: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        fs::read_to_string(root.join("packaging/kubernetes").join(name)).unwrap()
    }

    #[test]
    fn the_limits_are_those_of_the_deployment() {
        let limits = format!(
            "limits:\n              cpu: {}m\n              memory: {}Mi\n",
            LIMITS.millicores, LIMITS.memory_mib
        );
        assert!(committed("deployment.yaml").contains(&limits), "{limits}");
    }

    #[test]
    fn texts_of_a_config_map_are_what_is_mounted() {
        let yaml =
            "kind: ConfigMap\ndata:\n  a.toml: |\n    [x]\n\n    y = 1\n  b.toml: |\n    z = 2\n";
        let found = texts(yaml);
        assert_eq!(found["a.toml"], "[x]\n\ny = 1\n");
        assert_eq!(found["b.toml"], "z = 2\n");
        let names: Vec<_> = texts(&committed("configmap.yaml"))
            .into_keys()
            .map(str::to_owned)
            .collect();
        assert_eq!(names, ["pod-128m.toml", "weir.toml"]);
    }
}
