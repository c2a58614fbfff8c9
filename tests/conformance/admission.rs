use weir_engine::{Engine, Limits};

use crate::bench::{limits, opened, predict, rejected, still_answers};

crate::on_every_engine! {
    refuses_a_start_function,
    refuses_unknown_imports_by_name,
    refuses_a_guest_without_memory,
    refuses_features_of_no_class,
    refuses_simd_where_the_class_has_none,
    runs_simd_where_the_class_has_it,
}

fn refuses_a_start_function(engine: &dyn Engine) {
    let reason = rejected(engine, "start", &limits());
    assert!(reason.contains("start"), "{reason}");
    still_answers(engine);
}

fn refuses_unknown_imports_by_name(engine: &dyn Engine) {
    let reason = rejected(engine, "imports_unknown", &limits());
    assert!(
        reason.contains("wasi_snapshot_preview1.fd_write"),
        "{reason}"
    );
    for name in [
        "imports_of_another_kind",
        "imports_log_of_another_signature",
    ] {
        let reason = rejected(engine, name, &limits());
        assert!(reason.contains("weir_host.log"), "{reason}");
    }
    still_answers(engine);
}

fn refuses_a_guest_without_memory(engine: &dyn Engine) {
    let reason = rejected(engine, "memory_missing", &limits());
    assert!(reason.contains("memory"), "{reason}");
}

fn refuses_features_of_no_class(engine: &dyn Engine) {
    let generous = Limits {
        simd: true,
        ..limits()
    };
    for name in [
        "uses_memory64",
        "uses_two_memories",
        "uses_tail_calls",
        "uses_relaxed_simd",
    ] {
        let reason = rejected(engine, name, &generous);
        assert!(!reason.is_empty(), "{name}");
    }
    still_answers(engine);
}

fn refuses_simd_where_the_class_has_none(engine: &dyn Engine) {
    let reason = rejected(engine, "uses_simd", &limits());
    assert!(reason.to_lowercase().contains("simd"), "{reason}");
}

fn runs_simd_where_the_class_has_it(engine: &dyn Engine) {
    let limits = Limits {
        simd: true,
        ..limits()
    };
    if engine.enforces().simd {
        let mut guest = opened(engine, "uses_simd", &limits);
        assert!(predict(&mut guest, &[1.0]).is_err(), "it writes no output");
    } else {
        rejected(engine, "uses_simd", &limits);
    }
}
