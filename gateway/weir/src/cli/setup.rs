use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    /// The configuration that is written; conf.d and credentials lie beside it.
    #[arg(
        short,
        long,
        env = "WEIR_CONFIG",
        default_value = "/etc/weir/weir.toml"
    )]
    pub(crate) config: PathBuf,

    /// `local`: Mosquitto on this machine, set up for sensors of the network; `embedded`: Weir's own, on this machine
    /// only, for trying out; or the address of another: mqtt://host:1883, mqtts://host:8883.
    #[arg(long, value_name = "local|embedded|URL", help_heading = BROKER)]
    pub(crate) broker: Option<String>,

    /// The node's user at the broker; with `local` it is weir.
    #[arg(long, help_heading = BROKER)]
    pub(crate) username: Option<String>,

    /// A file that holds the password in one line; it is copied into the folder credentials.
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin", help_heading = BROKER)]
    pub(crate) password_file: Option<PathBuf>,

    /// Read the password from standard input, one line.
    #[arg(long, help_heading = BROKER)]
    pub(crate) password_stdin: bool,

    /// Certificate authorities (PEM) for mqtts://, in place of the system's.
    #[arg(long, value_name = "FILE", help_heading = BROKER)]
    pub(crate) ca_file: Option<PathBuf>,

    /// With `local`: a sensor that gets a user of its name and a password; once for each.
    #[arg(long, value_name = "DEVICE", help_heading = BROKER)]
    pub(crate) sensor: Vec<String>,

    /// With `local`: the port that sensors reach.
    #[arg(long, value_name = "PORT", default_value_t = 1883, value_parser = clap::value_parser!(u16).range(1..), help_heading = BROKER)]
    pub(crate) mosquitto_port: u16,

    /// With `local`: where Mosquitto has its files.
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "/etc/mosquitto",
        help_heading = BROKER
    )]
    pub(crate) mosquitto_folder: PathBuf,

    /// The node's name, a segment of its topics. Default: the host's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) node_name: Option<String>,

    /// Leave the configuration as it is and only add a pipeline, as `conf.d/<pipeline>.toml`.
    #[arg(long)]
    pub(crate) add: bool,

    /// The pipeline to begin with.
    #[arg(long, value_enum, help_heading = PIPELINE)]
    pub(crate) example: Option<Example>,

    /// The pipeline's name.
    #[arg(long, value_name = "NAME", help_heading = PIPELINE)]
    pub(crate) pipeline: Option<String>,

    /// The topics that it takes; the segment {device} names the device.
    #[arg(long, value_name = "FILTER", help_heading = PIPELINE)]
    pub(crate) topic: Option<String>,

    /// The device profile. Default: that of this machine.
    #[arg(long, help_heading = PIPELINE)]
    pub(crate) profile: Option<String>,

    /// The guest, for a pipeline that is no example.
    #[arg(long, help_heading = PIPELINE)]
    pub(crate) guest: Option<String>,

    /// The model, where the guest loads one.
    #[arg(long, help_heading = PIPELINE)]
    pub(crate) model: Option<String>,

    /// Where a value stands in the JSON payload, by JSON pointer such as /value; once for each channel, in order.
    #[arg(long, value_name = "POINTER", help_heading = PIPELINE)]
    pub(crate) field: Vec<String>,

    /// A factor for every value, such as 0.001.
    #[arg(long, help_heading = PIPELINE)]
    pub(crate) scale: Option<f64>,

    /// Samples that the guest looks at together.
    #[arg(long, value_name = "SAMPLES", help_heading = PIPELINE)]
    pub(crate) window: Option<u32>,

    /// Ask nothing: take the defaults of what no option says, and write.
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// Only show what would be written.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Restart no service.
    #[arg(long)]
    pub(crate) no_restart: bool,

    /// Send a test message at the end.
    #[arg(long)]
    pub(crate) test_message: bool,
}

const BROKER: &str = "Broker";
const PIPELINE: &str = "First pipeline";

/// A pipeline that works with what is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Example {
    /// Tells the condition of a pump by its vibration: JSON with ax, ay and az in thousandths of g, 400 a second.
    Vibration,
    /// Scores how unusual a number in a JSON payload is for its device.
    Anomaly,
    /// No pipeline yet.
    None,
}
