use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process,
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use rumqttd::{Broker, Config, ServerSettings};

/// What the process writes on standard output once it accepts connections, followed by the port of MQTT 5.
pub const READY: &str = "ready";

const CONFIGURATION: &str = include_str!("../../../broker-config/rumqttd.toml");
const LISTENS_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Where the broker listens, on loopback.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// MQTT 5.
    pub v5: u16,
    /// MQTT 3.1.1, where it is wanted.
    pub v311: Option<u16>,
}

/// Why the broker ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The shipped configuration is not rumqttd's.
    #[error("broker-config/rumqttd.toml is no configuration of the embedded broker")]
    Configuration(#[source] toml::de::Error),
    /// The port cannot be had.
    #[error("cannot listen on {address}; is another broker running? choose another port with --port")]
    Listen {
        /// Address and port.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It ended, which it never should.
    #[error("the embedded broker ended: {words}")]
    Ended {
        /// Its own words.
        words: String,
    },
    /// It does not listen.
    #[error("the embedded broker does not listen on {address}")]
    Deaf {
        /// Address and port.
        address: SocketAddr,
    },
    /// No thread, or nobody reads what it says.
    #[error("the embedded broker cannot start")]
    Start(#[source] io::Error),
}

/// Runs the broker in this process and does not return while it works. With `supervised` the process ends as soon as
/// standard input does, so that it never outlives its parent. Any panic ends the process with code 70.
///
/// # Errors
/// Fails where the port is taken or the broker ends.
pub fn serve(ports: Ports, supervised: bool) -> Result<(), ServeError> {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        process::exit(70);
    }));
    if supervised {
        thread::Builder::new()
            .name("parent".to_owned())
            .spawn(end_with_parent)
            .map_err(ServeError::Start)?;
    }
    let config = configuration(ports)?;
    let addresses = [Some(ports.v5), ports.v311];
    for address in addresses.into_iter().flatten().map(loopback) {
        TcpListener::bind(address).map_err(|cause| ServeError::Listen { address, cause })?;
    }
    let (ended, end) = sync_channel(1);
    thread::Builder::new()
        .name("broker".to_owned())
        .spawn(move || {
            let result = Broker::new(config).start();
            let words = result.map_or_else(|error| error.to_string(), |()| "no listener is left".to_owned());
            ended.send(words)
        })
        .map_err(ServeError::Start)?;
    let address = loopback(ports.v5);
    let begin = Instant::now();
    while TcpStream::connect(address).is_err() {
        match end.recv_timeout(LOOK_EVERY) {
            Ok(words) => return Err(ServeError::Ended { words }),
            Err(_) if begin.elapsed() > LISTENS_WITHIN => return Err(ServeError::Deaf { address }),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{READY} {}", ports.v5).and_then(|()| out.flush()).map_err(ServeError::Start)?;
    drop(out);
    let words = end.recv().unwrap_or_else(|_| "its thread is gone".to_owned());
    Err(ServeError::Ended { words })
}

fn end_with_parent() {
    let mut stdin = io::stdin().lock();
    let mut ignored = [0; 64];
    while stdin.read(&mut ignored).is_ok_and(|count| count > 0) {}
    process::exit(0);
}

fn configuration(ports: Ports) -> Result<Config, ServeError> {
    let mut config: Config = toml::from_str(CONFIGURATION).map_err(ServeError::Configuration)?;
    let listen = |servers: &mut std::collections::HashMap<String, ServerSettings>, port| {
        servers.values_mut().for_each(|server| server.listen = loopback(port));
    };
    if let Some(servers) = &mut config.v5 {
        listen(servers, ports.v5);
    }
    match (ports.v311, &mut config.v4) {
        (Some(port), Some(servers)) => listen(servers, port),
        _ => config.v4 = None,
    }
    Ok(config)
}

pub(crate) fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_configuration_listens_on_loopback_only() {
        let config = configuration(Ports { v5: 4711, v311: Some(4712) }).expect("is valid");
        let servers = [config.v5.unwrap(), config.v4.unwrap()];
        let mut listens: Vec<_> = servers.iter().flat_map(|map| map.values()).map(|s| s.listen).collect();
        listens.sort();
        assert_eq!(listens, [loopback(4711), loopback(4712)]);
        assert!(configuration(Ports { v5: 1, v311: None }).unwrap().v4.is_none());
    }
}
