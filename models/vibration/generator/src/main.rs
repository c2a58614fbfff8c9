//! Writes labelled windows of pump vibration for the training scripts.

mod npy;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use npy::{Element, write_f32, write_header};
use vibration_generator::{BANDS, Condition, Split, WINDOW, bands};

const USAGE: &str = "\
usage: vibration-generator <windows|bands> --split <train|validation|test|demo> --per-class <N> --out <DIR>

  windows   DIR/windows.npy: f32 [4 N, 3, 128], ax, ay and az in g at 400 Hz
  bands     DIR/bands.npy:   f32 [4 N, 32], logarithms of the energy in 32 bands
  both      DIR/labels.npy:  u8 [4 N], 0 normal, 1 imbalance, 2 bearing_fault, 3 looseness";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let order = match Order::parse(&arguments) {
        Ok(order) => order,
        Err(fault) => {
            eprintln!("vibration-generator: {fault}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match order.write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!(
                "vibration-generator: failed to write to {}: {fault}",
                order.out.display()
            );
            ExitCode::FAILURE
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Features {
    Windows,
    Bands,
}

#[derive(Debug)]
struct Order {
    features: Features,
    split: Split,
    per_class: u32,
    out: PathBuf,
}

impl Order {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let (features, flags) = arguments.split_first().ok_or("what shall it write?")?;
        let features = match features.as_str() {
            "windows" => Features::Windows,
            "bands" => Features::Bands,
            other => return Err(format!("{other:?} is neither windows nor bands")),
        };
        let (mut split, mut per_class, mut out) = (None, None, None);
        for pair in flags.chunks(2) {
            let [flag, value] = pair else {
                return Err(format!("{} has no value", pair[0]));
            };
            match flag.as_str() {
                "--split" => {
                    split = Some(value.parse().map_err(|fault| format!("--split: {fault}"))?)
                }
                "--per-class" => per_class = Some(count(value)?),
                "--out" => out = Some(PathBuf::from(value)),
                other => return Err(format!("unknown flag {other}")),
            }
        }
        Ok(Self {
            features,
            split: split.ok_or("--split is missing")?,
            per_class: per_class.ok_or("--per-class is missing")?,
            out: out.ok_or("--out is missing")?,
        })
    }

    fn write(&self) -> io::Result<()> {
        fs::create_dir_all(&self.out)?;
        let rows =
            usize::try_from(self.per_class).map_err(io::Error::other)? * Condition::ALL.len();
        let (name, shape) = match self.features {
            Features::Windows => ("windows.npy", vec![rows, 3, WINDOW]),
            Features::Bands => ("bands.npy", vec![rows, BANDS]),
        };
        let mut values = create(&self.out.join(name))?;
        let mut labels = create(&self.out.join("labels.npy"))?;
        write_header(&mut values, Element::F32, &shape)?;
        write_header(&mut labels, Element::U8, &[rows])?;
        for number in 0..self.per_class {
            for condition in Condition::ALL {
                self.write_one(&mut values, condition, number)?;
                labels.write_all(&[condition.class()])?;
            }
        }
        values.flush()?;
        labels.flush()
    }

    fn write_one(&self, to: &mut impl Write, condition: Condition, number: u32) -> io::Result<()> {
        let window = self.split.window(condition, number);
        match self.features {
            Features::Windows => {
                (0..3).try_for_each(|axis| write_f32(to, window.iter().map(|sample| sample[axis])))
            }
            Features::Bands => write_f32(to, bands(&window)),
        }
    }
}

fn count(value: &str) -> Result<u32, String> {
    match value.parse() {
        Ok(count) if (1..=1_000_000).contains(&count) => Ok(count),
        _ => Err(format!(
            "--per-class: {value:?} is not a number from 1 to 1000000"
        )),
    }
}

fn create(path: &Path) -> io::Result<BufWriter<File>> {
    File::create(path).map(BufWriter::new)
}

#[cfg(test)]
mod tests {
    use super::{Features, Order};
    use vibration_generator::Split;

    fn parse(line: &str) -> Result<Order, String> {
        Order::parse(
            &line
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn an_order_is_read_from_the_command_line() {
        let order = parse("bands --per-class 5 --split test --out there").unwrap();
        assert_eq!(
            (order.features, order.split, order.per_class),
            (Features::Bands, Split::Test, 5)
        );
    }

    #[test]
    fn a_fault_in_the_command_line_is_named() {
        for (line, named) in [
            ("", "what"),
            ("sounds", "sounds"),
            ("windows --split", "--split has no value"),
            ("windows --split tset", "tset"),
            ("windows --split test --per-class 0", "--per-class"),
            ("windows --split test --per-class 1", "--out is missing"),
            ("windows --colour red", "--colour"),
        ] {
            let fault = parse(line).unwrap_err();
            assert!(fault.contains(named), "{line:?}: {fault}");
        }
    }
}
