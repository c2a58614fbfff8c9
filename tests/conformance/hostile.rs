use weir_engine::{Engine, Equipment, GuestLog, InvokeError, Limits, Trap};

use crate::bench::{fails, floats, limits, opened, predict, short, still_answers, traps};

crate::on_every_engine! {
    stops_endless_loops,
    stops_at_its_fuel,
    fuel_is_per_call,
    endless_recursion_is_a_trap,
    recursion_ends_whatever_its_way,
    memory_ends_at_its_limit,
    tables_do_not_grow,
    traps_have_names,
    a_flood_of_lines_is_cut,
    lines_reach_the_log,
    pauses_change_nothing,
    a_trap_in_the_words_is_a_trap,
}

fn stops_endless_loops(engine: &dyn Engine) {
    assert!(engine.enforces().deadline, "no engine without deadlines");
    for name in ["endless_loop", "endless_loop_of_calls", "endless_fill"] {
        let trap = traps(engine, name, &short());
        assert_eq!(trap, Trap::Deadline { deadline_ms: 20 }, "{name}");
    }
}

fn stops_at_its_fuel(engine: &dyn Engine) {
    let fuel = 100_000;
    let metered = Limits {
        fuel_max: Some(fuel),
        ..limits()
    };
    if !engine.enforces().fuel {
        assert!(
            engine
                .load(
                    &crate::bench::fixture("echo"),
                    &Equipment::default(),
                    &metered
                )
                .is_err()
        );
        return;
    }
    for name in ["endless_loop", "endless_loop_of_calls", "endless_fill"] {
        assert_eq!(traps(engine, name, &metered), Trap::Fuel { fuel }, "{name}");
    }
}

fn fuel_is_per_call(engine: &dyn Engine) {
    if !engine.enforces().fuel {
        return;
    }
    let metered = Limits {
        fuel_max: Some(10_000),
        ..limits()
    };
    let mut guest = opened(engine, "echo", &metered);
    for _ in 0..100 {
        predict(&mut guest, &[1.0; 16]).expect("each call has the whole fuel");
    }
}

fn endless_recursion_is_a_trap(engine: &dyn Engine) {
    for stack_bytes_max in [16 * 1024, 64 * 1024, 512 * 1024] {
        let limits = Limits {
            stack_bytes_max,
            ..limits()
        };
        let trap = traps(engine, "endless_recursion", &limits);
        assert_eq!(trap, Trap::StackOverflow);
    }
}

/// Every way down, with a stack so large that an interpreter's native one could be the first to end.
fn recursion_ends_whatever_its_way(engine: &dyn Engine) {
    let limits = Limits {
        stack_bytes_max: 4 * 1024 * 1024,
        ..limits()
    };
    let thread = std::thread::Builder::new().stack_size(engine.thread_stack_bytes(&limits));
    let run = || {
        for name in [
            "endless_recursion",
            "recursion_through_loops",
            "recursion_through_the_table",
        ] {
            assert_eq!(traps(engine, name, &limits), Trap::StackOverflow, "{name}");
        }
    };
    std::thread::scope(|scope| {
        let running = thread.spawn_scoped(scope, run).expect("a thread");
        running.join().expect("each is a trap");
    });
}

fn memory_ends_at_its_limit(engine: &dyn Engine) {
    let limits = short();
    let mut guest = opened(engine, "grows_memory", &limits);
    let error = predict(&mut guest, &[1.0]).expect_err("it never returns");
    assert_eq!(error.code(), "guest_deadline");
    assert!(guest.memory_bytes() <= limits.memory_bytes_max);
    still_answers(engine);
    let mut guest = opened(engine, "grows_memory_and_returns", &limits);
    predict(&mut guest, &[1.0]).expect_err("it writes no output");
    assert_eq!(guest.memory_bytes(), limits.memory_bytes_max);
}

fn tables_do_not_grow(engine: &dyn Engine) {
    let error = fails(engine, "grows_table", &limits());
    assert_eq!(
        error.code(),
        "guest_output_invalid",
        "0: the growth was refused"
    );
}

fn traps_have_names(engine: &dyn Engine) {
    assert_eq!(traps(engine, "unreachable", &limits()), Trap::Unreachable);
    assert_eq!(
        traps(engine, "loads_out_of_bounds", &limits()),
        Trap::OutOfBounds
    );
    for (name, trap) in [
        ("divides_by_zero", Trap::DivisionByZero),
        ("overflows", Trap::IntegerOverflow),
        ("converts_nan", Trap::BadConversion),
        ("calls_null", Trap::NullFunction),
        ("calls_outside", Trap::TableOutOfBounds),
        ("calls_another_type", Trap::FunctionType),
    ] {
        assert_eq!(traps(engine, name, &limits()), trap, "{name}");
        assert_eq!(trap.code(), "guest_trap");
    }
}

fn a_flood_of_lines_is_cut(engine: &dyn Engine) {
    let mut guest = opened(engine, "logs_a_flood", &short());
    let error = predict(&mut guest, &[1.0]).expect_err("it never returns");
    assert_eq!(error.code(), "guest_deadline");
    let lines = guest.take_log();
    assert_eq!(lines.len(), GuestLog::LINES_MAX + 1);
    assert!(
        lines
            .iter()
            .all(|(_, line)| line.len() <= GuestLog::LINE_BYTES_MAX)
    );
    still_answers(engine);
}

fn lines_reach_the_log(engine: &dyn Engine) {
    let mut guest = opened(engine, "logs", &limits());
    predict(&mut guest, &[1.0]).expect_err("it logs, then fails");
    assert_eq!(guest.take_log(), [(3, "pump 7 is warm ".to_owned())]);
    assert!(guest.take_log().is_empty());
}

/// The interpreter pauses this run many times; compiled code runs through. One answer, which both gave at first.
fn pauses_change_nothing(engine: &dyn Engine) {
    let mut guest = opened(engine, "works_long", &limits());
    let first = predict(&mut guest, &[0.0]).expect("it returns");
    assert_eq!(floats(&first[0])[0].to_bits(), 0xf4f7_fc7c);
    assert_eq!(
        predict(&mut guest, &[0.0]).expect("it returns again"),
        first
    );
}

fn a_trap_in_the_words_is_a_trap(engine: &dyn Engine) {
    let error = fails(engine, "words_loop", &short());
    assert_eq!(error, InvokeError::Trap(Trap::Deadline { deadline_ms: 20 }));
}
