//! The worker as a gateway sees it: the real program, spoken with over its socket.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail it")]

use std::{
    io::{Read, Write},
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::{Child, Command, ExitStatus, Stdio},
};

use weir_engine::{Export, Trap};
use weir_engine_wasm3::wire::{
    ABOUT, Asked, HEADER_BYTES, PROTOCOL, SERVE, Said, header, read_header, read_trap,
};

const WORKER: &str = env!("CARGO_BIN_EXE_weir-wasm3");
const PAGE: u32 = 65_536;

/// Adds its arguments, and writes the sum to address 8; traps on 0.
const ADDS: &str = r#"(module (memory (export "memory") 1 4)
    (func (export "weir_buffer") (param i32 i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (unreachable)))
      (i32.store (i32.const 8) (i32.add (local.get 0) (local.get 1)))
      (memory.grow (i32.const 1))))"#;

/// A worker that was greeted. It ends with its gateway's end of the socket.
struct Worker {
    child: Child,
    socket: UnixStream,
}

impl Worker {
    fn start() -> Self {
        let (socket, theirs) = UnixStream::pair().unwrap();
        let child = Command::new(WORKER)
            .arg(SERVE)
            .env_clear()
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut worker = Self { child, socket };
        let (kind, body) = worker.hear();
        assert_eq!(kind, Said::Hello);
        assert_eq!(body[..4], PROTOCOL.to_le_bytes());
        let about = String::from_utf8_lossy(&body[4..]);
        assert!(about.starts_with(ABOUT), "{about}");
        worker
    }

    fn with(text: &str) -> Self {
        let mut worker = Self::start();
        worker.load(&wat::parse_str(text).unwrap());
        let (kind, body) = worker.hear();
        assert_eq!(kind, Said::Ready);
        assert_eq!(body, u64::from(PAGE).to_le_bytes());
        worker
    }

    fn load(&mut self, wasm: &[u8]) {
        let memory = u64::from(4 * PAGE).to_le_bytes();
        self.ask(
            Asked::Load.code(),
            &[&memory, &65_536_u32.to_le_bytes(), &[0; 4], wasm],
        );
    }

    fn ask(&mut self, kind: u8, parts: &[&[u8]]) {
        let body = parts.concat();
        let mut frame = header(kind, body.len()).to_vec();
        frame.extend(body);
        self.socket.write_all(&frame).unwrap();
    }

    fn call(&mut self, export: Export, args: [i32; 4], ranges: &[(u32, u32)]) {
        let mut body = vec![u8::try_from(export.index()).unwrap()];
        body.extend(args.iter().flat_map(|arg| arg.to_le_bytes()));
        for (address, len) in ranges {
            body.extend(address.to_le_bytes());
            body.extend(len.to_le_bytes());
        }
        self.ask(Asked::Call.code(), &[&body]);
    }

    fn hear(&mut self) -> (Said, Vec<u8>) {
        let mut head = [0; HEADER_BYTES];
        self.socket.read_exact(&mut head).unwrap();
        let (kind, len) = read_header(head);
        let mut body = vec![0; len];
        self.socket.read_exact(&mut body).unwrap();
        (Said::from_code(kind).unwrap(), body)
    }

    /// Hangs up, and waits for the end.
    fn end(self) -> ExitStatus {
        let Self { mut child, socket } = self;
        drop(socket);
        child.wait().unwrap()
    }

    /// Its last words.
    fn gives_up(mut self) -> String {
        let (kind, body) = self.hear();
        assert_eq!(kind, Said::Fatal);
        assert_eq!(self.end().code(), Some(3));
        String::from_utf8(body).unwrap()
    }
}

#[test]
fn by_hand_it_says_what_it_is() {
    let run = |args: &[&str]| Command::new(WORKER).args(args).output().unwrap();
    let version = run(&["--version"]);
    assert!(version.status.success());
    let words = String::from_utf8_lossy(&version.stdout);
    assert!(
        words.contains("wasm3 0.9") && words.contains("Weir"),
        "{words}"
    );
    for args in [&[][..], &["--help"], &["guest.wasm"]] {
        let by_hand = run(args);
        assert_eq!(by_hand.status.code(), Some(2));
        let words = String::from_utf8_lossy(&by_hand.stderr);
        assert!(words.contains("weir run"), "{words}");
    }
}

#[test]
fn it_ends_with_its_gateway() {
    assert!(Worker::start().end().success());
    assert!(Worker::with(ADDS).end().success());
}

#[test]
fn it_calls_reads_and_writes() {
    let mut worker = Worker::with(ADDS);
    let address = 100_u32.to_le_bytes();
    worker.ask(Asked::Write.code(), &[&address, b"written"]);
    worker.call(Export::Buffer, [2, 3, 0, 0], &[(8, 4), (103, 2)]);
    let (kind, body) = worker.hear();
    assert_eq!(kind, Said::Returned);
    let memory = u64::from(2 * PAGE).to_le_bytes();
    let wanted = [&1_i32.to_le_bytes(), &memory[..], &[5, 0, 0, 0], b"tt"].concat();
    assert_eq!(body, wanted);
    let len = 3_u32.to_le_bytes();
    worker.ask(Asked::Read.code(), &[&address, &len]);
    assert_eq!(worker.hear(), (Said::Bytes, b"wri".to_vec()));
    assert!(worker.end().success());
}

#[test]
fn a_trap_ends_it() {
    let mut worker = Worker::with(ADDS);
    worker.call(Export::Buffer, [0; 4], &[]);
    let (kind, body) = worker.hear();
    assert_eq!(kind, Said::Trapped);
    assert_eq!(read_trap(&body), Some(Trap::Unreachable));
    assert_eq!(worker.end().code(), Some(1));
    let mut worker = Worker::with(ADDS);
    worker.call(Export::Predict, [0; 4], &[]);
    let (kind, body) = worker.hear();
    assert_eq!(kind, Said::Trapped);
    let trap = read_trap(&body).unwrap().to_string();
    assert!(trap.contains("no predict"), "{trap}");
    let mut worker = Worker::start();
    worker.load(b"\0asm\x01\0\0\0\xff");
    assert_eq!(worker.hear().0, Said::Trapped);
}

#[test]
fn a_gateway_that_talks_out_of_turn_is_left() {
    let mut worker = Worker::start();
    worker.call(Export::Abi, [0; 4], &[]);
    assert!(worker.gives_up().contains("before a guest"));
    let mut worker = Worker::with(ADDS);
    worker.load(b"");
    assert!(worker.gives_up().contains("a second guest"));
    let mut worker = Worker::with(ADDS);
    worker.ask(Asked::Write.code(), &[&(PAGE - 1).to_le_bytes(), b"xy"]);
    assert!(worker.gives_up().contains("outside of the memory"));
    let mut worker = Worker::with(ADDS);
    worker.call(Export::Buffer, [1; 4], &[(u32::MAX, 8)]);
    assert!(worker.gives_up().contains("outside of the memory"));
    let mut worker = Worker::with(ADDS);
    worker.ask(200, &[]);
    assert!(worker.gives_up().contains("cannot be read"));
    let mut worker = Worker::with(ADDS);
    worker.ask(Asked::Call.code(), &[&[250; 17]]);
    assert!(worker.gives_up().contains("unknown export"));
}
