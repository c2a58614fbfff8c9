//! Modules that nobody wrote give the same results, or the same trap, on every engine.
//!
//! Modules come from wasm-smith, restricted to what the microcontroller class allows. A number, the seed, decides all
//! of a module, so a failure is repeated by its number: `WEIR_DIFFERENTIAL_SEED=<n>`; `WEIR_DIFFERENTIAL_MODULES=<n>`
//! is for longer runs. Seeds that once found something stand in `seeds.txt` and are tried first.
//!
//! What is left out, because the specification leaves it to the engine: how deep calls may nest (a module's own fuel
//! ends it long before), how much memory there is (every module states a maximum below the limit), and the bits of a
//! NaN that an operation makes (they are made canonical). wasm3 has no memory without a page (every module has one) and
//! no operation for some instructions that cannot be reached: it refuses such a module before it runs.
//!
//! A second source is the guest `anomaly` with changed bytes in its code, driven as a node drives it.

mod engines;
mod generate;
mod guest_code;
mod lockstep;
mod mutants;
mod mutate;
mod tally;
mod threads;
mod wrap;

use std::env;

use self::{lockstep::Lockstep, mutants::Mutants, tally::Tally};

/// Generated modules without `WEIR_DIFFERENTIAL_MODULES`.
const MODULES: u64 = 10_000;
/// Changed guests without it.
const CHANGED_GUESTS: u64 = 1000;

#[test]
fn seeds_that_found_something_find_nothing_more() {
    let seeds: Vec<u64> = include_str!("seeds.txt")
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .filter(|seed| !seed.is_empty())
        .map(|seed| seed.parse().expect("a seed is a number"))
        .collect();
    generated(&seeds).assert_no_findings();
}

#[test]
fn engines_agree_on_generated_modules() {
    let tally = generated(&seeds(MODULES));
    tally.assert_no_findings();
    eprintln!("{tally}");
    if tally.modules >= MODULES {
        assert_worth_something(&tally);
    }
}

#[test]
fn engines_agree_on_a_guest_whose_code_was_changed() {
    let guest = mutants::guest();
    let tally = threads::run(&seeds(CHANGED_GUESTS), || {
        Mutants::new(engines::all(), &guest)
    });
    tally.assert_no_findings();
    eprintln!("{tally}");
    assert!(
        tally.instantiated * 2 > tally.modules,
        "few changes are valid: {tally}"
    );
}

fn generated(seeds: &[u64]) -> Tally {
    threads::run(seeds, || Lockstep::new(engines::all()))
}

/// The seed that is asked for, else as many as are asked for, else `default`.
fn seeds(default: u64) -> Vec<u64> {
    let number = |name: &str| {
        let text = env::var(name).ok()?;
        Some(
            text.parse()
                .unwrap_or_else(|_| panic!("{name}={text} is no number")),
        )
    };
    match number("WEIR_DIFFERENTIAL_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("WEIR_DIFFERENTIAL_MODULES").unwrap_or(default)).collect(),
    }
}

/// Agreement says something where most modules run, and where they end in every way that there is.
fn assert_worth_something(tally: &Tally) {
    let (modules, calls) = (tally.modules, tally.returned + tally.trapped());
    assert!(tally.instantiated * 10 > modules * 8, "{tally}");
    assert!(tally.untranslated * 10 < modules, "{tally}");
    assert!(tally.returned * 4 > calls, "{tally}");
    assert!(tally.trapped() * 20 > calls, "{tally}");
    assert!(tally.wrote_memory * 100 > modules, "{tally}");
    for trap in ["Unreachable", "OutOfBounds"] {
        assert!(tally.traps.contains_key(trap), "{trap} is missing: {tally}");
    }
}
