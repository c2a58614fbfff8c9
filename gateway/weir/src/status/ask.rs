//! The side that asks.

use std::{
    io::{self, ErrorKind, Read},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use weir_health::{NodeState, Status};

use super::{document::bare, next::step};

/// The largest document that is read: a node has 1024 pipelines at most.
const STATUS_BYTES_MAX: u64 = 16 << 20;
/// How long a node may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What came of asking.
pub(crate) enum Asked {
    /// A node answered.
    Answered(Box<Status>),
    /// None did, and why.
    Not(Box<Status>),
}

impl Asked {
    pub(crate) fn status(&self) -> &Status {
        match self {
            Self::Answered(status) | Self::Not(status) => status,
        }
    }
}

/// Asks the node at the first of these places where there is one.
pub(crate) fn ask(places: &[PathBuf]) -> Asked {
    for place in places {
        match answer(place) {
            Ok(status) => return Asked::Answered(Box::new(status)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Asked::Not(Box::new(fault(place, &error))),
        }
    }
    Asked::Not(Box::new(not_running(places)))
}

fn answer(place: &Path) -> io::Result<Status> {
    let mut stream = UnixStream::connect(place)?;
    let until = Instant::now() + ANSWER_WITHIN;
    let (mut text, mut part) = (Vec::new(), [0; 8192]);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let read = stream.read(&mut part)?;
        if read == 0 {
            break;
        }
        text.extend_from_slice(&part[..read]);
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > STATUS_BYTES_MAX {
            return Err(ErrorKind::FileTooLarge.into());
        }
    }
    Ok(serde_json::from_slice(&text)?)
}

fn not_running(places: &[PathBuf]) -> Status {
    let places: Vec<_> = places
        .iter()
        .map(|place| place.display().to_string())
        .collect();
    let words = match places.as_slice() {
        [] => "no node can be asked: node.status_socket turns it off".to_owned(),
        places => format!("no node runs (nobody answers at {})", places.join(", ")),
    };
    let next = match Path::new("/run/systemd/system").is_dir() {
        true => vec![
            step(
                "See whether the service was started, and why it ended",
                "systemctl status weir",
            ),
            step("Its last lines", "journalctl -u weir -e -p warning"),
            step("What it would refuse", "sudo weir check"),
        ],
        false => vec![step("Start it", "weir run")],
    };
    Status {
        words,
        next,
        ..bare(NodeState::NotRunning)
    }
}

/// There is a socket, and no answer.
fn fault(place: &Path, error: &io::Error) -> Status {
    let place = place.display();
    let kind = error.kind();
    if kind == ErrorKind::PermissionDenied {
        return Status {
            words: format!("only root and the group of the node may ask it ({place})"),
            next: vec![step("Ask as root", "sudo weir status")],
            ..bare(NodeState::NotRunning)
        };
    }
    if kind == ErrorKind::ConnectionRefused {
        return Status {
            words: format!("the node has ended without a word ({place} is left of it)"),
            ..not_running(&[])
        };
    }
    Status {
        words: format!("the node does not answer at {place}: {error}"),
        next: vec![step("Its last lines", "journalctl -u weir -e")],
        ..bare(NodeState::NotRunning)
    }
}
