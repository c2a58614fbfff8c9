//! What the class microcontroller refuses, under each of its profiles: a guest that is admitted fits the chip.

use std::iter;

use crate::support::{EXPORTS, admitted, manifest, module, profile, refused, with_manifest};
use guest_abi::Manifest;
use weir_engine::EngineKind;
use weir_profile::{Class, EngineChoice};
use weir_store::{AdmitError, Caps};

const CHIPS: [&str; 3] = ["cortex-m4-256k", "esp32", "rp2040"];

/// A feature by its name, and text that uses it.
const FEATURES: [(&str, &str); 13] = [
    ("simd", "(func v128.const i64x2 0 0 drop)"),
    (
        "bulk-memory",
        "(func i32.const 0 i32.const 0 i32.const 0 memory.fill)",
    ),
    ("bulk-memory", "(data \"passive\")"),
    (
        "reference-types",
        "(func (result externref) ref.null extern)",
    ),
    (
        "reference-types",
        "(table 1 1 funcref) (func ref.null func i32.const 1 table.grow drop)",
    ),
    (
        "multi-value",
        "(func (result i32 i32) i32.const 0 i32.const 0)",
    ),
    ("tail-call", "(func return_call 0)"),
    ("multi-memory", "(memory 1)"),
    (
        "threads",
        "(func i32.const 0 i32.const 0 i32.atomic.rmw.add drop)",
    ),
    ("exceptions", "(tag)"),
    (
        "extended-const",
        "(global i32 (i32.add (i32.const 1) (i32.const 1)))",
    ),
    ("wide-arithmetic", WIDE),
    ("gc", "(type (struct))"),
];

const WIDE: &str = "(func i64.const 1 i64.const 2 i64.mul_wide_u drop drop)";

/// What a microcontroller guest may use once its manifest lists it.
const ALLOWED: [(&str, &str); 2] = [
    ("sign-extension", "(func i32.const 0 i32.extend8_s drop)"),
    (
        "nontrapping-float-to-int",
        "(func f32.const 0 i32.trunc_sat_f32_s drop)",
    ),
];

fn listing(features: &[&str]) -> Manifest {
    Manifest {
        features: features.iter().map(ToString::to_string).collect(),
        ..manifest()
    }
}

fn exports_with_memory(memory: &str) -> String {
    EXPORTS.replace("(memory (export \"memory\") 1 2)", memory)
}

#[test]
fn the_profiles_of_the_class_are_those_of_this_list() {
    let settings = weir_profile::parse("")
        .expect("an empty configuration")
        .settings;
    let microcontrollers = settings
        .profiles
        .values()
        .filter(|profile| profile.class == Class::Microcontroller);
    let names: Vec<_> = microcontrollers
        .map(|profile| profile.name.to_string())
        .collect();
    assert_eq!(names, CHIPS);
}

#[test]
fn a_feature_beyond_the_class_is_refused_by_its_name_on_every_chip() {
    for (chip, (feature, text)) in pairs(&FEATURES) {
        // What is not about the feature itself is granted, so that only the feature is left to refuse.
        for listed in [&[][..], &["sign-extension"]] {
            let error = refused(&format!("{EXPORTS} {text}"), &listing(listed), chip);
            assert!(
                matches!(&error, AdmitError::FeatureNotAllowed { feature: named, class, .. }
                    if named == feature && *class == Class::Microcontroller),
                "{chip} {feature}: {error:?}"
            );
        }
        let wasm = with_manifest(module(EXPORTS), &listing(&[feature]));
        let error = admitted(wasm, &profile(chip)).expect_err("lists what no chip has");
        assert_eq!(
            error.code(),
            "guest_feature_not_allowed",
            "{chip} {feature}"
        );
    }
}

#[test]
fn features_of_the_class_are_allowed_once_they_are_listed() {
    for (chip, (feature, text)) in pairs(&ALLOWED) {
        let text = format!("{EXPORTS} {text}");
        let error = refused(&text, &manifest(), chip);
        assert!(
            matches!(&error, AdmitError::FeatureNotListed { feature: named, .. } if *named == feature),
            "{chip} {feature}: {error:?}"
        );
        let wasm = with_manifest(module(&text), &listing(&[feature]));
        assert!(admitted(wasm, &profile(chip)).is_ok(), "{chip} {feature}");
    }
}

#[test]
fn memory_is_what_the_chip_has_at_the_start_and_at_most() {
    for chip in CHIPS {
        let profile = profile(chip);
        let pages = profile.limits.memory_bytes_max / 65_536;
        let memory = |min: u64, max: &str| {
            let text = exports_with_memory(&format!(r#"(memory (export "memory") {min} {max})"#));
            admitted(with_manifest(module(&text), &manifest()), &profile)
                .map_err(|error| error.code())
        };
        let more = (pages + 1).to_string();
        assert!(memory(pages, &pages.to_string()).is_ok(), "{chip}");
        assert_eq!(
            memory(1, &more).expect_err("grows too large"),
            "guest_memory_too_large"
        );
        assert_eq!(
            memory(pages + 1, &more).expect_err("begins too large"),
            "guest_memory_too_large"
        );
        assert_eq!(
            memory(1, "").expect_err("has no end"),
            "guest_memory_unbounded"
        );
    }
}

#[test]
fn segments_lie_in_memory_and_table() {
    let inside = [
        r#"(data (i32.const 65532) "1234")"#,
        r#"(data (i32.const 65536) "")"#,
        "(table 2 funcref) (elem (i32.const 1) 0)",
    ];
    let outside = [
        r#"(data (i32.const 65533) "1234")"#,
        r#"(data (i32.const -8) "12345678")"#,
        r#"(data (i32.const -1) "")"#,
        r#"(data (i32.const 0) "x") (data (i32.const 65537) "")"#,
        "(table 2 funcref) (elem (i32.const 2) 0)",
        "(table 2 funcref) (elem (i32.const -1) 0 0)",
    ];
    for chip in CHIPS.iter().chain(&["pi-4"]) {
        for text in inside {
            let wasm = with_manifest(module(&format!("{EXPORTS} {text}")), &manifest());
            assert!(admitted(wasm, &profile(chip)).is_ok(), "{chip} {text}");
        }
        for text in outside {
            let error = refused(&format!("{EXPORTS} {text}"), &manifest(), chip);
            assert_eq!(
                error.code(),
                "guest_segment_outside",
                "{chip} {text}: {error}"
            );
        }
    }
}

/// A function with so many blocks in each other, itself included.
fn nested(blocks: usize) -> String {
    let inner = blocks - 1;
    let begin: String = iter::repeat_n("block ", inner).collect();
    let end: String = iter::repeat_n("end ", inner).collect();
    format!("{EXPORTS} (func {begin}{end})")
}

/// A function with a parameter, two locals, and operands up to so many values.
fn crowded(values: usize) -> String {
    let operands = values - 3;
    let push: String = iter::repeat_n("i32.const 0 ", operands).collect();
    let drop: String = iter::repeat_n("drop ", operands).collect();
    format!("{EXPORTS} (func (param i32) (local i32 i64) {push}{drop})")
}

#[test]
fn functions_are_no_deeper_than_the_chips_interpreter_goes() {
    for chip in CHIPS {
        let caps = Caps::of_profile(&profile(chip));
        let depth = |text: String| {
            let wasm = with_manifest(module(&text), &manifest());
            admitted(wasm, &profile(chip)).map_err(|error| error.to_string())
        };
        let most =
            |max: Option<u64>| usize::try_from(max.expect("a chip has it")).expect("is small");
        let (blocks, values) = (most(caps.blocks_max), most(caps.values_max));
        assert!(depth(nested(blocks)).is_ok(), "{chip}");
        assert!(depth(crowded(values)).is_ok(), "{chip}");
        let deep = depth(nested(blocks + 1)).expect_err("is too deep");
        assert!(
            deep.contains("blocks in each other in one function"),
            "{deep}"
        );
        let full = depth(crowded(values + 1)).expect_err("keeps too much");
        assert!(
            full.contains("locals and operands in one function"),
            "{full}"
        );
        let engine = profile(chip).engine;
        let named = deep.contains("class microcontroller on wasm3 allows 32");
        assert_eq!(
            named,
            engine == EngineChoice::Fixed(EngineKind::Wasm3),
            "{deep}"
        );
    }
    let wasm = with_manifest(module(&nested(1001)), &manifest());
    assert!(admitted(wasm, &profile("pi-4")).is_ok());
}

fn pairs<'a>(
    cases: &'a [(&'static str, &'static str)],
) -> impl Iterator<Item = (&'static str, (&'static str, &'static str))> + 'a {
    CHIPS
        .into_iter()
        .flat_map(move |chip| cases.iter().map(move |case| (chip, *case)))
}
