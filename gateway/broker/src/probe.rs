use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// CONNECT of MQTT 5 and 3.1.1: a clean session, keep-alive 10 s, client id `weir-probe`.
const CONNECT_V5: &[u8] = b"\x10\x17\0\x04MQTT\x05\x02\0\x0a\0\0\x0aweir-probe";
const CONNECT_V4: &[u8] = b"\x10\x16\0\x04MQTT\x04\x02\0\x0a\0\x0aweir-probe";
const DISCONNECT: &[u8] = &[0xE0, 0];

/// Why a broker does not seem to live.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// It cannot be reached, or says nothing in time.
    #[error("no answer from {address}")]
    Silent {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// It does not accept a connection.
    #[error("{address} refuses a connection")]
    Refused {
        /// Where.
        address: SocketAddr,
    },
}

/// Asks a broker for a connection, as any client would. Blocks for `patience` at most, twice.
///
/// # Errors
/// Fails where no acceptance comes in time.
pub fn probe(address: SocketAddr, v5: bool, patience: Duration) -> Result<(), ProbeError> {
    let connect = if v5 { CONNECT_V5 } else { CONNECT_V4 };
    let answer =
        ask(address, connect, patience).map_err(|cause| ProbeError::Silent { address, cause })?;
    match answer {
        [0x20, _, _, 0] => Ok(()),
        _ => Err(ProbeError::Refused { address }),
    }
}

fn ask(address: SocketAddr, connect: &[u8], patience: Duration) -> io::Result<[u8; 4]> {
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.write_all(connect)?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer)?;
    stream.write_all(DISCONNECT)?;
    Ok(answer)
}
