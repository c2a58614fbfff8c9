//! The settings of a broker as a session takes them.

use std::{net::IpAddr, time::Duration};

use bytes::Bytes;
use weir_mqtt::{
    ClientIdentity, Credentials, Endpoint, Grant, LinkState, Presence, Protocol, SessionConfig,
    Subscription, Tls,
};
use weir_pipeline::{Router, topics};
use weir_profile::{BrokerSettings, BrokerUrl, Settings};
use weir_transport::QoS;

use crate::telemetry::Broker;

/// What a node says of itself on its status topic.
pub(crate) const ONLINE: &[u8] = b"online";
/// What the broker says when the node is gone.
pub(crate) const OFFLINE: &[u8] = b"offline";

/// A session for a node: its subscriptions, its limits, its status. `embedded` is the port of Weir's own broker.
pub(crate) fn session(
    settings: &Settings,
    router: &Router,
    embedded: Option<u16>,
) -> SessionConfig {
    let subscriptions = router.subscriptions().iter().map(|wanted| Subscription {
        filter: wanted.filter.clone(),
        qos: QoS::AtLeastOnce,
        retained: wanted.retained,
    });
    SessionConfig {
        subscriptions: subscriptions.collect(),
        presence: Some(Presence {
            topic: topics::status(&settings.node.root, &settings.node.name),
            online: Bytes::from_static(ONLINE),
            offline: Bytes::from_static(OFFLINE),
        }),
        ..connection(&settings.broker, embedded)
    }
}

/// The connection alone, subscribed to nothing: what `weir check` tries.
pub(crate) fn connection(broker: &BrokerSettings, embedded: Option<u16>) -> SessionConfig {
    let protocol = if broker.mqtt_5 {
        Protocol::V5
    } else {
        Protocol::V311
    };
    let credentials = broker.credentials.clone();
    SessionConfig {
        credentials: credentials.map(|(username, password)| Credentials { username, password }),
        protocol,
        receive_max: broker.receive_max,
        packet_bytes_max: broker.packet_bytes_max,
        session_expiry: broker.session_expiry,
        keep_alive: broker.keep_alive,
        unsettled_max_age: broker.unsettled_age_max,
        outbox_messages_max: broker.outbox_messages_max,
        ..SessionConfig::new(endpoint(broker, embedded), broker.client_id.clone())
    }
}

/// The broker of a session, without what is secret.
pub(crate) fn broker(session: &SessionConfig, settings: &BrokerSettings) -> Broker {
    let Endpoint { host, port, tls } = &session.endpoint;
    let scheme = if tls.is_some() { "mqtts" } else { "mqtt" };
    let address = host.parse::<IpAddr>();
    Broker {
        url: match &address {
            Ok(IpAddr::V6(address)) => format!("{scheme}://[{address}]:{port}"),
            Ok(IpAddr::V4(_)) | Err(_) => format!("{scheme}://{host}:{port}"),
        },
        embedded: settings.url == BrokerUrl::Embedded,
        here: host == "localhost" || address.is_ok_and(|address| address.is_loopback()),
        user: settings.credentials.is_some(),
    }
}

/// A session of the demo's own, on Weir's own broker.
pub(crate) fn local(port: u16, client_id: &str) -> SessionConfig {
    SessionConfig {
        receive_max: 1_000,
        unsettled_max_age: Duration::from_secs(60),
        ..SessionConfig::new(Endpoint::tcp("127.0.0.1", port), client_id)
    }
}

/// Whether every subscription is in force.
pub(crate) fn all_granted(state: &LinkState) -> bool {
    state
        .subscriptions
        .iter()
        .all(|subscription| matches!(subscription.grant, Grant::Granted(_)))
}

fn endpoint(broker: &BrokerSettings, embedded: Option<u16>) -> Endpoint {
    let (host, port, tls) = match &broker.url {
        BrokerUrl::Embedded => ("127.0.0.1", embedded.unwrap_or(1884), false),
        BrokerUrl::Remote { host, port, tls } => (host.as_str(), *port, *tls),
    };
    let client = broker.client_certificate.clone();
    let tls = tls.then(|| Tls {
        ca_file: broker.ca_file.clone(),
        client: client.map(|(certificate_file, key_file)| ClientIdentity {
            certificate_file,
            key_file,
        }),
        server_name: None,
    });
    Endpoint {
        tls,
        ..Endpoint::tcp(host, port)
    }
}
