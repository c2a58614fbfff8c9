//! The memory that a microcontroller grants: the stack first, so that an overflow traps.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        for argument in [
            "-zstack-size=8192",
            "--stack-first",
            // One page to begin with, as many more as the model needs.
            "--initial-memory=65536",
            "--max-memory=131072",
        ] {
            println!("cargo::rustc-link-arg-cdylib={argument}");
        }
    }
}
