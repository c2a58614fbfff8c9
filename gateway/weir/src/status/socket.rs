//! The node's side of the socket: one document for each connection, then it is closed. A thread of its own answers, so
//! that a node whose network or guests are stuck still says so.

use std::{
    fs::{self, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::document::{Board, Reader};
use crate::engines::Absent;

/// Who may ask: the owner and the group of the node.
const MODE: u32 = 0o660;
/// How long a document is given to those who ask: many questions cost the node no more than few.
const FRESH: Duration = Duration::from_millis(250);
/// How long one who asks may take to read.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// The socket, answered until the process ends. Dropping it removes its file.
pub(crate) struct Socket(PathBuf);

impl Socket {
    /// Listens at the first of these places that can be used. That none can is no reason not to run.
    pub(crate) fn open(
        places: &[PathBuf],
        board: &Board,
        started: Instant,
        absent: Vec<Absent>,
    ) -> Option<Self> {
        let mut faults = Vec::new();
        for place in places {
            match listen(place) {
                Ok(listener) => {
                    let reader = Reader::new(board.clone(), started, absent);
                    return answer(listener, reader, place);
                }
                Err(error) => faults.push(format!("{}: {error}", place.display())),
            }
        }
        if !faults.is_empty() {
            tracing::info!(
                "`weir status` cannot ask this node ({}): name a place in node.status_socket",
                faults.join("; ")
            );
        }
        None
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::debug!("{} stays: {error}", self.0.display());
        }
    }
}

/// Takes the place of a node that has ended, never that of one that runs.
fn listen(place: &Path) -> io::Result<UnixListener> {
    if let Some(folder) = place.parent().filter(|folder| is_ours(folder)) {
        fs::create_dir_all(folder)?;
    }
    match UnixStream::connect(place) {
        Ok(_) => {
            return Err(io::Error::new(
                ErrorKind::AddrInUse,
                "another node answers there",
            ));
        }
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            let is_socket = fs::symlink_metadata(place)?.file_type().is_socket();
            if is_socket {
                fs::remove_file(place)?;
            }
        }
        Err(_) => {}
    }
    let listener = UnixListener::bind(place)?;
    fs::set_permissions(place, Permissions::from_mode(MODE))?;
    Ok(listener)
}

/// Whether a folder is Weir's own, inside one that is there.
fn is_ours(folder: &Path) -> bool {
    folder.ends_with("weir") && folder.parent().is_some_and(Path::is_dir)
}

fn answer(listener: UnixListener, mut reader: Reader, place: &Path) -> Option<Socket> {
    let socket = Socket(place.to_owned());
    let spawned = thread::Builder::new()
        .name("status".to_owned())
        .spawn(move || {
            let mut fresh: Option<(Instant, Vec<u8>)> = None;
            for asking in listener.incoming() {
                let document = match fresh.take() {
                    Some((made, document)) if made.elapsed() < FRESH => (made, document),
                    Some(_) | None => {
                        let document = serde_json::to_vec(&reader.read());
                        let document = document.expect("a status document is plain JSON");
                        (Instant::now(), document)
                    }
                };
                let given = asking.and_then(|asking| give(&asking, &document.1));
                if let Err(error) = given {
                    tracing::debug!("nobody reads the status: {error}");
                }
                fresh = Some(document);
            }
        });
    match spawned {
        Ok(_) => Some(socket),
        Err(error) => {
            tracing::warn!("nobody answers `weir status`: {error}");
            None
        }
    }
}

/// Writes it all, or as much as is read in time.
fn give(mut asking: &UnixStream, document: &[u8]) -> io::Result<()> {
    let until = Instant::now() + READ_WITHIN;
    let mut left = document;
    while !left.is_empty() {
        let time = until.saturating_duration_since(Instant::now());
        if time.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        asking.set_write_timeout(Some(time))?;
        let written = asking.write(left)?;
        left = &left[written..];
    }
    Ok(())
}
