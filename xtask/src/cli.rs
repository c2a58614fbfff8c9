use clap::{Parser, Subcommand};

use crate::{apt_repo::AptRepoArgs, deb::DebArgs, oci::OciArgs, test_deb::TestDebArgs};

/// The developer's one tool. Start with `cargo xtask demo`; before a change leaves your machine, `cargo xtask ci`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    /// Say what is missing on this machine instead of installing it.
    #[arg(long, global = true)]
    pub(crate) no_install: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build everything and run `weir demo`: simulated pumps, the embedded broker, results and health.
    ///
    /// Whatever follows goes to `weir demo`, and so does its exit code:
    ///
    ///   cargo xtask demo --seconds 20 --json
    ///
    /// Standard output is the demo's alone, so its last line is the JSON summary.
    #[command(verbatim_doc_comment)]
    Demo {
        /// Arguments for `weir demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },

    /// Run every test: the guests' own, the documentation's, the workspace's (real processes, real brokers).
    ///
    /// With a filter, only the tests whose names contain it, and no documentation tests:
    ///
    ///   cargo xtask test                 everything
    ///   cargo xtask test window          those with "window" in their names
    #[command(verbatim_doc_comment)]
    Test {
        /// A part of the tests' names.
        filter: Option<String>,
    },

    /// Build the wasm guests into target/share/weir/guests, where a development build of weir finds them.
    ///
    /// The first time takes minutes (tract); later only what changed is built.
    Guests,

    /// Check the house rules that neither rustc nor clippy can: who may name what, file lengths, words, units.
    ///
    /// Each rule is one file in xtask/src/tidy. A finding says where, what, and what to do.
    Tidy,

    /// Write the generated files anew: schemas, reference pages, golden files.
    ///
    /// The tests that compare them are run with WEIR_BLESS=1; look at `git diff` afterwards.
    Bless,

    /// Build in release and measure.
    ///
    ///   cargo xtask bench e2e            payload in, result out, beside an echo and the Python way
    ///   cargo xtask bench engines        one guest on every engine, natively, and under ONNX Runtime
    ///   cargo xtask bench coldstart      from nothing to a result: an instance, a message, a node
    ///   cargo xtask bench nn             graphs on the host and in the sandbox, beside tract and ONNX Runtime
    ///   cargo xtask bench footprint      memory of an idle node, and what a further pipeline adds
    ///   cargo xtask bench allocations    allocations per message
    ///   cargo xtask bench all            each of them, then the project's goals with what was reached
    ///   cargo xtask bench goals          those goals, from what the benches measured last
    ///
    /// Every bench takes --quick, --json (one JSON object in a line and nothing else on standard output),
    /// --write-docs (its section of docs/benchmarks.md) and --help.
    #[command(verbatim_doc_comment)]
    Bench {
        /// The bench: the binary `bench-<name>` of the package `weir-tests`.
        name: String,
        /// Arguments for the bench.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },

    /// Make an OCI image of the packages in target/deb, without a daemon: target/oci, an OCI image layout.
    ///
    ///   cargo xtask deb && cargo xtask oci --test
    ///   skopeo copy --all oci:target/oci:0.1.0 docker://registry.example/weir:0.1.0
    #[command(verbatim_doc_comment)]
    Oci(OciArgs),

    /// Check what is packaged: shell scripts, Kubernetes' objects, the Dockerfile.
    CheckPackaging,

    /// Do everything that must hold before a change is merged: .ci/run.
    Ci,

    /// Make the Debian packages, and say what they take.
    ///
    ///   cargo xtask deb                        amd64, arm64 and armhf
    ///   cargo xtask deb --arch arm64           for a Raspberry Pi with a 64-bit system
    ///
    /// The first time takes an hour for each architecture on two cores: everything is optimised as one program.
    #[command(verbatim_doc_comment)]
    Deb(DebArgs),

    /// Put the packages of target/deb into a signed repository, which machines upgrade from; older versions stay in it.
    ///
    ///   cargo xtask apt-repo /srv/apt --key packages@example.org --url "$URL"
    ///
    /// The folder may be served by any web server. The two lines that a machine needs are printed.
    #[command(verbatim_doc_comment)]
    AptRepo(AptRepoArgs),

    /// Test the packages in clean Debian roots: install, run, upgrade, remove, purge. Needs root.
    ///
    ///   cargo xtask test-deb                        builds all three, then tests them on Debian 12 (amd64: and 13)
    ///   cargo xtask test-deb --no-build --arch armhf     the one in target/deb, under qemu
    ///
    /// Roots are made once (target/roots). Each scenario has namespaces of its own; this machine is not touched.
    #[command(verbatim_doc_comment)]
    TestDeb(TestDebArgs),

    /// Install what building needs: Rust's wasm targets, a C compiler, libclang. The other commands do this themselves.
    Prepare {
        /// Also what `test` needs: Mosquitto (no service is started) and its clients, an emulated chip.
        #[arg(long)]
        test: bool,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_demo_gets_its_own_flags_with_and_without_dashes() {
        for line in [
            ["xtask", "demo", "--seconds", "20", "--json"].as_slice(),
            &["xtask", "demo", "--", "--seconds", "20", "--json"],
        ] {
            let Command::Demo { args } = Cli::parse_from(line).command else {
                panic!("not the demo");
            };
            assert_eq!(args, ["--seconds", "20", "--json"]);
        }
    }
}
