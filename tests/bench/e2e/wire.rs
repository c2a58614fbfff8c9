use anyhow::{Context, Result, bail, ensure};
use bytes::BytesMut;
use rumqttc::v5::mqttbytes::{
    Error, QoS,
    v5::{
        Connect, ConnectProperties, ConnectReturnCode, Filter, Packet, Subscribe,
        SubscribeReasonCode,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const BUFFER_BYTES: usize = 256 * 1024;

/// The keep-alive of a connection that never pings: longer than any run of the bench.
const KEEP_ALIVE_S: u16 = u16::MAX;

/// One bare MQTT 5 connection: the library's packets, but written and read in bulk, so that the load generator
/// leaves the processor to those who are measured.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    input: BytesMut,
    output: BytesMut,
    /// How many publishes the broker takes before it has confirmed one.
    pub(crate) receive_max: u16,
}

impl Wire {
    pub(crate) async fn connect(port: u16, id: &str) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let mut wire = Self {
            stream,
            input: BytesMut::with_capacity(BUFFER_BYTES),
            output: BytesMut::with_capacity(BUFFER_BYTES),
            receive_max: u16::MAX,
        };
        let mut properties = ConnectProperties::new();
        properties.receive_maximum = Some(u16::MAX);
        let connect = Connect {
            keep_alive: KEEP_ALIVE_S,
            client_id: id.to_owned(),
            clean_start: true,
            properties: Some(properties),
        };
        wire.queue(&Packet::Connect(connect, None, None))?;
        wire.flush().await?;
        let Packet::ConnAck(ack) = wire.next().await? else {
            bail!("the broker answers CONNECT with something else");
        };
        ensure!(
            ack.code == ConnectReturnCode::Success,
            "the broker refuses the load generator: {:?}",
            ack.code
        );
        if let Some(receive_max) = ack.properties.and_then(|properties| properties.receive_max) {
            wire.receive_max = receive_max;
        }
        Ok(wire)
    }

    pub(crate) async fn subscribe(&mut self, filters: &[&str]) -> Result<()> {
        let filters = filters
            .iter()
            .map(|filter| Filter::new(*filter, QoS::AtLeastOnce));
        let mut subscribe = Subscribe::new_many(filters, None);
        subscribe.pkid = 1;
        self.queue(&Packet::Subscribe(subscribe))?;
        self.flush().await?;
        let Packet::SubAck(ack) = self.next().await? else {
            bail!("the broker answers SUBSCRIBE with something else");
        };
        let granted = SubscribeReasonCode::Success(QoS::AtLeastOnce);
        ensure!(
            ack.return_codes.iter().all(|code| *code == granted),
            "the broker refuses a subscription: {:?}",
            ack.return_codes
        );
        Ok(())
    }

    /// Puts a packet behind those that the next flush writes.
    pub(crate) fn queue(&mut self, packet: &Packet) -> Result<()> {
        packet
            .write(&mut self.output, None)
            .context("a packet that cannot be written")?;
        Ok(())
    }

    pub(crate) async fn flush(&mut self) -> Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all_buf(&mut self.output).await?;
        }
        Ok(())
    }

    /// Waits for bytes. Nothing is lost where it is dropped while it waits.
    pub(crate) async fn fill(&mut self) -> Result<()> {
        self.input.reserve(BUFFER_BYTES / 4);
        let count = self.stream.read_buf(&mut self.input).await?;
        ensure!(
            count > 0,
            "the broker has closed the load generator's connection"
        );
        Ok(())
    }

    /// The next packet that has arrived completely.
    pub(crate) fn ready(&mut self) -> Result<Option<Packet>> {
        match Packet::read(&mut self.input, None) {
            Ok(packet) => Ok(Some(packet)),
            Err(Error::InsufficientBytes(_)) => Ok(None),
            Err(error) => Err(error).context("the broker sent what is no MQTT 5"),
        }
    }

    async fn next(&mut self) -> Result<Packet> {
        loop {
            if let Some(packet) = self.ready()? {
                return Ok(packet);
            }
            self.fill().await?;
        }
    }
}
