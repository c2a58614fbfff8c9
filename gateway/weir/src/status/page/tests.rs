use super::*;
use crate::status::document::bare;

fn status(text: &str) -> Status {
    serde_json::from_str(text).unwrap()
}

const SERVING: &str = r#"{"v":1,"state":"serving","healthy":true,"words":"serving 1 pipeline","next":[],
"broker":{"url":"mqtts://broker.example:8883","connected":true,"for_s":11100,"refused_filters":[]},
"last":[{"pipeline":"pump","result":{"time":"2026-11-21T10:00:00Z","age_s":2,"device":"pump-7","label":"bearing_fault","confidence":0.973},
"reject":{"time":"2026-11-21T09:00:00Z","age_s":3700,"code":"payload_shape","words":"no \u001b[2Jfield","topic":"sensors/x/vibration"}}],
"engines_absent":[{"engine":"wasm3","reason":"no worker"}],"machine":{"temperature_celsius":48.2,"throttling":[]},
"health":{"v":1,"node":"pump-room","time":"2026-11-21T10:00:02Z","version":"0.1.0",
"capabilities":{"architecture":"aarch64","cores":4,"memory_bytes":1,"simd":[]},
"resources":{"uptime_s":11520,"pss_bytes":12582912,"cpu_percent":0.4},
"link":{"reconnects":0,"sessions_lost":0,"redelivered":0,"outbox":0,"refused":0,"unsettled_age_ms":0},
"pipelines":[{"name":"pump","engine":"wasmi","guest":"g@1.0.0","profile":"pi-4","counts":{"accepted":120,"results":118,"rejects":2,"windowed":0},
"rejects":{"payload_shape":2},"latency_ms":{"p50":1,"p95":1,"p99":1},"infer_ms":{"p50":1,"p95":1,"p99":1},"cold_start_ms":1,"guest_memory_bytes":1,"queued":0}]}}"#;

#[test]
fn a_node_that_serves_is_shown_with_everything() {
    let page = page(&status(SERVING));
    let lines: Vec<_> = page.lines().collect();
    assert_eq!(
        lines[..6],
        [
            "● serving 1 pipeline   node pump-room, weir 0.1.0, up 3 h 12 min",
            "",
            "broker     mqtts://broker.example:8883, connected for 3 h 5 min",
            "node       12 MiB of memory, 0.4 % of a processor",
            "machine    48.2 °C, not throttled",
            "engine     wasm3 is absent: no worker",
        ],
        "{page}"
    );
    let row: Vec<_> = lines[8].split_whitespace().collect();
    assert_eq!(
        row[..7],
        ["pump", "wasmi", "120", "118", "2", "0", "0"],
        "{page}"
    );
    assert!(
        lines[8].ends_with("pump-7: bearing_fault 0.97, 2 s ago"),
        "{page}"
    );
    let words =
        "pump rejected 2 as payload_shape; the last 1 h 1 min ago, from sensors/x/vibration: no ";
    assert!(lines[9].contains(words), "{page}");
    assert!(!page.contains('\u{1b}'), "a sensor moves no cursor");
}

#[test]
fn what_to_do_next_stands_at_the_end() {
    let mut status = bare(NodeState::NotRunning);
    status.words = "no node runs".to_owned();
    status.next = vec![NextStep {
        words: "See why".to_owned(),
        command: Some("systemctl status weir".to_owned()),
    }];
    let page = page(&status);
    assert_eq!(
        page,
        "✗ no node runs\n\nNext:\n  • See why\n      systemctl status weir\n"
    );
}

#[test]
fn times_have_two_units() {
    let spans = [0, 59, 60, 3_599, 3_600, 86_399, 86_400, 1_000_000];
    let words = spans.map(span);
    let expected = [
        "0 s",
        "59 s",
        "1 min 0 s",
        "59 min 59 s",
        "1 h 0 min",
        "23 h 59 min",
        "1 d 0 h",
        "11 d 13 h",
    ];
    assert_eq!(words, expected);
}
