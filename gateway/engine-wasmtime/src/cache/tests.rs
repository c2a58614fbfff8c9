use std::{
    fs::DirBuilder,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
};

use tempfile::TempDir;

use super::{folder::FILES_MAX, *};
use crate::{capacity::Capacity, config::Setup, profiling::Profiling};

const GUEST: Key<'_> = Key {
    guest: &[7; 32],
    form: Form::Cold,
};

fn engine() -> wasmtime::Engine {
    let limits = weir_engine::Limits {
        memory_bytes_max: 1 << 20,
        table_elements_max: 0,
        stack_bytes_max: 64 * 1024,
        call_deadline: std::time::Duration::from_secs(1),
        load_deadline: std::time::Duration::from_secs(1),
        fuel_max: None,
        output_bytes_max: 0,
        input_bytes_max: 0,
        model_bytes_max: 0,
        simd: false,
    };
    let setup = Setup::of(&limits, Capacity::of_instances(1), &Profiling::Off);
    setup
        .pooled(Capacity::of_instances(1), &Profiling::Off)
        .expect("a sound configuration")
}

fn artifact(engine: &wasmtime::Engine) -> Vec<u8> {
    let wasm = wat::parse_str("(module (memory 1))").expect("sound");
    engine.precompile_module(&wasm).expect("it compiles")
}

fn folder(mode: u32) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let mode = fs::Permissions::from_mode(mode);
    fs::set_permissions(folder.path(), mode).expect("it is ours");
    folder
}

fn put(cache: &Cache, engine: &wasmtime::Engine, key: Key<'_>, artifact: &[u8]) {
    let mut unfinished = cache.unfinished().expect("a file");
    unfinished.file.write_all(artifact).expect("it is ours");
    cache.keep(engine, key, &unfinished);
}

fn kept(folder: &TempDir) -> (Cache, wasmtime::Engine, PathBuf) {
    let engine = engine();
    let cache = Cache::open(CacheDir::at(folder.path()));
    put(&cache, &engine, GUEST, &artifact(&engine));
    let [name] = <[String; 1]>::try_from(entries(folder.path())).expect("one file");
    (cache, engine, folder.path().join(name))
}

#[test]
fn what_was_kept_is_mapped_by_the_next_run() {
    let folder = folder(0o700);
    let (cache, engine, path) = kept(&folder);
    assert!(cache.get(&engine, GUEST).is_some());
    let other = Key {
        guest: &[8; 32],
        ..GUEST
    };
    assert!(cache.get(&engine, other).is_none(), "another guest");
    let with_a_model = Key {
        form: Form::Snapshot { model: &[7; 32] },
        ..GUEST
    };
    assert!(cache.get(&engine, with_a_model).is_none(), "with a model");
    let next_run = Cache::open(CacheDir::at(folder.path()));
    assert!(next_run.get(&self::engine(), GUEST).is_some());
    let mode = fs::metadata(path).expect("a file").mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_damaged_file_is_deleted() {
    let folder = folder(0o700);
    let (cache, engine, path) = kept(&folder);
    let mut bytes = fs::read(&path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).expect("it is ours");
    assert!(cache.get(&engine, GUEST).is_none());
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn a_file_of_another_version_is_deleted() {
    let folder = folder(0o700);
    let engine = engine();
    let cache = Cache::open(CacheDir::at(folder.path()));
    put(&cache, &engine, GUEST, b"of another version");
    assert_eq!(entries(folder.path()).len(), 1);
    assert!(cache.get(&engine, GUEST).is_none());
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn a_folder_that_others_can_enter_is_not_used() {
    for mode in [0o755, 0o770, 0o701] {
        let folder = folder(mode);
        let engine = engine();
        let cache = Cache::open(CacheDir::at(folder.path()));
        put(&cache, &engine, GUEST, &artifact(&engine));
        assert!(entries(folder.path()).is_empty(), "{mode:o}");
    }
}

#[test]
fn a_link_to_a_folder_is_not_used() {
    let folder = folder(0o700);
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    DirBuilder::new()
        .mode(0o700)
        .create(&real)
        .expect("it is ours");
    std::os::unix::fs::symlink(&real, &link).expect("it is ours");
    assert!(Cache::open(CacheDir::at(real)).dir.is_some());
    assert!(Cache::open(CacheDir::at(link)).dir.is_none());
}

#[test]
fn a_missing_folder_is_made() {
    let folder = folder(0o700);
    let deep = folder.path().join("a/b");
    assert!(Cache::open(CacheDir::at(&deep)).dir.is_some());
    assert_eq!(fs::metadata(deep).expect("a folder").mode() & 0o777, 0o700);
}

#[test]
fn leftovers_go_and_files_are_bounded() {
    let folder = folder(0o700);
    let (cache, engine, _) = kept(&folder);
    fs::write(folder.path().join("half.tmp"), b"half").expect("it is ours");
    for guest in 0..=u8::try_from(FILES_MAX).expect("few") {
        let key = Key {
            guest: &[guest; 32],
            form: Form::Cold,
        };
        put(&cache, &engine, key, &[guest]);
    }
    drop(Cache::open(CacheDir::at(folder.path())));
    let names = entries(folder.path());
    assert_eq!(names.len(), FILES_MAX);
    assert!(names.iter().all(|name| name.ends_with(SUFFIX)));
}

#[test]
fn a_reason_is_kept_for_its_guest() {
    let folder = folder(0o700);
    let (cache, engine, _) = kept(&folder);
    assert_eq!(cache.why_cold(&engine, GUEST), None);
    cache.keep_why_cold(&engine, GUEST, "it has a table");
    let next_run = Cache::open(CacheDir::at(folder.path()));
    let found = next_run.why_cold(&engine, GUEST);
    assert_eq!(found.as_deref(), Some("it has a table"));
    let other = Key {
        guest: &[8; 32],
        ..GUEST
    };
    assert_eq!(next_run.why_cold(&engine, other), None);
}

#[test]
fn what_is_not_kept_leaves_nothing() {
    let folder = folder(0o700);
    let cache = Cache::open(CacheDir::at(folder.path()));
    drop(cache.unfinished().expect("a file"));
    assert!(entries(folder.path()).is_empty());
    let in_memory = Cache::open(CacheDir::none()).unfinished().expect("a file");
    assert!(in_memory.path.is_none());
}
