use std::{fs, io, os::fd::BorrowedFd};

use rustix::net::sockopt;

/// Sets `TCP_NODELAY` on the sockets that this process listens on; on Linux, what they accept inherits it.
///
/// rumqttd neither sets it nor lets its listeners be reached. Without it every small packet waits for the client's
/// delayed acknowledgement: 40 ms in place of 40 µs. Returns how many sockets were found.
pub(crate) fn on_listeners() -> io::Result<usize> {
    let mut found = 0;
    for entry in fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        #[expect(
            unsafe_code,
            reason = "the listeners belong to rumqttd, which hands out no handle"
        )]
        // SAFETY: the descriptor was listed just now and is borrowed for two calls that only look at and set options
        // of a socket; the listeners among them stay open as long as the process lives.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        if sockopt::socket_acceptconn(descriptor).unwrap_or(false)
            && sockopt::set_tcp_nodelay(descriptor, true).is_ok()
        {
            found += 1;
        }
    }
    Ok(found)
}
