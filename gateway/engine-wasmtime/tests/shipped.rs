//! Guests whose code a package brought: who may bring it, when it serves, and what takes its place.

use std::{
    env, fs,
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::Duration,
};

use guest_abi::Manifest;
use lzma_rust2::{XzOptions, XzWriter};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use twox_hash::XxHash3_128;
use weir_engine::{
    Engine, Equipment, GuestCode, GuestModel, GuestOrigin, Limits, LoadError, Module, Start,
};
use weir_engine_wasmtime::{CacheDir, Compile, WasmtimeEngine, precompile};

/// Keeps to the ABI as far as a model is loaded.
const GUEST: &str = r#"
  (memory (export "memory") 2 16)
  (global $model (mut i32) (i32.const 0))
  (func (export "weir_abi") (result i32) (i32.const 0x10000))
  (func (export "weir_buffer") (param i32 i32) (result i32) (i32.const 65536))
  (func (export "load_model") (param i32 i32) (result i32)
    (global.set $model (local.get 1)) (i32.const 0))
  (func (export "predict") (param i32 i32 i32 i32) (result i32) (i32.const 0))"#;

fn limits() -> Limits {
    Limits {
        memory_bytes_max: 1 << 20,
        table_elements_max: 0,
        stack_bytes_max: 64 * 1024,
        call_deadline: Duration::from_secs(30),
        load_deadline: Duration::from_secs(30),
        fuel_max: None,
        output_bytes_max: 1024,
        input_bytes_max: 1024,
        model_bytes_max: 1024,
        simd: true,
    }
}

/// A guest with a custom section of so many bytes: its code is small all the same.
fn guest(ballast: usize) -> GuestCode {
    let text = format!(
        "(module {GUEST} (@custom \"ballast\" \"{}\"))",
        "b".repeat(ballast)
    );
    let wasm = wat::parse_str(text).expect("sound");
    GuestCode {
        name: "tried".to_owned(),
        sha256: Sha256::digest(&wasm).into(),
        wasm: wasm.into(),
        manifest: Arc::new(Manifest {
            name: "tried".to_owned(),
            version: "1.0.0".to_owned(),
            abi: guest_abi::abi_version(),
            model_format: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            state: Vec::new(),
            labels: Vec::new(),
            features: Vec::new(),
        }),
        origin: GuestOrigin::Memory,
    }
}

fn small() -> GuestCode {
    guest(1)
}

fn large() -> GuestCode {
    guest(1 << 20)
}

fn equipment() -> Equipment {
    Equipment {
        model: Some(GuestModel {
            sha256: [1; 32],
            bytes: (*b"model").into(),
        }),
        nn: None,
    }
}

/// A package's folder with the code of these guests, and a cache.
struct Installed {
    root: TempDir,
}

impl Installed {
    fn with(guests: &[GuestCode]) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let installed = Self { root };
        fs::create_dir(installed.folder()).expect("a folder");
        let target = format!("{}-unknown-linux-gnu", env::consts::ARCH);
        for guest in guests {
            let made = precompile(&guest.name, &guest.wasm, &target).expect("it compiles");
            fs::write(installed.folder().join(made.name), made.bytes).expect("room");
        }
        installed
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("compiled")
    }

    fn file(&self) -> PathBuf {
        let mut files = fs::read_dir(self.folder()).expect("it is there");
        files.next().expect("one").expect("readable").path()
    }

    fn engine(&self, compile: Compile) -> WasmtimeEngine {
        self.engine_of(vec![self.folder()], compile)
    }

    fn engine_of(&self, folders: Vec<PathBuf>, compile: Compile) -> WasmtimeEngine {
        let cache = CacheDir::at(self.root.path().join("cache"));
        let engine = WasmtimeEngine::new(cache).expect("a thread for the ticker");
        engine.shipped_with(folders, compile)
    }
}

fn load(engine: &WasmtimeEngine, guest: &GuestCode) -> Result<Arc<dyn Module>, String> {
    match engine.load(guest, &equipment(), &limits()) {
        Ok(module) => Ok(module),
        Err(LoadError::Rejected { reason, .. }) => Err(reason),
        Err(error) => panic!("{error}"),
    }
}

fn serves(module: &Arc<dyn Module>) -> (bool, Start) {
    module.instantiate().expect("an instance");
    (module.is_precompiled(), module.start())
}

const PRECOMPILED: (bool, Start) = (true, Start::Cold);
const MADE_HERE: (bool, Start) = (false, Start::Snapshot);

#[test]
fn nothing_is_compiled_where_that_is_switched_off() {
    let installed = Installed::with(&[small()]);
    let module = load(&installed.engine(Compile::Never), &small()).expect("it is there");
    assert_eq!(serves(&module), PRECOMPILED);
    assert!(!module.improve(Box::new(|_| panic!("there is no better one"))));
    let words = load(&installed.engine(Compile::Never), &large()).err();
    assert!(words.expect("it is not there").contains("node.compile"));
}

#[test]
fn what_was_unpacked_is_kept() {
    let installed = Installed::with(&[small()]);
    load(&installed.engine(Compile::Never), &small()).expect("it is there");
    let alone = installed.engine_of(Vec::new(), Compile::Never);
    let module = load(&alone, &small()).expect("it was kept");
    assert_eq!(serves(&module), PRECOMPILED);
}

#[test]
fn better_code_is_made_while_a_packages_code_serves() {
    let installed = Installed::with(&[large()]);
    let engine = installed.engine(Compile::Background);
    let module = load(&engine, &large()).expect("it is there");
    assert_eq!(serves(&module), PRECOMPILED);
    let (told, better) = mpsc::sync_channel(2);
    for _ in 0..2 {
        let told = told.clone();
        assert!(module.improve(Box::new(move |better| told.send(better).expect("awaited"))));
    }
    for _ in 0..2 {
        let better = better.recv().expect("it is told").expect("it compiles");
        assert_eq!(serves(&better), MADE_HERE);
    }
    drop(module);
    let again = load(&engine, &large()).expect("it was kept");
    assert_eq!(serves(&again), MADE_HERE);
}

#[test]
fn a_guest_that_takes_no_time_is_compiled_at_once() {
    let installed = Installed::with(&[small()]);
    let module = load(&installed.engine(Compile::Background), &small()).expect("it compiles");
    assert_eq!(serves(&module), MADE_HERE);
}

#[test]
fn without_a_packages_code_a_guest_is_compiled_before_it_opens() {
    let installed = Installed::with(&[]);
    let module = load(&installed.engine(Compile::Background), &large()).expect("it compiles");
    assert_eq!(serves(&module), MADE_HERE);
}

#[test]
fn code_of_other_settings_is_left_alone() {
    let installed = Installed::with(&[small()]);
    let engine = installed.engine(Compile::Never);
    let metered = Limits {
        fuel_max: Some(1_000_000),
        ..limits()
    };
    let refused = engine.load(&small(), &Equipment::default(), &metered);
    assert!(refused.is_err(), "it would not count fuel");
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is this user's");
}

/// What was done to an installation, and how.
type Spoiled = (&'static str, fn(&Installed));

#[test]
fn what_cannot_be_trusted_is_not_used_and_the_guest_is_compiled_here() {
    let spoil: [Spoiled; 6] = [
        ("damaged", |installed| {
            let file = installed.file();
            let mut bytes = fs::read(&file).expect("readable");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&file, bytes).expect("room");
        }),
        ("cut", |installed| {
            let file = installed.file();
            let bytes = fs::read(&file).expect("readable");
            fs::write(&file, &bytes[..bytes.len() - 1]).expect("room");
        }),
        ("written by others", |installed| {
            mode(&installed.file(), 0o646)
        }),
        ("in a folder of others", |installed| {
            mode(&installed.folder(), 0o777)
        }),
        ("a link", |installed| {
            let (file, elsewhere) = (installed.file(), installed.root.path().join("elsewhere"));
            fs::rename(&file, &elsewhere).expect("the same disk");
            symlink(elsewhere, file).expect("room");
        }),
        ("a folder", |installed| {
            let file = installed.file();
            fs::remove_file(&file).expect("it is there");
            fs::create_dir(file).expect("room");
        }),
    ];
    for (how, spoil) in spoil {
        let installed = Installed::with(&[large()]);
        spoil(&installed);
        assert!(
            load(&installed.engine(Compile::Never), &large()).is_err(),
            "{how}"
        );
        let module = load(&installed.engine(Compile::Background), &large());
        assert_eq!(serves(&module.expect("it compiles")), MADE_HERE, "{how}");
    }
}

#[test]
fn what_is_no_code_is_not_used() {
    let installed = Installed::with(&[large()]);
    let file = installed.file();
    let mut writer = XzWriter::new(Vec::new(), XzOptions::default()).expect("sound");
    writer.write_all(b"no code").expect("room");
    let packed = writer.finish().expect("room");
    let name = file.file_name().expect("named").to_string_lossy();
    let (before, _) = name.rsplit_once('-').expect("a digest");
    let content = XxHash3_128::oneshot(&packed);
    let other = installed
        .folder()
        .join(format!("{before}-{content:032x}.cwasm.xz"));
    fs::remove_file(&file).expect("it is there");
    fs::write(other, packed).expect("room");
    assert!(load(&installed.engine(Compile::Never), &large()).is_err());
    let module = load(&installed.engine(Compile::Background), &large());
    assert_eq!(serves(&module.expect("it compiles")), MADE_HERE);
}
