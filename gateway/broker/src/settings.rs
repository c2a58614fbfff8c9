use std::net::{Ipv4Addr, SocketAddr};

use rumqttd::Config;

/// The configuration file, as it is documented and shipped.
const FILE: &str = include_str!("../../../broker-config/rumqttd.toml");

/// Where the broker listens, on the loopback interface: it knows no users and no access rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenConfig {
    /// Port for MQTT 5.
    pub v5_port: u16,
    /// Port for MQTT 3.1.1; rumqttd cannot speak both on one.
    pub v4_port: Option<u16>,
}

impl ListenConfig {
    pub(crate) fn v5(self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.v5_port).into()
    }

    pub(crate) fn v4(self) -> Option<SocketAddr> {
        self.v4_port.map(|port| (Ipv4Addr::LOCALHOST, port).into())
    }

    pub(crate) fn addresses(self) -> impl Iterator<Item = SocketAddr> {
        std::iter::once(self.v5()).chain(self.v4())
    }

    /// rumqttd's settings: the file, with these addresses.
    pub(crate) fn settings(self) -> Config {
        let mut config: Config =
            toml::from_str(FILE).expect("a test reads the file that is compiled in");
        for server in config
            .v5
            .iter_mut()
            .flat_map(|servers| servers.values_mut())
        {
            server.listen = self.v5();
        }
        match self.v4() {
            None => config.v4 = None,
            Some(address) => {
                for server in config
                    .v4
                    .iter_mut()
                    .flat_map(|servers| servers.values_mut())
                {
                    server.listen = address;
                }
            }
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_is_read_and_its_addresses_replaced() {
        let both = ListenConfig {
            v5_port: 7001,
            v4_port: Some(7002),
        };
        let config = both.settings();
        assert_eq!(config.v5.unwrap()["weir"].listen, both.v5());
        assert_eq!(Some(config.v4.unwrap()["weir"].listen), both.v4());
        let one = ListenConfig {
            v4_port: None,
            ..both
        };
        assert!(one.settings().v4.is_none());
    }

    #[test]
    fn nothing_but_mqtt_on_loopback_is_switched_on() {
        let config = ListenConfig {
            v5_port: 1,
            v4_port: None,
        }
        .settings();
        assert!(config.console.is_none() && config.ws.is_none() && config.bridge.is_none());
        assert!(config.prometheus.is_none() && config.cluster.is_none());
    }
}
