use std::{io, os::fd::AsRawFd, ptr, time::Duration};

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum For {
    /// Something to read, or the other end's end.
    Reading,
    /// Room to write, or the other end's end.
    Writing,
}

/// Waits until a socket is ready, so long at most, and says whether it is: to the microsecond, where a socket's own time limit ends with a
/// tick of the kernel's clock.
#[expect(
    unsafe_code,
    reason = "the standard library has no poll, and rustix's is a feature that Wasmtime's build would have to carry"
)]
pub(crate) fn ready(socket: &impl AsRawFd, what: For, most: Duration) -> io::Result<bool> {
    let mut waited = libc::pollfd {
        fd: socket.as_raw_fd(),
        events: match what {
            For::Reading => libc::POLLIN,
            For::Writing => libc::POLLOUT,
        },
        revents: 0,
    };
    let most = libc::timespec {
        tv_sec: most.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: most.subsec_nanos().cast_signed().into(),
    };
    // SAFETY: both point at one value of the type, which lives until the call returns; without a mask, no signal's
    // handling changes.
    let found = unsafe { libc::ppoll(&raw mut waited, 1, &raw const most, ptr::null()) };
    if found < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(found > 0)
}

#[cfg(test)]
mod tests {
    use std::{io::Write, os::unix::net::UnixStream};

    use super::*;

    #[test]
    fn it_returns_once_the_socket_is_ready() {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        let long = Duration::from_secs(1000);
        assert!(ready(&ours, For::Writing, long).expect("there is room"));
        theirs.write_all(b"here").expect("written");
        assert!(ready(&ours, For::Reading, long).expect("there is something"));
        drop(theirs);
        assert!(ready(&ours, For::Reading, long).expect("an end is something"));
    }

    #[test]
    fn it_returns_once_the_time_is_over() {
        let (ours, _theirs) = UnixStream::pair().expect("a pair");
        let short = Duration::from_micros(1);
        assert!(!ready(&ours, For::Reading, short).expect("no fault"));
    }
}
