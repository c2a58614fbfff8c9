use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use guest_abi::Manifest;
use tempfile::TempDir;
use weir_engine::{Budget, Engine, Equipment, GuestCode, GuestOrigin, Instance, Limits, Trap};
use weir_engine_wasm3::{
    StartError, Wasm3Engine,
    wire::{ABOUT, PROTOCOL, Said, header},
};

pub(crate) const PAGE: u64 = 65_536;

/// One at a time: a program that is written while another test starts one cannot be started.
static ALONE: Mutex<()> = Mutex::new(());

/// A program that says this, whatever it is asked, and then listens until the gateway hangs up.
pub(crate) struct Fake {
    program: PathBuf,
    _folder: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Fake {
    pub(crate) fn saying(frames: &[Vec<u8>]) -> Self {
        Self::then(frames, "cat")
    }

    /// The same, but it never listens.
    pub(crate) fn deaf(frames: &[Vec<u8>]) -> Self {
        Self::then(frames, "sleep 600")
    }

    fn then(frames: &[Vec<u8>], then: &str) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        let said = folder.path().join("said");
        fs::write(&said, frames.concat()).unwrap();
        let program = folder.path().join("worker");
        let text = format!(
            "#!/bin/sh\ncat {} >&0\nexec {then} >/dev/null\n",
            said.display()
        );
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            program,
            _folder: folder,
            _alone: alone,
        }
    }

    pub(crate) fn engine(&self) -> Result<Wasm3Engine, StartError> {
        Wasm3Engine::new(self.program.clone())
    }

    pub(crate) fn instance(&self, limits: &Limits) -> Result<Box<dyn Instance>, Trap> {
        let engine = self.engine().unwrap();
        let module = engine.load(&code(), &Equipment::default(), limits);
        module.unwrap().instantiate()
    }
}

pub(crate) fn code() -> GuestCode {
    let text = r#"(module (memory (export "memory") 2)
        (func (export "weir_abi") (result i32) (i32.const 0)))"#;
    let manifest = Manifest {
        name: String::new(),
        version: String::new(),
        abi: 0,
        model_format: String::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        state: Vec::new(),
        labels: Vec::new(),
        features: Vec::new(),
    };
    GuestCode {
        name: "guest".to_owned(),
        sha256: [0; 32],
        wasm: wat::parse_str(text).unwrap().into(),
        manifest: Arc::new(manifest),
        origin: GuestOrigin::Memory,
    }
}

pub(crate) fn limits() -> Limits {
    Limits {
        memory_bytes_max: 4 * PAGE,
        table_elements_max: 0,
        stack_bytes_max: 65_536,
        call_deadline: Duration::from_secs(60),
        load_deadline: Duration::from_secs(60),
        fuel_max: None,
        output_bytes_max: 1024,
        input_bytes_max: 1024,
        model_bytes_max: 1024,
        simd: false,
    }
}

/// Little time: for workers that never answer.
pub(crate) fn short() -> Limits {
    Limits {
        load_deadline: Duration::from_millis(200),
        ..limits()
    }
}

pub(crate) fn budget() -> Budget {
    Budget {
        deadline: Duration::from_millis(200),
        fuel: None,
    }
}

pub(crate) fn frame(kind: Said, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut frame = header(kind.code(), body.len()).to_vec();
    frame.extend(body);
    frame
}

pub(crate) fn hello() -> Vec<u8> {
    let about = format!("{ABOUT}a fake)");
    frame(Said::Hello, &[&PROTOCOL.to_le_bytes(), about.as_bytes()])
}

pub(crate) fn ready(memory_bytes: u64) -> Vec<u8> {
    frame(Said::Ready, &[&memory_bytes.to_le_bytes()])
}

pub(crate) fn returned(value: i32, memory_bytes: u64, bytes: &[u8]) -> Vec<u8> {
    let (value, memory) = (value.to_le_bytes(), memory_bytes.to_le_bytes());
    frame(Said::Returned, &[&value, &memory, bytes])
}

pub(crate) fn line(text: &[u8]) -> Vec<u8> {
    frame(Said::Line, &[&3_i32.to_le_bytes(), text])
}
