//! The memory of a guest that runs where a profile grants an nn backend.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        for argument in [
            "-zstack-size=65536",
            "--stack-first",
            // What a device profile grants is less; a memory without a maximum is refused.
            "--max-memory=1073741824",
        ] {
            println!("cargo::rustc-link-arg-cdylib={argument}");
        }
    }
}
