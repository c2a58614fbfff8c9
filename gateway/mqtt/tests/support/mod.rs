//! A broker that does exactly what a test tells it, misbehaviour included. It keeps nothing and routes nothing: a test
//! plays the broker's part packet by packet. MQTT 5 unless a test writes bytes of its own.
#![allow(dead_code, reason = "every test file uses a part of it")]
#![allow(
    clippy::allow_attributes,
    reason = "what is unused differs from one test file to the next"
)]

use std::{collections::VecDeque, future::Future, net::SocketAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::{
    QoS,
    v5::{
        ConnAck, ConnAckProperties, Connect, ConnectReturnCode, Disconnect, DisconnectReasonCode,
        LastWill, Login, Packet, Publish, Subscribe,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use weir_mqtt::{Backoff, Endpoint, SessionConfig, Subscription};

/// The time that a whole test has; nothing in a test waits for it.
const TEST_TIME: Duration = Duration::from_secs(20);

/// Runs a test, and fails it where it hangs.
pub(crate) async fn within<T>(test: impl Future<Output = T>) -> T {
    timeout(TEST_TIME, test).await.expect("the test hangs")
}

/// A session with one subscription, that reconnects at once and gives up on nothing early.
pub(crate) fn config(broker: &Broker) -> SessionConfig {
    let endpoint = Endpoint::tcp(broker.address.ip().to_string(), broker.address.port());
    let mut config = SessionConfig::new(endpoint, "node");
    config.subscriptions = vec![Subscription {
        filter: "sensors/#".to_owned(),
        qos: weir_transport::QoS::AtLeastOnce,
        retained: false,
    }];
    config.backoff = Backoff {
        min: Duration::from_millis(1),
        max: Duration::from_millis(10),
    };
    config
}

/// The listening side.
pub(crate) struct Broker {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
    waiting: VecDeque<Peer>,
}

impl Broker {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self {
            listener,
            address,
            waiting: VecDeque::new(),
        }
    }

    /// The next connection, before a byte of it was read.
    pub(crate) async fn accept_raw(&self) -> TcpStream {
        let (stream, _) = self.listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// The next connection of the client whose id ends so, its CONNECT read and not answered.
    pub(crate) async fn accept(&mut self, id_ends: &str) -> Peer {
        loop {
            let mine = |peer: &Peer| peer.connect.client_id.ends_with(id_ends);
            if let Some(at) = self.waiting.iter().position(mine) {
                return self.waiting.remove(at).unwrap();
            }
            let stream = self.accept_raw().await;
            self.waiting.push_back(Peer::greeted(stream).await);
        }
    }

    /// The consuming connection, answered, its subscriptions granted.
    pub(crate) async fn consumer(&mut self, session_present: bool) -> Peer {
        let mut peer = self.accept("-in").await;
        peer.connack(session_present, None).await;
        peer.grant().await;
        peer
    }

    /// The publishing connection, answered.
    pub(crate) async fn publisher(&mut self) -> Peer {
        let mut peer = self.accept("-out").await;
        peer.connack(false, None).await;
        peer
    }
}

/// One connection, seen from the broker.
pub(crate) struct Peer {
    stream: TcpStream,
    buffer: BytesMut,
    pub(crate) connect: Connect,
    pub(crate) will: Option<LastWill>,
    pub(crate) login: Option<Login>,
}

impl Peer {
    async fn greeted(stream: TcpStream) -> Self {
        let connect = Connect {
            keep_alive: 0,
            client_id: String::new(),
            clean_start: false,
            properties: None,
        };
        let mut peer = Self {
            stream,
            buffer: BytesMut::new(),
            connect,
            will: None,
            login: None,
        };
        let Some(Packet::Connect(connect, will, login)) = peer.next().await else {
            panic!("no CONNECT");
        };
        (peer.connect, peer.will, peer.login) = (connect, will, login);
        peer
    }

    /// The next packet, pings answered and left out; none once the client has closed.
    pub(crate) async fn next(&mut self) -> Option<Packet> {
        loop {
            // The codec refuses a DISCONNECT without a body, which is the usual one.
            if self.buffer.starts_with(&[0xE0, 0]) {
                let _body = self.buffer.split_to(2);
                return Some(Packet::Disconnect(Disconnect::new(
                    DisconnectReasonCode::NormalDisconnection,
                )));
            }
            match Packet::read(&mut self.buffer, None) {
                Ok(Packet::PingReq(_)) => self.raw(&[0xD0, 0]).await,
                Ok(packet) => return Some(packet),
                Err(_) => match self.stream.read_buf(&mut self.buffer).await {
                    Ok(0) | Err(_) => return None,
                    Ok(_) => {}
                },
            }
        }
    }

    /// Whatever bytes.
    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Any packet.
    pub(crate) async fn send(&mut self, packet: Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None).unwrap();
        self.raw(&bytes).await;
    }

    /// A CONNACK with success.
    pub(crate) async fn connack(
        &mut self,
        session_present: bool,
        properties: Option<ConnAckProperties>,
    ) {
        self.send(Packet::ConnAck(ConnAck {
            session_present,
            code: ConnectReturnCode::Success,
            properties,
        }))
        .await;
    }

    pub(crate) async fn subscribe(&mut self) -> Subscribe {
        match self.next().await {
            Some(Packet::Subscribe(subscribe)) => subscribe,
            other => panic!("no SUBSCRIBE but {other:?}"),
        }
    }

    /// Grants the next SUBSCRIBE.
    pub(crate) async fn grant(&mut self) -> Subscribe {
        let subscribe = self.subscribe().await;
        self.suback(&subscribe, 1).await;
        subscribe
    }

    /// The same code for each filter.
    pub(crate) async fn suback(&mut self, subscribe: &Subscribe, code: u8) {
        let [high, low] = subscribe.pkid.to_be_bytes();
        let length = u8::try_from(3 + subscribe.filters.len()).unwrap();
        let mut bytes = vec![0x90, length, high, low, 0];
        bytes.extend(subscribe.filters.iter().map(|_| code));
        self.raw(&bytes).await;
    }

    /// A message at QoS 1, or at QoS 0 with the identifier 0.
    pub(crate) async fn publish(&mut self, topic: &str, pkid: u16) {
        self.send(Packet::Publish(message(topic, pkid))).await;
    }

    pub(crate) async fn published(&mut self) -> Publish {
        match self.next().await {
            Some(Packet::Publish(publish)) => publish,
            other => panic!("no PUBLISH but {other:?}"),
        }
    }

    pub(crate) async fn puback(&mut self, pkid: u16, code: u8) {
        let [high, low] = pkid.to_be_bytes();
        self.raw(&[0x40, 4, high, low, code, 0]).await;
    }

    /// The identifier of the next acknowledgement.
    pub(crate) async fn acknowledged(&mut self) -> u16 {
        match self.next().await {
            Some(Packet::PubAck(ack)) => ack.pkid,
            other => panic!("no PUBACK but {other:?}"),
        }
    }

    /// Reads to the end of the connection and says what came.
    pub(crate) async fn rest(&mut self) -> Vec<Packet> {
        let mut packets = Vec::new();
        while let Some(packet) = self.next().await {
            packets.push(packet);
        }
        packets
    }
}

/// A message as the broker sends it.
pub(crate) fn message(topic: &str, pkid: u16) -> Publish {
    let qos = match pkid {
        0 => QoS::AtMostOnce,
        _ => QoS::AtLeastOnce,
    };
    let mut publish = Publish::new(topic, qos, Bytes::from_static(b"1"), None);
    publish.pkid = pkid;
    publish
}

/// A CONNACK's properties with nothing in them.
pub(crate) fn limits() -> ConnAckProperties {
    ConnAckProperties {
        session_expiry_interval: None,
        receive_max: None,
        max_qos: None,
        retain_available: None,
        max_packet_size: None,
        assigned_client_identifier: None,
        topic_alias_max: None,
        reason_string: None,
        user_properties: Vec::new(),
        wildcard_subscription_available: None,
        subscription_identifiers_available: None,
        shared_subscription_available: None,
        server_keep_alive: None,
        response_information: None,
        server_reference: None,
        authentication_method: None,
        authentication_data: None,
    }
}
