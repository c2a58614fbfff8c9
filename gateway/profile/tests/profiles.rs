//! Device profiles: what ships, inheritance, and which engine is chosen.

use std::{fs, path::Path};

use weir_engine::{Enforces, EngineKind};
use weir_profile::{
    Class, EngineError, Finding, HostEngines, LoadOptions, Profile, ProfileName, choose_engine,
    load, parse,
};

const ALL: Enforces = Enforces {
    memory: true,
    deadline: true,
    fuel: true,
    stack: true,
    simd: true,
    nn: true,
};
const BOTH: [(EngineKind, Enforces); 2] = [(EngineKind::Wasmi, ALL), (EngineKind::Wasmtime, ALL)];

fn shipped(name: &str) -> Profile {
    let settings = parse("").expect("the test's own setup").settings;
    settings.profiles[&name.parse::<ProfileName>().expect("the test's own setup")].clone()
}

fn with_profiles(profiles: &[(&str, &str)]) -> Result<Vec<Profile>, Vec<Finding>> {
    let folder = tempfile::tempdir().expect("the test's own setup");
    for (name, text) in profiles {
        fs::write(folder.path().join(format!("{name}.toml")), text).expect("the test's own setup");
    }
    let options = LoadOptions {
        overrides: vec![(
            "paths.profiles".to_owned(),
            folder.path().display().to_string(),
        )],
        ..LoadOptions::default()
    };
    load(&options).map(|loaded| loaded.settings.profiles.into_values().collect())
}

fn refused(profiles: &[(&str, &str)]) -> Vec<Finding> {
    let findings = with_profiles(profiles).expect_err("is refused");
    findings.into_iter().filter(Finding::is_error).collect()
}

#[test]
fn shipped_profiles_are_complete_and_name_the_source_of_each_limit() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../device-profiles");
    let profiles = parse("").unwrap().settings.profiles;
    let files = fs::read_dir(folder).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        (path.extension()? == "toml").then_some(path)
    });
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let mut commented = false;
        for line in text.lines().skip_while(|line| *line != "[limits]").skip(1) {
            commented = line.starts_with('#') || (commented && !line.is_empty());
            assert!(commented, "{name}: {line} has no source");
        }
        let complete = profiles.contains_key(&name.parse::<ProfileName>().unwrap());
        assert_eq!(complete, name != "base", "{name}");
    }
    let pi_3 = shipped("pi-3");
    let source = |key| {
        pi_3.sources
            .iter()
            .find(|source| source.key == key)
            .unwrap()
    };
    assert_eq!(source("guest_memory_kib_max").profile.as_str(), "pi-3");
    assert_eq!(source("guest_memory_kib_max").value, "131072 KiB");
    assert_eq!(source("module_kib_max").profile.as_str(), "pi-4");
    assert_eq!(source("engine").profile.as_str(), "base");
    assert_eq!(
        source("queue_messages_max").file.to_str(),
        Some("built in: device-profiles/base.toml")
    );
    assert_eq!(pi_3.inherits.len(), 2);
}

#[test]
fn loaded_models_have_the_memory_of_the_instances_unless_a_profile_says_less() {
    let bytes_max = |limits: &str| {
        let text = format!("inherit = \"pi-3\"\n[limits]\n{limits}");
        let profiles = with_profiles(&[("mine", &text)]).unwrap();
        let mut mine = profiles.iter().filter(|one| one.name.as_str() == "mine");
        mine.next().unwrap().loaded_models_bytes_max
    };
    assert_eq!(bytes_max(""), 131_072 * 1024);
    assert_eq!(bytes_max("instances_max = 3"), 3 * 131_072 * 1024);
    assert_eq!(bytes_max("loaded_models_kib_max = 64"), 64 * 1024);
}

#[test]
fn a_file_replaces_a_built_in_profile() {
    let profiles = with_profiles(&[("pi-4", "inherit = \"pi-5\"\ndescription = \"mine\"\n")]);
    // pi-5 inherits from pi-4.
    assert!(profiles.is_err());
    let profiles = with_profiles(&[(
        "edge-server",
        "inherit = \"pi-5\"\ndescription = \"mine\"\n",
    )]);
    let profiles = profiles.unwrap();
    let mine = profiles
        .iter()
        .find(|profile| profile.description == "mine")
        .unwrap();
    assert_eq!(
        (mine.name.as_str(), mine.class),
        ("edge-server", Class::Sbc)
    );
}

#[test]
fn profiles_that_cannot_work_are_refused() {
    let cases = [
        ("inherit = \"nowhere\"", "inherit", "does not exist"),
        ("inherit = \"x\"", "inherit", "itself"),
        (
            "class = \"sbc\"",
            "",
            "not complete: engine, guest_memory_kib_max",
        ),
        (
            "inherit = \"pi-4\"\nengine = \"wasm3\"\nnn_backend = \"tract\"",
            "nn_backend",
            "wasm3 offers guests no nn backend",
        ),
        ("inherit = \"pi-4\"\nengine = \"v8\"", "engine", "\"wasmi\""),
        (
            "inherit = \"pi-4\"\n[limits]\nguest_memory_kib = 1",
            "limits.guest_memory_kib",
            "not a key",
        ),
        (
            "inherit = \"pi-4\"\n[limits]\ninstances_max = 0",
            "limits.instances_max",
            "between 1 and 1024",
        ),
        (
            "inherit = \"cortex-m4-256k\"\n[limits]\nguest_memory_kib_max = 320",
            "limits.guest_memory_kib_max",
            "is 320 KiB in profile x; class microcontroller allows 256 KiB",
        ),
        (
            "inherit = \"rp2040\"\nengine = \"wasmtime\"",
            "engine",
            "class microcontroller runs on an interpreter",
        ),
    ];
    for (text, key, words) in cases {
        let errors = refused(&[("x", text)]);
        assert_eq!(errors.len(), 1, "{text}: {errors:#?}");
        assert_eq!(errors[0].key, key);
        assert!(errors[0].message.contains(words), "{}", errors[0]);
        assert!(
            errors[0]
                .file
                .as_deref()
                .is_some_and(|file| file.ends_with("x.toml"))
        );
    }
}

#[test]
fn a_microcontroller_does_not_inherit_the_limits_of_a_computer() {
    let errors = refused(&[("x", "inherit = \"pi-4\"\nclass = \"microcontroller\"")]);
    let keys: Vec<&str> = errors.iter().map(|error| error.key.as_str()).collect();
    let limits = [
        "guest_memory_kib_max",
        "table_elements_max",
        "stack_kib_max",
        "module_kib_max",
        "input_bytes_max",
        "output_bytes_max",
        "model_kib_max",
    ];
    assert_eq!(keys, limits.map(|key| format!("limits.{key}")));
    for error in errors {
        assert!(error.message.contains("in profile pi-4"), "{error}");
    }
}

#[test]
fn inheritance_in_a_circle_or_too_deep_ends() {
    let errors = refused(&[("a", "inherit = \"b\""), ("b", "inherit = \"a\"")]);
    assert_eq!(errors.len(), 2, "{errors:#?}");
    let deep: Vec<(String, String)> = (1..12)
        .map(|index| (format!("p{index}"), format!("inherit = \"p{}\"", index - 1)))
        .collect();
    let mut deep: Vec<(&str, &str)> = deep
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    deep.push(("p0", "inherit = \"pi-4\""));
    let errors = refused(&deep);
    assert!(
        errors
            .iter()
            .all(|error| error.message.contains("more than 7")),
        "{errors:#?}"
    );
}

#[test]
fn the_engine_follows_class_and_host() {
    let host = |architecture| HostEngines {
        architecture,
        engines: &BOTH,
    };
    let choose =
        |profile, architecture| choose_engine(&shipped(profile), host(architecture)).unwrap();
    assert_eq!(choose("cortex-m4-256k", "x86_64").engine, EngineKind::Wasmi);
    assert_eq!(choose("pi-4", "aarch64").engine, EngineKind::Wasmtime);
    assert_eq!(choose("edge-server", "x86_64").engine, EngineKind::Wasmtime);
    let on_arm = choose("pi-3", "arm");
    assert_eq!(on_arm.engine, EngineKind::Wasmi);
    assert!(
        on_arm.reason.contains("does not compile for arm"),
        "{}",
        on_arm.reason
    );
    let without = HostEngines {
        architecture: "x86_64",
        engines: &BOTH[..1],
    };
    let decision = choose_engine(&shipped("pi-4"), without).unwrap();
    assert_eq!(decision.engine, EngineKind::Wasmi);
    assert!(decision.reason.contains("no wasmtime"));
}

#[test]
fn an_engine_that_is_absent_or_cannot_enforce_a_limit_is_refused() {
    let profiles = with_profiles(&[("x", "inherit = \"cortex-m4-256k\"\nengine = \"wasm3\"")]);
    let profiles = profiles.unwrap();
    let wasm3 = profiles
        .iter()
        .find(|profile| profile.name.as_str() == "x")
        .unwrap();
    let host = |engines| HostEngines {
        architecture: "x86_64",
        engines,
    };
    let error = choose_engine(&shipped("esp32"), host(&BOTH)).unwrap_err();
    let words = error.to_string();
    assert!(
        words.starts_with("engine wasm3 is not part of this build (comes with"),
        "{words}"
    );
    assert!(words.ends_with("use engine = \"wasmi\""), "{words}");
    let no_fuel = [(EngineKind::Wasm3, Enforces { fuel: false, ..ALL })];
    let esp32 = choose_engine(&shipped("esp32"), host(&no_fuel)).unwrap();
    assert_eq!(esp32.engine, EngineKind::Wasm3);
    let error = choose_engine(wasm3, host(&no_fuel)).unwrap_err();
    assert!(
        matches!(
            error,
            EngineError::NotEnforced {
                limit: "fuel_max",
                ..
            }
        ),
        "{error}"
    );
}
