//! Guests that are not admitted, each for a reason of its own, and those that are (what the class microcontroller
//! refuses beyond that: `class.rs`). Long because it is one list of cases.

use std::{fs, path::PathBuf};

use crate::support::{
    EXPORTS, admitted, manifest, module, profile, refused, tensor, with_manifest, with_section,
};
use guest_abi::{Manifest, StatePair};
use proptest::prelude::*;
use weir_profile::{GuestName, Paths};
use weir_store::{AdmitError, Store};

const CHIP: &str = "cortex-m4-256k";
const BOARD: &str = "pi-4";

#[test]
fn a_guest_of_the_smallest_kind_is_admitted_everywhere() {
    for name in [CHIP, BOARD, "edge-server"] {
        let code = admitted(with_manifest(module(EXPORTS), &manifest()), &profile(name)).unwrap();
        assert_eq!(
            (code.name.as_str(), code.manifest.version.as_str()),
            ("fixture", "1.0.0")
        );
    }
}

#[test]
fn what_is_no_core_module_is_told_apart() {
    let whole = with_manifest(module(EXPORTS), &manifest());
    let component = b"\0asm\x0d\0\x01\0".to_vec();
    let cases: [(Vec<u8>, &str, &str); 8] = [
        (component, "guest_component", "Weir runs core modules"),
        (
            b"  (module)".to_vec(),
            "guest_text_format",
            "wasm-tools parse",
        ),
        (b";; hi\n(module)".to_vec(), "guest_text_format", "convert"),
        (b"\x7fELF".to_vec(), "guest_not_wasm", "7f 45 4c 46"),
        (
            b"\0asm\x02\0\0\0".to_vec(),
            "guest_not_wasm",
            "unknown version",
        ),
        (
            b"\0asm".to_vec(),
            "guest_truncated",
            "cut off after 4 bytes",
        ),
        (
            whole[..whole.len() / 2].to_vec(),
            "guest_truncated",
            "cut off",
        ),
        (Vec::new(), "guest_truncated", "after 0 bytes"),
    ];
    for (bytes, code, words) in cases {
        let error = admitted(bytes, &profile(BOARD)).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_feature_is_refused_by_its_name() {
    let cases = [
        ("(func v128.const i64x2 0 0 drop)", "simd"),
        (
            "(func i32.const 0 i32.const 0 i32.const 0 memory.copy)",
            "bulk-memory",
        ),
        (
            "(func (result i32 i32) i32.const 0 i32.const 0)",
            "multi-value",
        ),
        (
            "(func (result externref) ref.null extern)",
            "reference-types",
        ),
    ];
    for (text, feature) in cases {
        let text = format!("{EXPORTS} {text}");
        let error = refused(&text, &manifest(), CHIP);
        assert!(
            matches!(&error, AdmitError::FeatureNotAllowed { feature: named, .. } if named == feature),
            "{feature}: {error:?}"
        );
        let error = refused(&text, &manifest(), BOARD);
        assert!(
            matches!(&error, AdmitError::FeatureNotListed { feature: named, .. } if *named == feature),
            "{feature}: {error:?}"
        );
        let listed = Manifest {
            features: vec![feature.to_owned()],
            ..manifest()
        };
        let wasm = with_manifest(module(&text), &listed);
        assert!(admitted(wasm.clone(), &profile(BOARD)).is_ok(), "{feature}");
        let error = admitted(wasm, &profile(CHIP)).unwrap_err();
        assert_eq!(error.code(), "guest_feature_not_allowed");
    }
}

#[test]
fn features_beyond_every_class_are_refused_by_name() {
    let cases = [
        ("(func return_call 0)", "tail-call"),
        ("(memory 1)", "multi-memory"),
        ("(memory $m i64 1)", "memory64"),
        ("(tag)", "exceptions"),
        (
            "(func i32.const 0 i32.const 0 i32.atomic.rmw.add drop)",
            "threads",
        ),
        (
            "(global i32 (i32.add (i32.const 1) (i32.const 1)))",
            "extended-const",
        ),
        (
            "(func v128.const i64x2 0 0 i32x4.relaxed_trunc_f32x4_s drop)",
            "relaxed-simd",
        ),
    ];
    for (text, feature) in cases {
        // A second memory would be refused as such.
        let exports = if feature == "memory64" {
            EXPORTS.replace("(memory (export \"memory\") 1 2)", "")
        } else {
            EXPORTS.to_owned()
        };
        let listed = Manifest {
            features: vec!["simd".to_owned()],
            ..manifest()
        };
        let error = refused(&format!("{exports} {text}"), &listed, BOARD);
        assert!(
            matches!(&error, AdmitError::FeatureNotAllowed { feature: named, .. } if named == feature),
            "{feature}: {error:?}"
        );
    }
}

#[test]
fn imports_are_those_that_weir_offers() {
    let log = r#"(import "weir_host" "log" (func (param i32 i32 i32)))"#;
    let wasm = with_manifest(module(&format!("{log} {EXPORTS}")), &manifest());
    assert!(admitted(wasm, &profile(CHIP)).is_ok());
    let cases = [
        (
            r#"(import "wasi_snapshot_preview1" "fd_write" (func))"#,
            "guest_import",
        ),
        (r#"(import "weir_host" "clock" (func))"#, "guest_import"),
        (r#"(import "env" "g" (global i32))"#, "guest_import"),
        (
            r#"(import "weir_host" "log" (func (param i32 i32)))"#,
            "guest_import_type",
        ),
        (
            r#"(import "weir_host" "log" (global i32))"#,
            "guest_import_type",
        ),
        (
            r#"(import "wasi_ephemeral_nn" "load" (func))"#,
            "guest_import_type",
        ),
    ];
    for (import, code) in cases {
        let error = refused(&format!("{import} {EXPORTS}"), &manifest(), BOARD);
        assert_eq!(error.code(), code, "{error}");
    }
    let imported = EXPORTS.replace("(memory (export \"memory\") 1 2)", "");
    let imported =
        format!(r#"(import "env" "memory" (memory 1 2)) {imported} (export "memory" (memory 0))"#);
    assert_eq!(
        refused(&imported, &manifest(), BOARD).code(),
        "guest_memory"
    );
}

#[test]
fn exports_have_the_types_of_the_abi() {
    let cases = [
        (
            "(export \"predict\")",
            "(export \"predit\")",
            "guest_export_missing",
        ),
        (
            "(param i32 i32 i32 i32)",
            "(param i32 i32 i32)",
            "guest_export_type",
        ),
        (
            "\"weir_abi\") (result i32) i32.const 65536",
            "\"weir_abi\")",
            "guest_export_type",
        ),
        ("(export \"memory\")", "(export \"mem\")", "guest_memory"),
        (
            "(export \"memory\") 1 2",
            "(export \"memory\") 5 5",
            "guest_memory_too_large",
        ),
        (
            "(export \"memory\") 1 2",
            "(export \"memory\") 1 5",
            "guest_memory_too_large",
        ),
        (
            "(export \"memory\") 1 2",
            "(export \"memory\") 1",
            "guest_memory_unbounded",
        ),
    ];
    for (from, to, code) in cases {
        assert!(EXPORTS.contains(from), "{from}");
        let error = refused(&EXPORTS.replace(from, to), &manifest(), CHIP);
        assert_eq!(error.code(), code, "{error}");
    }
    let unbounded = EXPORTS.replace("1 2)", "1)");
    assert!(
        admitted(
            with_manifest(module(&unbounded), &manifest()),
            &profile(BOARD)
        )
        .is_ok()
    );
    let global = format!("{EXPORTS} (global (export \"weir_open\") i32 (i32.const 0))");
    assert_eq!(
        refused(&global, &manifest(), BOARD).code(),
        "guest_export_type"
    );
}

#[test]
fn caps_hold() {
    let locals = format!("{EXPORTS} (func {})", "(local i32)".repeat(2000));
    let start = format!("{EXPORTS} (func $s) (start $s)");
    let functions = format!("{EXPORTS} {}", "(func)".repeat(5000));
    let globals = format!("{EXPORTS} {}", "(global i32 (i32.const 0))".repeat(300));
    let table = format!("{EXPORTS} (table 300 funcref)");
    let cases = [
        (locals, "guest_too_many"),
        (functions, "guest_too_many"),
        (globals, "guest_too_many"),
        (start, "guest_start_function"),
        (table, "guest_table_too_large"),
    ];
    for (text, code) in cases {
        assert_eq!(refused(&text, &manifest(), CHIP).code(), code);
    }
    let mut small = profile(CHIP);
    small.module_bytes_max = 64;
    let error = admitted(with_manifest(module(EXPORTS), &manifest()), &small).unwrap_err();
    assert_eq!(error.code(), "guest_module_too_large");
}

#[test]
fn manifests_say_what_is_so() {
    let pair = |output: &str| StatePair {
        output: output.to_owned(),
        input: "x".to_owned(),
        initial: Vec::new(),
    };
    let change = |change: fn(&mut Manifest)| {
        let mut manifest = manifest();
        change(&mut manifest);
        manifest
    };
    let mut stateful = manifest();
    stateful.state = vec![pair("z")];
    let cases = [
        (
            change(|it| it.name = "other".to_owned()),
            "guest_manifest_name",
        ),
        (change(|it| it.abi = 2 << 16), "guest_abi"),
        (
            change(|it| it.model_format = "onnx".to_owned()),
            "guest_contradiction",
        ),
        (change(|it| it.outputs.clear()), "guest_contradiction"),
        (change(|it| it.version.clear()), "guest_contradiction"),
        (
            change(|it| it.features = vec!["warp".to_owned()]),
            "guest_feature_not_allowed",
        ),
        (
            change(|it| it.inputs[0] = tensor("x", &[3], 8)),
            "guest_signature",
        ),
        (
            change(|it| it.inputs[0] = tensor("x", &[0x100_0000], 0x400_0000)),
            "guest_contradiction",
        ),
        (change(|it| it.inputs[0].dtype = 99), "guest_signature"),
        (
            change(|it| it.outputs = vec![tensor("y", &[1], 4); 2]),
            "guest_signature",
        ),
        (stateful, "guest_signature"),
    ];
    for (manifest, code) in cases {
        let error = refused(EXPORTS, &manifest, BOARD);
        assert_eq!(error.code(), code, "{error}");
    }
    let loads = format!(
        r#"{EXPORTS} (func (export "load_model") (param i32 i32) (result i32) i32.const 0)"#
    );
    assert_eq!(
        refused(&loads, &manifest(), BOARD).code(),
        "guest_contradiction"
    );
    let open = change(|it| {
        it.model_format = "onnx".to_owned();
        it.inputs.clear();
        it.outputs.clear();
    });
    assert!(admitted(with_manifest(module(&loads), &open), &profile(BOARD)).is_ok());
}

#[test]
fn a_manifest_stands_once_and_can_be_read() {
    let board = profile(BOARD);
    let once = with_manifest(module(EXPORTS), &manifest());
    let cases = [
        (module(EXPORTS), "guest_manifest_missing"),
        (with_manifest(once, &manifest()), "guest_manifest_twice"),
        (
            with_section(module(EXPORTS), "weir.manifest", b"\xff\xff"),
            "guest_manifest_unreadable",
        ),
        (
            with_section(module(EXPORTS), "weir.manifest", &[0; 300_000]),
            "guest_contradiction",
        ),
    ];
    for (wasm, code) in cases {
        let error = admitted(wasm, &board).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn the_store_finds_files_and_only_files() {
    let folder = tempfile::tempdir().unwrap();
    let second = folder.path().join("second");
    fs::create_dir_all(second.join("dir.wasm")).unwrap();
    let wasm = with_manifest(module(EXPORTS), &manifest());
    fs::write(second.join("real.bin"), &wasm).unwrap();
    std::os::unix::fs::symlink("real.bin", second.join("fixture.wasm")).unwrap();
    fs::write(second.join("text.wat"), "(module)").unwrap();
    fs::write(second.join("big.wasm"), vec![0; 300_000]).unwrap();
    let store = Store::new(&Paths {
        guests: vec![folder.path().to_path_buf(), second],
        models: Vec::new(),
        profiles: Vec::new(),
        compiled: Vec::new(),
        cache: PathBuf::new(),
    });
    let get = |name: &str| store.guest(&name.parse::<GuestName>().unwrap(), &profile(CHIP));
    assert_eq!(get("fixture").unwrap().wasm.len(), wasm.len());
    let code = |name| get(name).unwrap_err().code();
    assert_eq!(code("dir"), "guest_unreadable");
    assert_eq!(code("text"), "guest_text_format");
    assert_eq!(code("big"), "guest_module_too_large");
    assert_eq!(code("absent"), "guest_not_found");
}

/// Cargo's runs of these tests find the shipped guests here, once they are built.
#[test]
fn shipped_guests_are_admitted_for_their_class() {
    let Some(folder) = std::env::var_os("WEIR_GUESTS") else {
        return;
    };
    let store = Store::new(&Paths {
        guests: vec![folder.into()],
        models: Vec::new(),
        profiles: Vec::new(),
        compiled: Vec::new(),
        cache: PathBuf::new(),
    });
    let everywhere: &[&str] = &[CHIP, "esp32", "rp2040", BOARD, "edge-server"];
    let guests = [
        ("anomaly", everywhere),
        ("tinynn", everywhere),
        ("onnx", &[BOARD, "edge-server"]),
    ];
    for (guest, profiles) in guests {
        let guest: GuestName = guest.parse().unwrap();
        for name in profiles {
            let admitted = store.guest(&guest, &profile(name));
            assert!(admitted.is_ok(), "{guest} {name}: {:?}", admitted.err());
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_admission_panic(bytes in prop::collection::vec(any::<u8>(), 0..512), header in any::<bool>()) {
        let bytes = if header { [b"\0asm\x01\0\0\0".as_slice(), &bytes].concat() } else { bytes };
        let refused = admitted(bytes, &profile(BOARD)).is_err();
        prop_assert!(refused);
    }

    #[test]
    fn no_change_of_a_guest_makes_admission_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        cuts in prop::bool::weighted(0.2),
    ) {
        let mut wasm = with_manifest(module(EXPORTS), &manifest());
        for (index, byte) in changes {
            let at = index.index(wasm.len());
            wasm[at] = byte;
        }
        if cuts {
            wasm.truncate(cut.index(wasm.len()));
        }
        for name in [CHIP, BOARD] {
            if let Err(error) = admitted(wasm.clone(), &profile(name)) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
