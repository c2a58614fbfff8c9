//! The node as a service: what systemd is told, what the journal reads, and what a hardened unit leaves it.

use std::{
    fs, io,
    os::unix::{fs::MetadataExt, net::UnixDatagram},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use anyhow::{Context, Result, ensure};
use weir_tests::{Mosquitto, NodeConfig, WeirProcess, free_port};

use crate::{
    program,
    site::{ANOMALY, DEADLINE, READY, config, logged, until},
};

/// Where a service says how it is: systemd's end of it.
struct NotifySocket {
    address: String,
    told: Arc<Mutex<Vec<String>>>,
}

impl NotifySocket {
    fn listen(config: &NodeConfig) -> Result<Self> {
        let address = config.folder().join("notify.sock");
        let socket = UnixDatagram::bind(&address)?;
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&told);
        thread::spawn(move || {
            let mut datagram = [0; 4096];
            while let Ok(len) = socket.recv(&mut datagram) {
                let text = String::from_utf8_lossy(&datagram[..len]);
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.extend(text.lines().map(str::to_owned));
            }
        });
        let address = address.to_str().context("a folder of a test")?.to_owned();
        Ok(Self { address, told })
    }

    fn told(&self) -> Vec<String> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.clone()
    }

    /// Where the first line that begins so stands.
    fn place(&self, begin: &str) -> Option<usize> {
        self.told().iter().position(|line| line.starts_with(begin))
    }

    fn count(&self, line: &str) -> usize {
        self.told().iter().filter(|told| *told == line).count()
    }

    async fn hears(&self, begin: &str) -> Result<()> {
        let heard = until(begin, async || Ok(self.place(begin).is_some())).await;
        heard.with_context(|| format!("{:?}", self.told()))
    }
}

/// A node with one pipeline that says how it is, and whose watchdog bites after a second.
fn managed(port: u16) -> Result<(NodeConfig, NotifySocket)> {
    let config = config(port)?.section(ANOMALY);
    let notified = NotifySocket::listen(&config)?;
    let config = config
        .variable("NOTIFY_SOCKET", &notified.address)
        .variable("WATCHDOG_USEC", "1000000");
    Ok((config, notified))
}

#[tokio::test]
async fn a_node_is_ready_before_its_broker_is_there_and_says_what_it_waits_for() -> Result<()> {
    let port = free_port()?;
    let (config, notified) = managed(port)?;
    let mut node = WeirProcess::spawn(&config)?;
    notified.hears("READY=1").await?;
    let ready = notified.place("READY=1");
    assert!(notified.place("EXTEND_TIMEOUT_USEC=60000000") < ready);
    let opening = notified.place("STATUS=starting: opening pipeline anomaly: anomaly@");
    assert!(
        opening.is_some() && opening < ready,
        "{:?}",
        notified.told()
    );
    let waits = format!("STATUS=waiting for the broker mqtt://127.0.0.1:{port}: cannot reach");
    notified.hears(&waits).await?;
    node.sigterm()?;
    assert_eq!(node.ended_within(DEADLINE).await?.code(), Some(0));
    notified.hears("STOPPING=1").await
}

#[tokio::test]
async fn a_node_that_serves_says_so_and_feeds_the_watchdog() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let (config, notified) = managed(broker.port())?;
    let mut node = WeirProcess::spawn(&config)?;
    notified.hears("STATUS=serving 1 pipeline").await?;
    let fed = async || Ok(notified.count("WATCHDOG=1") >= 5);
    until("five signs of life", fed).await?;
    assert_eq!(notified.count("READY=1"), 1);
    node.still_runs()
}

#[tokio::test]
async fn what_is_refused_is_not_started_again() -> Result<()> {
    let (config, notified) = managed(free_port()?)?;
    let config = config.node("health_interval = 5");
    let mut node = WeirProcess::spawn(&config)?;
    assert_eq!(node.ended_within(DEADLINE).await?.code(), Some(3));
    assert!(notified.place("READY=1").is_none(), "{:?}", notified.told());
    let log = node.log();
    assert!(
        log.contains("node.health_interval") && log.contains("stays stopped"),
        "{log}"
    );
    let unit = weir_tests::repository().join("packaging/systemd/weir.service");
    let unit = fs::read_to_string(unit)?;
    assert!(unit.contains("\nRestartPreventExitStatus=3\n"), "{unit}");
    Ok(())
}

#[tokio::test]
async fn the_journal_is_given_levels_and_neither_colours_nor_times() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let config = config(broker.port())?.section(ANOMALY);
    let log = config.folder().join("weir.log");
    let file = fs::File::create(&log)?.metadata()?;
    let stream = format!("{}:{}", file.dev(), file.ino());
    let config = config.variable("JOURNAL_STREAM", &stream);
    let mut node = WeirProcess::spawn(&config)?;
    logged(&mut node, READY, 1).await?;
    broker_goes(broker, &mut node).await?;
    let log = node.log();
    for line in log.lines() {
        let level = ["<3>", "<4>", "<6>", "<7>"]
            .iter()
            .any(|level| line.starts_with(level));
        ensure!(level && !line.contains('\u{1b}'), "{line}");
    }
    assert!(log.contains(&format!("<6>{READY}")), "{log}");
    assert!(log.contains("<4>no "), "a lost broker is a warning:\n{log}");
    Ok(())
}

async fn broker_goes(mut broker: Mosquitto, node: &mut WeirProcess) -> Result<()> {
    broker.stop().await?;
    logged(node, "cannot reach", 1).await
}

#[tokio::test]
async fn what_is_refused_is_an_error_in_the_journal_and_nowhere_else() -> Result<()> {
    let config = config(1)?.node("health_interval = 5").section(ANOMALY);
    let file = config.write()?;
    let mut command = program::command(&["check", "--offline", "--config"], &[&file])?;
    let elsewhere = program::finish({
        command.env("JOURNAL_STREAM", "8:1");
        command
    })
    .await?;
    assert!(!elsewhere.err.contains("<3>"), "{elsewhere}");
    elsewhere.says(3, &["node.health_interval"])?;

    let log = config.folder().join("journal");
    let journal = fs::File::create(&log)?;
    let found = journal.metadata()?;
    let mut command = program::command(&["check", "--offline", "--config"], &[&file])?;
    let status = command
        .env("JOURNAL_STREAM", format!("{}:{}", found.dev(), found.ino()))
        .stderr(journal)
        .status()
        .await?;
    assert_eq!(status.code(), Some(3));
    let said = fs::read_to_string(log)?;
    assert!(
        said.lines().count() >= 2 && said.lines().all(|line| line.starts_with("<3>")),
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn a_network_that_hangs_feeds_no_watchdog_and_is_told_to_those_who_ask() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let (config, notified) = managed(broker.port())?;
    let mut node = WeirProcess::spawn(&config)?;
    notified.hears("STATUS=serving 1 pipeline").await?;
    notified.hears("WATCHDOG=1").await?;
    // Both connections, the intake and the watchdog's look live on the thread that began as the command.
    let held = Held::thread(node.id(), "weir")?;
    let fed = notified.count("WATCHDOG=1");
    let arguments = ["status", "--alive", "--config"];
    let stuck = async || {
        let asked = program::weir(&arguments, &[config.write()?]).await?;
        Ok(asked.code == Some(1) && asked.out.contains("stuck: the thread of the network"))
    };
    until("the status says that it is stuck", stuck).await?;
    assert!(
        notified.count("WATCHDOG=1") <= fed + 1,
        "one may have been on its way"
    );
    drop(held);
    let fed = notified.count("WATCHDOG=1");
    let back = async || Ok(notified.count("WATCHDOG=1") > fed + 1);
    until("it lives again", back).await?;
    node.still_runs()
}

/// A thread of another process that does not go on until this is dropped.
struct Held {
    release: Option<SyncSender<()>>,
    holder: Option<thread::JoinHandle<()>>,
}

impl Held {
    /// Holds the thread of this name.
    fn thread(process: i32, name: &str) -> Result<Self> {
        let mut tasks = fs::read_dir(format!("/proc/{process}/task"))?.flatten();
        let is_named = |task: &fs::DirEntry| {
            let comm = fs::read_to_string(task.path().join("comm"));
            let main = task.file_name().to_str() == Some(&process.to_string());
            !main && comm.is_ok_and(|comm| comm.trim() == name)
        };
        let task = tasks.find(is_named).context("a thread of this name")?;
        let thread: i32 = task.file_name().to_string_lossy().parse()?;
        let (release, released) = sync_channel(1);
        let (held, is_held) = sync_channel(1);
        let holder = thread::spawn(move || {
            held.send(hold(thread)).expect("the test waits for it");
            released.recv().unwrap_or_default();
            trace(libc::PTRACE_DETACH, thread).expect("a thread that is held can be let go");
        });
        is_held.recv()??;
        Ok(Self {
            release: Some(release),
            holder: Some(holder),
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.release.take());
        if let Some(holder) = self.holder.take() {
            holder.join().expect("it lets the thread go");
        }
    }
}

/// Stops a thread; those of a process that this thread's process started may be stopped.
fn hold(thread: i32) -> io::Result<()> {
    trace(libc::PTRACE_SEIZE, thread)?;
    trace(libc::PTRACE_INTERRUPT, thread)?;
    #[expect(unsafe_code, reason = "waits until the thread stands")]
    // SAFETY: no status is asked for.
    let stopped = unsafe { libc::waitpid(thread, std::ptr::null_mut(), libc::__WALL) };
    match stopped == thread {
        true => Ok(()),
        false => Err(io::Error::last_os_error()),
    }
}

fn trace(request: libc::c_uint, thread: i32) -> io::Result<()> {
    #[expect(unsafe_code, reason = "holds a thread of a child, as a debugger would")]
    // SAFETY: none of these requests reads or writes memory of this process.
    let done = unsafe { libc::ptrace(request, thread, 0, 0) };
    match done {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
