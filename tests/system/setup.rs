//! `weir setup`, as an installer uses it: by options, and by keys at a terminal.

mod machine;
mod terminal;

use std::{fs, os::unix::fs::PermissionsExt};

use anyhow::{Context, Result, ensure};
use weir_tests::{Client, Publication};

use crate::{
    documents::Answer,
    program::{self, Finished},
    site::DEADLINE,
};

use machine::Machine;
use terminal::Terminal;

const ANOMALY: [&str; 6] = [
    "--example",
    "anomaly",
    "--topic",
    "hall/{device}/temperature",
    "--profile",
    "calm-chip",
];

/// The password that setup told of a user.
fn told(finished: &Finished, user: &str) -> Result<String> {
    let begin = format!("  {user}  ");
    let mut lines = finished.out.lines();
    let password = lines.find_map(|line| line.strip_prefix(&begin));
    Ok(password
        .with_context(|| format!("no password of {user}: {finished}"))?
        .to_owned())
}

#[tokio::test]
async fn mosquitto_and_the_node_work_together_as_they_are_set_up() -> Result<()> {
    let machine = Machine::new()?;
    let options = [
        "--yes",
        "--broker",
        "local",
        "--node-name",
        "node-1",
        "--sensor",
        "boiler",
    ];
    let options = [options.as_slice(), ANOMALY.as_slice()].concat();
    let first = machine.setup(&options).await?;
    first.says(
        0,
        &[
            "weir.conf",
            "weir.acl",
            "weir.passwords",
            "systemctl restart weir",
        ],
    )?;
    let (boiler, dashboard) = (told(&first, "boiler")?, told(&first, "dashboard")?);
    let hashes = machine.read("mosquitto/weir.passwords")?;
    ensure!(!hashes.contains(&boiler) && hashes.starts_with("# Written by `weir setup`"));
    let _broker = machine.broker().await?;
    program::weir(&["check", "--config"], &[machine.config()])
        .await?
        .says(
            0,
            &[
                "ok: pipeline.anomaly",
                "answers",
                "ok: `weir run` would start",
            ],
        )?;
    let mut node = machine.node().await?;
    let dashboard = Client::connect_as(machine.port, "dashboard", &dashboard).await?;
    dashboard.subscribe("weir/results/#").await?;
    let sensor = Client::connect_as(machine.port, "boiler", &boiler).await?;
    let payload = r#"{"value": 61.5}"#;
    sensor
        .publish(Publication::new("hall/boiler/temperature", payload))
        .await?;
    let answer = Answer::read(dashboard.take(Answer::is_one, DEADLINE).await?)?;
    assert_eq!((answer.is_result, answer.device.as_str()), (true, "boiler"));
    let forged = sensor
        .publish(Publication::new("hall/other/temperature", payload))
        .await;
    ensure!(forged.is_err(), "a sensor publishes as another one");

    let again = machine
        .setup(&[options.as_slice(), &["--test-message"]].concat())
        .await?;
    again.says(0, &["answer on ", "\"device\":\"weir\"", "\"label\""])?;
    ensure!(
        !again.out.contains("wrote"),
        "nothing was to be changed: {again}"
    );
    node.still_runs()
}

#[tokio::test]
async fn what_others_set_up_in_mosquitto_is_left_alone() -> Result<()> {
    let machine = Machine::new()?;
    let options = ["--yes", "--broker", "local", "--example", "none"];
    let site = machine.mosquitto().join("conf.d/site.conf");
    fs::write(&site, "# ours\nlistener 8883\n")?;
    let refused = machine.setup(&options).await?;
    refused.says(
        1,
        &["conf.d/site.conf:2: listener", "--broker mqtt://localhost"],
    )?;
    ensure!(!machine.config().exists() && !machine.mosquitto().join("weir.acl").exists());

    fs::write(&site, "# nothing\n")?;
    let own = machine.mosquitto().join("conf.d/weir.conf");
    fs::write(&own, "max_packet_size 10\n")?;
    let refused = machine.setup(&options).await?;
    refused.says(1, &["was not written by `weir setup`"])?;
    assert_eq!(fs::read_to_string(own)?, "max_packet_size 10\n");
    Ok(())
}

#[tokio::test]
async fn a_remote_broker_gets_a_password_that_only_the_node_reads() -> Result<()> {
    let machine = Machine::new()?;
    fs::write(machine.config(), "# mine\n")?;
    let secret = machine.folder.path().join("secret");
    fs::write(&secret, "correct horse\n")?;
    // Nobody answers there: what is checked is said, and the files stand.
    let url = format!("mqtt://127.0.0.1:{}", machine.port);
    let path = secret.to_str().context("a path in ASCII")?;
    let options = [
        "--yes",
        "--broker",
        &url,
        "--username",
        "pi",
        "--example",
        "none",
    ];
    let unreachable = machine
        .setup(&[options.as_slice(), &["--password-file", path]].concat())
        .await?;
    unreachable.says(
        3,
        &["broker.url", "what was there: ", ".bak-", "weir check"],
    )?;
    ensure!(!unreachable.out.contains("correct horse"));
    let credentials = machine.folder.path().join("weir/credentials/broker");
    assert_eq!(fs::read_to_string(&credentials)?, "correct horse\n");
    assert_eq!(fs::metadata(&credentials)?.permissions().mode() & 0o007, 0);
    let written = machine.read("weir/weir.toml")?;
    ensure!(
        written.contains("\nusername = \"pi\"\n") && written.contains("\n# receive_max = 256\n")
    );
    let mut kept = fs::read_dir(machine.folder.path().join("weir"))?;
    let kept = kept.find_map(|entry| {
        let path = entry.ok()?.path();
        path.to_str()?.contains("weir.toml.bak-").then_some(path)
    });
    assert_eq!(fs::read_to_string(kept.context("a backup")?)?, "# mine\n");
    Ok(())
}

#[tokio::test]
async fn a_pipeline_is_added_and_tried_where_no_node_runs() -> Result<()> {
    let machine = Machine::new()?;
    let url = format!("mqtt://127.0.0.1:{}", machine.port);
    let node = format!("[broker]\nurl = {url:?}\n");
    fs::write(machine.config(), &node)?;
    let _broker = machine.open_broker().await?;
    let options = ["--yes", "--add", "--pipeline", "hall", "--test-message"];
    let options = [options.as_slice(), ANOMALY.as_slice()].concat();
    let added = machine.setup(&options).await?;
    added.says(
        0,
        &[
            "conf.d/hall.toml",
            "no node answered",
            "weir/results/hall/weir-setup",
        ],
    )?;
    assert_eq!(machine.read("weir/weir.toml")?, node);
    machine
        .setup(&[
            "--yes",
            "--add",
            "--pipeline",
            "hall",
            "--example",
            "vibration",
        ])
        .await?
        .says(1, &["conf.d/hall.toml is there and says something else"])
}

#[tokio::test]
async fn nothing_is_written_that_was_not_said() -> Result<()> {
    let machine = Machine::new()?;
    let url = ["--broker", "embedded"];
    let cases: [(&[&str], &str); 8] = [
        (&[], "--broker"),
        (&url, "--example"),
        (&["--broker", "embedded", "--example", "none"], "--yes"),
        (&["--broker", "http://x", "--yes"], "--broker"),
        (
            &["--broker", "embedded", "--node-name", "a b"],
            "--node-name",
        ),
        (
            &["--broker", "mqtt://x", "--username", "pi"],
            "--password-file",
        ),
        (
            &["--broker", "embedded", "--guest", "anomaly"],
            "--pipeline",
        ),
        (&["--add", "--example", "anomaly"], "--add"),
    ];
    for (options, option) in cases {
        machine.setup(options).await?.says(2, &[option])?;
    }
    let options = [
        "--dry-run",
        "--broker",
        "local",
        "--sensor",
        "s",
        "--example",
        "vibration",
    ];
    let shown = machine.setup(&options).await?;
    shown.says(
        0,
        &[
            "[pipeline.pump-vibration]",
            "allow_anonymous false",
            "(a password)",
        ],
    )?;
    ensure!(!machine.config().exists());
    assert_eq!(fs::read_dir(machine.mosquitto().join("conf.d"))?.count(), 0);
    Ok(())
}

#[tokio::test]
async fn whoever_sits_at_a_terminal_is_asked_and_asked_again() -> Result<()> {
    let machine = Machine::new()?;
    let mut terminal = Terminal::start(&machine.command(&[])?)?;
    terminal.answer("Name of this node", "pump room\r").await?;
    terminal
        .answer("is not a node's name", "pump-room\r")
        .await?;
    let down = "\x1b[B";
    terminal
        .answer("Broker that the sensors", &format!("{down}{down}\r"))
        .await?;
    terminal.answer("Pipeline to begin with", "\r").await?;
    terminal.answer("Device profile", "\r").await?;
    terminal.answer("The topics that it takes", "\r").await?;
    terminal.answer("Write this?", "y").await?;
    terminal.answer("Send a test message?", "y").await?;
    let said = terminal.ended().await?;
    ensure!(
        said.contains("bearing_fault") && said.contains("weir status"),
        "{said}"
    );
    let written = machine.read("weir/weir.toml")?;
    ensure!(written.contains("\nname = \"pump-room\"\n") && written.contains("vibration-int8"));
    Ok(())
}
