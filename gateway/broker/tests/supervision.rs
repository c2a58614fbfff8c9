//! The broker in a child process: this test binary runs itself as the child.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail it")]

use std::{env, net::SocketAddr, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
    time::timeout,
};
use weir_broker::{ListenConfig, Supervisor, probe, run};

const PORT: &str = "WEIR_TEST_BROKER_PORT";
const TEST_TIME: Duration = Duration::from_secs(60);
const ROUNDS: u32 = 50;

/// What a child does; nothing where nobody asked for a child.
#[test]
fn the_child() {
    if let Ok(port) = env::var(PORT) {
        let listen = ListenConfig {
            v5_port: port.parse().unwrap(),
            v4_port: None,
        };
        panic!("{}", run(listen).unwrap_err());
    }
}

fn child(port: u16) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "the_child", "--nocapture"])
        .env(PORT, port.to_string())
        .stderr(Stdio::null());
    command
}

/// The process that listens on a port, found through the inode of its socket.
fn listener_of(port: u16) -> Option<Pid> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let local = format!("0100007F:{port:04X}");
    let row = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let inode = row
        .filter(|row| row.get(1) == Some(&local.as_str()) && row.get(3) == Some(&"0A"))
        .find_map(|row| row.get(9).map(|inode| format!("socket:[{inode}]")))?;
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter_map(Pid::from_raw).find(|pid| {
        let folder = format!("/proc/{}/fd", pid.as_raw_nonzero());
        let open = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(Result::ok);
        open.filter_map(|entry| std::fs::read_link(entry.path()).ok())
            .any(|target| target.as_os_str() == inode.as_str())
    })
}

async fn alive(address: SocketAddr) -> bool {
    let asked = tokio::task::spawn_blocking(move || probe(address, true, Duration::from_secs(2)));
    asked.await.unwrap().is_ok()
}

async fn until_alive(address: SocketAddr) {
    let waiting = async {
        while !alive(address).await {
            tokio::task::yield_now().await;
        }
    };
    timeout(TEST_TIME, waiting)
        .await
        .expect("the broker stays away");
}

#[tokio::test]
async fn a_broker_is_started_again_after_it_was_killed() {
    let supervisor = Supervisor::start(None, child).await.unwrap();
    let address = supervisor.addr();
    assert!(address.ip().is_loopback());
    assert!(alive(address).await);
    kill_process(listener_of(address.port()).unwrap(), Signal::KILL).unwrap();
    let waiting = async {
        while supervisor.restarts() == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(TEST_TIME, waiting).await.expect("nobody noticed");
    until_alive(address).await;
    assert_eq!(supervisor.restarts(), 1);
    supervisor.stop().await;
    assert!(!alive(address).await, "it ends with its supervisor");
}

#[tokio::test]
async fn a_broker_ends_with_its_parent_and_not_by_sigterm() {
    let supervisor = Supervisor::start(None, child).await.unwrap();
    let address = supervisor.addr();
    let pid = listener_of(address.port()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(alive(address).await);
    supervisor.stop().await;
    assert_eq!(listener_of(address.port()), None);
}

#[tokio::test]
async fn a_taken_port_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut child = child(port)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = timeout(TEST_TIME, child.wait()).await.unwrap().unwrap();
    assert!(!status.success());
}

#[tokio::test]
async fn small_packets_do_not_wait_for_delayed_acknowledgements() {
    let supervisor = Supervisor::start(None, child).await.unwrap();
    let mut stream = TcpStream::connect(supervisor.addr()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
        .write_all(b"\x10\x12\0\x04MQTT\x05\x02\0\x3c\0\0\x05sleep")
        .await
        .unwrap();
    read_frame(&mut stream).await;
    stream
        .write_all(b"\x82\x07\0\x01\0\0\x01t\x01")
        .await
        .unwrap();
    read_frame(&mut stream).await;
    let began = std::time::Instant::now();
    for _ in 0..ROUNDS {
        // A PUBLISH at QoS 1; the PUBACK and the echo come as two small packets.
        stream.write_all(b"\x32\x07\0\x01t\0\x01\0x").await.unwrap();
        for _ in 0..2 {
            let frame = read_frame(&mut stream).await;
            if frame[0] & 0xF0 == 0x30 {
                let ack = [0x40, 2, frame[5], frame[6]];
                stream.write_all(&ack).await.unwrap();
            }
        }
    }
    let each = began.elapsed() / ROUNDS;
    assert!(
        each < Duration::from_millis(20),
        "{each:?} for a round trip"
    );
    supervisor.stop().await;
}

async fn read_frame(stream: &mut TcpStream) -> Vec<u8> {
    let mut frame = vec![0; 2];
    timeout(TEST_TIME, stream.read_exact(&mut frame))
        .await
        .unwrap()
        .unwrap();
    let length = usize::from(frame[1]);
    frame.resize(2 + length, 0);
    stream.read_exact(&mut frame[2..]).await.unwrap();
    frame
}
