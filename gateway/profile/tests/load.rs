//! Configurations as users write them: what loads, and what is said about what does not.
//! Long because it is one list of cases.

use std::{fs, num::NonZeroU32, path::Path};

use weir_profile::{
    BrokerUrl, Codec, Color, Finding, ImageOptions, Isolation, LoadOptions, Loaded, Resize,
    Severity, load, parse,
};

const PIPELINE: &str = r#"
[pipeline.pump-vibration]
topic   = "sensors/{device}/vibration"
profile = "pi-4"
guest   = "tinynn"
model   = "vibration-int8"
decode  = { codec = "json", fields = ["/ax", "/ay", "/az"], time = "/t", scale = 0.001 }
window  = { size = 128, stride = 64, gap_ms_max = 500 }
result  = { top_k = 1, min_confidence = 0.6 }
"#;

fn written(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("the test's own setup")).expect("the test's own setup");
    fs::write(&path, text).expect("the test's own setup");
    path
}

fn errors(text: &str) -> Vec<Finding> {
    let findings = parse(text).expect_err("is refused");
    findings.into_iter().filter(Finding::is_error).collect()
}

/// The one error that a pipeline has after a change of its text.
fn error_after(from: &str, to: &str) -> Finding {
    assert!(PIPELINE.contains(from), "{from}");
    let errors = errors(&PIPELINE.replace(from, to));
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors.into_iter().next().expect("the test's own setup")
}

fn loaded(options: &LoadOptions) -> Loaded {
    load(options).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

#[test]
fn the_example_of_the_documentation_loads() {
    let settings = parse(PIPELINE).unwrap().settings;
    let pipeline = &settings.pipelines[0];
    assert_eq!(pipeline.topic.filter, "sensors/+/vibration");
    assert_eq!(pipeline.topic.device_segment, 1);
    assert_eq!(pipeline.decode.scaling.scale, [0.001]);
    assert_eq!(
        pipeline.window.unwrap().stride,
        NonZeroU32::new(64).unwrap()
    );
    assert!(matches!(&pipeline.decode.codec, Codec::Json { fields, .. } if fields.len() == 3));
    assert_eq!(settings.broker.url, BrokerUrl::Embedded);
    assert_eq!(settings.broker.client_id, "weir-weir");
    assert!(settings.profiles.keys().any(|name| name.as_str() == "pi-5"));
}

#[test]
fn a_key_has_its_place() {
    let loaded = parse(PIPELINE).unwrap();
    let line = |key| loaded.place(key).1;
    assert_eq!(line("pipeline.pump-vibration.guest"), Some(5));
    assert_eq!(line("pipeline.pump-vibration.decode.scale"), Some(7));
    assert_eq!(line("pipeline.pump-vibration.absent"), Some(3));
    assert_eq!(line("node.name"), None);
}

#[test]
fn nothing_at_all_loads_with_a_warning() {
    let loaded = parse("").unwrap();
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(loaded.warnings[0].key, "pipeline");
}

#[test]
fn layers_win_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(
        folder.path(),
        "weir.toml",
        "[node]\nname = \"a\"\n[broker]\nurl = \"mqtt://one\"\nkeep_alive_s = 20\n",
    );
    written(
        folder.path(),
        "conf.d/20.toml",
        "[broker]\nurl = \"mqtt://three\"\n",
    );
    written(
        folder.path(),
        "conf.d/10.toml",
        &format!("[broker]\nurl = \"mqtt://two\"\n{PIPELINE}"),
    );
    let mut options = LoadOptions {
        file: Some(file),
        ..LoadOptions::default()
    };
    let host = |options: &LoadOptions| match loaded(options).settings.broker.url {
        BrokerUrl::Remote { host, port, tls } => format!("{host}:{port}:{tls}"),
        BrokerUrl::Embedded => "embedded".to_owned(),
    };
    assert_eq!(host(&options), "three:1883:false");
    options.env = vec![
        ("WEIR__BROKER__URL".to_owned(), "mqtts://four".to_owned()),
        (
            "WEIR__PIPELINE__PUMP_VIBRATION__PROFILE".to_owned(),
            "pi-5".to_owned(),
        ),
        (
            "WEIR__PIPELINE__PUMP_VIBRATION__DECODE__SCALE".to_owned(),
            "1,2,3".to_owned(),
        ),
        ("WEIRD".to_owned(), "x".to_owned()),
    ];
    assert_eq!(host(&options), "four:8883:true");
    options.overrides = vec![("broker.url".to_owned(), "mqtt://[::1]:99".to_owned())];
    assert_eq!(host(&options), "::1:99:false");
    let settings = loaded(&options).settings;
    assert_eq!(settings.broker.keep_alive.as_secs(), 20);
    assert_eq!(settings.pipelines.len(), 1);
    assert_eq!(settings.pipelines[0].profile.as_str(), "pi-5");
    assert_eq!(settings.pipelines[0].decode.scaling.scale, [1.0, 2.0, 3.0]);
}

#[test]
fn a_variable_that_matches_no_key_is_an_error() {
    let findings = load(&LoadOptions {
        env: vec![
            ("WEIR__BROKER__URI".to_owned(), "x".to_owned()),
            ("WEIR__BROKER__KEEP_ALIVE_S".to_owned(), "soon".to_owned()),
            ("WEIR__BROKER__QOS__X".to_owned(), "1".to_owned()),
        ],
        ..LoadOptions::default()
    })
    .unwrap_err();
    let errors: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.is_error())
        .collect();
    assert_eq!(errors.len(), 3, "{errors:#?}");
    assert_eq!(errors[0].key, "WEIR__BROKER__URI");
    assert!(errors[0].help.contains("url"), "{}", errors[0].help);
    assert!(
        errors[1].message.contains("a whole number"),
        "{}",
        errors[1].message
    );
}

#[test]
fn many_errors_are_found_at_once_with_their_lines() {
    let text = r#"
[node]
nmae = "a"
[broker]
url = "http://x"
keep_alive_s = 1
password = "secret"
[devices]
"pump-7" = "cortex-m5"
[pipeline.a]
topic = "sensors/{device}/x"
profile = "pi-4"
decode = { codec = "json", fields = ["ax"] }
[pipeline.b]
topic = "sensors/+/x"
profile = "pi-44"
guest = "g"
decode = { codec = "xml" }
"#;
    let errors = errors(text);
    let at = |key: &str| {
        errors
            .iter()
            .find(|finding| finding.key == key)
            .unwrap_or_else(|| panic!("{key}: {errors:#?}"))
    };
    assert_eq!(at("node.nmae").line, Some(3));
    assert!(at("node.nmae").help.starts_with("did you mean name?"));
    assert_eq!(at("broker.keep_alive_s").line, Some(6));
    assert!(at("broker.password").help.contains("password_file"));
    assert!(!at("broker.password").to_string().contains("secret"));
    assert!(at("pipeline.a.guest").message.contains("missing"));
    assert!(at("pipeline.b.decode.codec").message.contains("\"raw\""));
    assert_eq!(at("devices.pump-7").line, Some(9));
}

#[test]
fn a_syntax_error_has_its_place() {
    let errors = errors("[node]\nname = \"a\"\nroot = = \"x\"\n");
    assert_eq!(
        (errors[0].line, errors[0].column),
        (Some(3), Some(8)),
        "{errors:#?}"
    );
    assert!(
        errors[0]
            .file
            .as_deref()
            .is_some_and(|file| file.ends_with("weir.toml"))
    );
}

#[test]
fn topics_that_cannot_work_are_refused() {
    let from = "sensors/{device}/vibration";
    let cases = [
        ("sensors/+/vibration", "names no device"),
        ("{device}/{device}", "twice"),
        ("s/x{device}/y", "braces"),
        ("s/{signal}/{device}", "braces"),
        ("s/#/{device}", "wildcard"),
        ("s/a+/{device}", "wildcard"),
        ("$share/g/s/{device}", "shared"),
        ("", "empty"),
        ("weir/results/p/{device}", "itself"),
        ("weir/nodes/{device}/health", "itself"),
        ("{device}/#", "itself"),
        ("+/{device}/#", "itself"),
        ("+/rejects/{device}/#", "itself"),
        ("+/+/+/{device}", "itself"),
    ];
    for (to, words) in cases {
        let error = error_after(from, to);
        assert_eq!(error.key, "pipeline.pump-vibration.topic");
        assert!(error.message.contains(words), "{to}: {}", error.message);
    }
    for to in [
        "{device}/+",
        "a/{device}/#",
        "/s/{device}",
        "weir/in/{device}",
        "+/+/{device}",
    ] {
        assert!(parse(&PIPELINE.replace(from, to)).is_ok(), "{to}");
    }
}

#[test]
fn values_that_cannot_work_are_refused() {
    let cases = [
        ("stride = 64", "stride = 129", "window.stride"),
        ("size = 128", "size = 0", "window.size"),
        (
            "min_confidence = 0.6",
            "min_confidence = 1.5",
            "result.min_confidence",
        ),
        ("top_k = 1", "qos = 2", "result.qos"),
        ("top_k = 1", "labels = []", "result.labels"),
        ("scale = 0.001", "scale = 1e300", "decode.scale"),
        ("scale = 0.001", "scale = inf", "decode.scale"),
        ("scale = 0.001", "scale = []", "decode.scale"),
        ("scale = 0.001", "scale = \"1\"", "decode.scale"),
        ("scale = 0.001", "std = [1, 0]", "decode.std"),
        (
            "scale = 0.001",
            "scale = [1, 2], mean = [1, 2, 3]",
            "decode.mean",
        ),
        ("scale = 0.001", "dtype = \"i16\"", "decode.dtype"),
        ("time = \"/t\"", "time = \"t\"", "decode.time"),
        (
            "fields = [\"/ax\", \"/ay\", \"/az\"]",
            "floats = \"any\"",
            "decode.fields",
        ),
        ("scale = 0.001", "color = \"rgb\"", "decode.color"),
        ("scale = 0.001", "resize = \"crop\"", "decode.resize"),
        ("scale = 0.001", "pixels_max = 9", "decode.pixels_max"),
        ("profile = \"pi-4\"", "profile = \"pi-9\"", "profile"),
        ("profile = \"pi-4\"", "profile = \"base\"", "profile"),
        ("guest   = \"tinynn\"", "guest = \"a/b\"", "guest"),
    ];
    for (from, to, key) in cases {
        let error = error_after(from, to);
        assert_eq!(
            error.key,
            format!("pipeline.pump-vibration.{key}"),
            "{to}: {error}"
        );
    }
}

#[test]
fn cbor_has_the_keys_of_json() {
    let settings = parse(&PIPELINE.replace("codec = \"json\"", "codec = \"cbor\"")).unwrap();
    let codec = &settings.settings.pipelines[0].decode.codec;
    assert!(matches!(codec, Codec::Cbor { fields, time: Some(_) } if fields.len() == 3));
    let error = error_after(
        "codec = \"json\", fields = [\"/ax\", \"/ay\", \"/az\"]",
        "codec = \"cbor\"",
    );
    assert_eq!(error.key, "pipeline.pump-vibration.decode.fields");
}

#[test]
fn images_have_their_own_keys_and_no_window() {
    let decode =
        r#"{ codec = "json", fields = ["/ax", "/ay", "/az"], time = "/t", scale = 0.001 }"#;
    let window = "window  = { size = 128, stride = 64, gap_ms_max = 500 }\n";
    let image = r#"{ codec = "image", color = "bgr", resize = "pad", pixels_max = 100 }"#;
    assert_eq!(
        error_after(decode, image).key,
        "pipeline.pump-vibration.window"
    );
    let codec = |image: &str| {
        let text = PIPELINE.replace(window, "").replace(decode, image);
        let loaded = parse(&text).unwrap_or_else(|findings| panic!("{findings:#?}"));
        loaded.settings.pipelines[0].decode.codec.clone()
    };
    let options = ImageOptions {
        color: Some(Color::Bgr),
        resize: Some(Resize::Pad),
        pixels_max: 100,
    };
    assert_eq!(codec(image), Codec::Image(options));
    let defaults = ImageOptions {
        color: None,
        resize: None,
        pixels_max: 4_194_304,
    };
    assert_eq!(codec(r#"{ codec = "image" }"#), Codec::Image(defaults));
}

#[test]
fn a_message_may_name_one_of_several_models() {
    let one = "model   = \"vibration-int8\"";
    let several = format!("{one}\nmodels = [\"bands\", \"vibration-int8\", \"bands\"]");
    let text = PIPELINE.replace(one, &several);
    let loaded = parse(&text.replace("time =", "model_id = \"/model\", time =")).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    let pipeline = &loaded.settings.pipelines[0];
    let names: Vec<_> = pipeline.models.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["bands"], "each once, without the pipeline's own");
    assert_eq!(pipeline.decode.model_id.as_deref(), Some("/model"));

    let old = format!("[broker]\nprotocol = \"3.1.1\"\n{text}");
    let warnings = parse(&old).unwrap().warnings;
    assert_eq!(warnings[0].key, "pipeline.pump-vibration.models");
    let alone = PIPELINE.replace("time =", "model_id = \"/model\", time =");
    let warnings = parse(&alone).unwrap().warnings;
    assert_eq!(warnings[0].key, "pipeline.pump-vibration.decode.model_id");

    let error = error_after(one, "models = [\"bands\"]");
    assert_eq!(error.key, "pipeline.pump-vibration.models");
    let error = error_after(one, &format!("{one}\nmodels = [\"../up\"]"));
    assert_eq!(error.key, "pipeline.pump-vibration.models");
    let many: Vec<_> = (0..65).map(|number| format!("m{number}")).collect();
    let error = error_after(one, &format!("{one}\nmodels = {many:?}"));
    assert!(error.message.contains("at most 64"), "{error}");
}

#[test]
fn instances_are_warm_unless_fresh_ones_are_asked_for() {
    let isolation = |text: &str| parse(text).unwrap().settings.pipelines[0].isolation;
    assert_eq!(isolation(PIPELINE), Isolation::Warm);
    let guest = "guest   = \"tinynn\"";
    let fresh = PIPELINE.replace(guest, &format!("{guest}\nisolation = \"fresh\""));
    assert_eq!(isolation(&fresh), Isolation::Fresh);
    let error = error_after(guest, &format!("{guest}\nisolation = \"cold\""));
    assert_eq!(error.key, "pipeline.pump-vibration.isolation");
}

#[test]
fn brokers_that_cannot_work_are_refused() {
    for url in [
        "",
        "localhost",
        "tcp://a",
        "mqtt://",
        "mqtt://a:0",
        "mqtt://a:70000",
        "mqtt://u:p@a",
        "mqtt://a/b",
        "mqtt://[::1",
    ] {
        let errors = errors(&format!("[broker]\nurl = {url:?}\n"));
        assert_eq!(errors.len(), 1, "{url}: {errors:#?}");
        assert_eq!(errors[0].key, "broker.url");
        assert!(
            !errors[0].to_string().contains("u:p"),
            "a password is shown"
        );
    }
}

#[test]
fn a_password_is_read_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let secret = written(folder.path(), "secret", "s3cret\n");
    let file = written(
        folder.path(),
        "weir.toml",
        "[broker]\nurl = \"mqtts://b\"\nusername = \"u\"\npassword_file = \"secret\"\n",
    );
    let options = LoadOptions {
        file: Some(file),
        ..LoadOptions::default()
    };
    let permit = |mode| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
    };
    permit(0o640);
    let quiet = loaded(&options);
    let credentials = Some(("u".to_owned(), "s3cret".to_owned()));
    assert_eq!(quiet.settings.broker.credentials, credentials);
    assert!(
        quiet
            .warnings
            .iter()
            .all(|warning| warning.key == "pipeline")
    );
    permit(0o644);
    let warnings = loaded(&options).warnings;
    let warned = warnings
        .iter()
        .any(|warning| warning.key == "broker.password_file");
    assert!(
        warned
            && warnings
                .iter()
                .all(|warning| warning.severity == Severity::Warning)
    );
}

#[test]
fn a_file_that_is_named_must_exist() {
    let findings = load(&LoadOptions {
        file: Some("does/not/exist.toml".into()),
        ..LoadOptions::default()
    });
    assert!(findings.unwrap_err()[0].message.contains("cannot be read"));
    let findings = load(&LoadOptions {
        default_file: Some("does/not/exist.toml".into()),
        ..LoadOptions::default()
    });
    assert!(findings.is_ok());
}

#[test]
fn a_pipeline_of_two_files_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "weir.toml", PIPELINE);
    written(folder.path(), "conf.d/copy.toml", PIPELINE);
    let warnings = loaded(&LoadOptions {
        file: Some(file),
        ..LoadOptions::default()
    })
    .warnings;
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].key, "pipeline.pump-vibration");
}

#[test]
fn the_status_socket_has_a_place_of_its_own_or_a_stated_one_or_none() {
    let options = |override_: &str| LoadOptions {
        runtime: vec!["/run/weir".into(), "/run/user/7/weir".into()],
        overrides: match override_ {
            "" => Vec::new(),
            place => vec![("node.status_socket".to_owned(), place.to_owned())],
        },
        ..LoadOptions::default()
    };
    let sockets = |options: &LoadOptions| loaded(options).settings.node.status_sockets;
    assert_eq!(
        sockets(&options("")),
        ["/run/weir/status.sock", "/run/user/7/weir/status.sock"].map(Path::new)
    );
    assert_eq!(
        sockets(&options("/tmp/weir.sock")),
        [Path::new("/tmp/weir.sock")]
    );
    let off = parse("[node]\nstatus_socket = \"\"\n").expect("is accepted");
    assert!(off.settings.node.status_sockets.is_empty());
    let findings = load(&options(&format!("/tmp/{}", "long".repeat(30)))).expect_err("is refused");
    let words = findings[0].to_string();
    assert!(
        words.contains("node.status_socket") && words.contains("107 at most"),
        "{words}"
    );
}
