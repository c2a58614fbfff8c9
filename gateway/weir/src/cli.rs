//! The command line: what can be asked of `weir`.

mod manual;
mod model;
mod setup;
mod status;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use manual::{CompletionsArgs, ManArgs};
#[cfg(target_pointer_width = "64")]
pub(crate) use model::RangeName;
pub(crate) use model::{ModelCommand, ModelEvaluateArgs, ModelInspectArgs, ModelPackArgs};
pub(crate) use setup::{Example, SetupArgs};
pub(crate) use status::StatusArgs;

/// Weir turns MQTT sensor topics into inference-result topics.
///
/// It subscribes to sensors, runs a sandboxed WebAssembly guest on each payload, and publishes results, rejects
/// and its own health.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = format!("{FIRST_STEPS}\n\n{EXIT_CODES}"), max_term_width = 100)]
pub(crate) struct Cli {
    /// Lines to log: off, error, warn, info, debug, trace, or a filter such as weir_mqtt=debug. `run` logs info, other
    /// commands what is wrong.
    #[arg(long, global = true, env = "WEIR_LOG")]
    pub(crate) log: Option<String>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What an installer does first, below its heading.
pub(crate) const FIRST_STEPS: &str = "\
First steps:
  weir demo                    look at it: simulated pumps, no sensor needed
  sudo weir setup              ask for broker, name and first pipeline; write the configuration
  sudo weir status             what the service does, and what to do next
  weir explain PIPELINE        which engine runs a pipeline, and each limit
  weir test PIPELINE -i FILE   a payload of yours through it, without a broker
  weir check                   after each change of the configuration; then: sudo systemctl restart weir";

/// Below its heading, one line for each.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed while running (broker process, network, disk)
  2  the command line is wrong
  3  the configuration, a device profile, a guest or a model is refused; each finding names file and key
  4  the work was done, but something was lost or did not match (demo, guest test)";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set this node up: broker, name, password, first pipeline. Asks for what no option says.
    ///
    /// Writes a configuration that explains every key, keeps what it replaces, checks it and sends a test message. With
    /// `--broker local` it also writes three files for Mosquitto (conf.d/weir.conf, weir.acl, weir.passwords): a listener
    /// for the network, and a user with a password for each sensor, for dashboards and for Weir. Nothing that others wrote
    /// is changed. Without questions: weir setup --broker local --sensor pump-1 --example vibration --yes
    Setup(Box<SetupArgs>),
    /// Ask the running node how it is: broker, pipelines, last results, rejects, and what to do next.
    ///
    /// Exit code 0 where all is well (a node without a pipeline is well), 1 where no node answers or something is to be
    /// mended.
    Status(StatusArgs),
    /// Run the node: subscribe, infer, publish, until SIGTERM or Ctrl-C, then drain.
    ///
    /// Guests of the engine wasm3 run in processes of their own, the program weir-wasm3. It is looked for beside weir,
    /// then in ../lib/weir from there; the environment variable WEIR_WASM3 names another place.
    Run(RunArgs),
    /// Check configuration, device profiles, guests, models and the broker; say what to mend.
    Check(CheckArgs),
    /// Show how a pipeline is resolved: device profile, engine and why, each limit and where it comes from.
    Explain(ExplainArgs),
    /// Put one payload through a pipeline without a broker: payload, tensors, result.
    Test(TestArgs),
    /// Look into guests and run them by hand.
    #[command(subcommand)]
    Guest(GuestCommand),
    /// Look into models, pack ONNX models for microcontrollers, measure them.
    #[command(subcommand)]
    Model(ModelCommand),
    /// Watch pumps being diagnosed: own broker, simulated sensors, every engine on the same stream.
    Demo(DemoArgs),
    /// Run only the embedded broker (a memory-only broker for trying out; see broker-config/).
    Broker(BrokerArgs),
    /// Print a JSON schema: config, profile, result, reject, health or status.
    Schema(SchemaArgs),
    /// Print what a shell needs to complete weir's commands and options.
    Completions(CompletionsArgs),
    /// Write the man pages.
    #[command(hide = true)]
    Man(ManArgs),
    /// Compile one guest for the weir that started this, within limits.
    #[command(name = crate::engines::COMPILE_COMMAND, hide = true)]
    CompileGuest,
}

#[derive(Debug, Args, Clone)]
pub(crate) struct ConfigArgs {
    /// The configuration; files in the conf.d folder beside it add to it.
    #[arg(
        short,
        long,
        env = "WEIR_CONFIG",
        default_value = "/etc/weir/weir.toml"
    )]
    pub(crate) config: PathBuf,

    /// Set one key over everything else, for example --set broker.url=mqtt://10.0.0.5.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,

    /// Find out where guests on Wasmtime spend their time; docs/profiling.md says how to read it.
    #[arg(long, value_enum)]
    pub(crate) profile: Option<ProfileKind>,

    /// Where the profiles of guests go when the node stops: `<guest>-<number>.profile.json`.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub(crate) profile_folder: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ProfileKind {
    /// Tell perf the functions of guests (/tmp/perf-PID.map), for `perf record` of the whole node.
    Perf,
    /// Look up every millisecond where a guest is; written as Firefox profiles when the node stops.
    Guest,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,

    /// Leave the broker out: for use before the service starts, when the network may not be up.
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The pipeline's name in the configuration.
    pub(crate) pipeline: String,

    /// Explain it for this device (a device may have a profile of its own).
    #[arg(long)]
    pub(crate) device: Option<String>,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The pipeline's name in the configuration.
    pub(crate) pipeline: String,

    /// The payload; `-` reads standard input. Where the pipeline has a window: one payload per line.
    #[arg(short, long, value_name = "FILE|-")]
    pub(crate) input: PathBuf,

    /// The device that the payload is said to come from.
    #[arg(long, default_value = "test-device")]
    pub(crate) device: String,

    /// The model that the message names by its user property `model_id`, where the pipeline has several.
    #[arg(long, value_name = "MODEL")]
    pub(crate) model_id: Option<String>,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GuestCommand {
    /// Show what a guest is and needs: manifest, imports, memory, and which device profiles accept it.
    Inspect(GuestInspectArgs),
    /// Run a guest on a model's golden inputs (or on zeros) on every engine here and compare the outputs.
    Test(GuestTestArgs),
}

#[derive(Debug, Args)]
pub(crate) struct GuestInspectArgs {
    /// A guest's name, or a .wasm file.
    pub(crate) guest: String,

    #[command(flatten)]
    pub(crate) config: OptionalConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GuestTestArgs {
    /// A guest's name, or a .wasm file.
    pub(crate) guest: String,

    /// The model to load into it.
    #[arg(long)]
    pub(crate) model: Option<String>,

    /// The device profile whose limits apply.
    #[arg(long, default_value = "edge-server")]
    pub(crate) profile: String,

    #[command(flatten)]
    pub(crate) config: OptionalConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OptionalConfigArgs {
    /// A configuration whose paths say where guests, models and profiles lie; else the usual folders.
    #[arg(short, long, env = "WEIR_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Stop by itself this many seconds after the pipelines are ready.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: Option<u64>,

    /// Print one JSON object as the last line instead of the live table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Default, Args)]
pub(crate) struct BrokerArgs {
    /// The port for MQTT 5, on loopback; any that is free unless stated.
    #[arg(long)]
    pub(crate) port: Option<u16>,

    /// A second port, for MQTT 3.1.1.
    #[arg(long)]
    pub(crate) v311_port: Option<u16>,

    /// Be the broker itself instead of its supervisor, and end when standard input ends.
    #[arg(long, hide = true, requires = "port")]
    pub(crate) child: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which one.
    #[arg(value_enum)]
    pub(crate) document: SchemaName,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum SchemaName {
    Config,
    Profile,
    Result,
    Reject,
    Health,
    Status,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("{text:?} is not of the form key=value"))
}
