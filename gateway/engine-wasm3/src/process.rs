use std::{
    io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::wire;

/// One worker's process. It is killed and reaped when it is dropped.
pub(crate) struct Worker(Child);

impl Worker {
    /// Starts a worker, and gives the gateway's end of the socket that is the worker's standard input. It inherits
    /// nothing else: no environment, no folder, no other file.
    pub(crate) fn start(program: &Path) -> io::Result<(Self, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = Command::new(program)
            .arg(wire::SERVE)
            .env_clear()
            .current_dir("/")
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok((Self(child), ours))
    }

    /// Ends the process, and says how it ended: by itself before, or now, by SIGKILL.
    pub(crate) fn end(&mut self) -> String {
        let killed = self.0.kill();
        match killed.and_then(|()| self.0.wait()) {
            Ok(status) => status.to_string(),
            Err(error) => format!("its end is not known: {error}"),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}
