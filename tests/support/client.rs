//! A sensor or a dashboard for tests: MQTT 5 at QoS 1, over any number of reconnects.

mod inbox;
mod link;
mod message;
mod outbox;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use rumqttc::v5::mqttbytes::QoS;
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

pub use message::{Publication, Received};

use self::{inbox::Inbox, link::Link};

const CONNECT_DEADLINE: Duration = Duration::from_secs(20);
const SUBSCRIBE_DEADLINE: Duration = Duration::from_secs(20);

/// Long enough for a broker that is started again meanwhile.
const CONFIRM_DEADLINE: Duration = Duration::from_secs(60);

/// A test client. It reconnects by itself, keeps its session and its subscriptions, and sends again whatever the
/// broker has not confirmed. Clones share the connection, which ends with the last of them.
#[derive(Debug, Clone)]
pub struct Client {
    id: String,
    link: Arc<Link>,
    /// Ends the polling task with the last clone.
    _polling: Arc<Polling>,
}

#[derive(Debug)]
struct Polling(JoinHandle<()>);

impl Drop for Polling {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A message on its way to the broker.
#[derive(Debug)]
#[must_use = "whether the broker has the message is known only once it is confirmed"]
pub struct Receipt {
    topic: String,
    confirmed: oneshot::Receiver<Result<(), String>>,
}

impl Receipt {
    /// Waits until the broker has confirmed the message.
    ///
    /// # Errors
    /// Fails where the broker refuses it, or confirms nothing within a minute.
    pub async fn confirmed(self) -> Result<()> {
        match timeout(CONFIRM_DEADLINE, self.confirmed).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(reason))) => bail!("the broker refused {}: {reason}", self.topic),
            Ok(Err(_)) => bail!("the client ended before {} was confirmed", self.topic),
            Err(_) => bail!("{} is not confirmed after {CONFIRM_DEADLINE:?}", self.topic),
        }
    }
}

impl Client {
    /// Connects to a broker on loopback, and resumes the session of this id where the broker has one.
    ///
    /// # Errors
    /// Fails where the broker does not answer in time.
    pub async fn connect(port: u16, id: &str) -> Result<Self> {
        Self::connect_with(port, id, None).await
    }

    /// Connects as a user of the broker, whose name is the client's too.
    ///
    /// # Errors
    /// Fails where the broker does not take the connection in time.
    pub async fn connect_as(port: u16, user: &str, password: &str) -> Result<Self> {
        let credentials = Some((user.to_owned(), password.to_owned()));
        Self::connect_with(port, user, credentials).await
    }

    async fn connect_with(
        port: u16,
        id: &str,
        credentials: Option<(String, String)>,
    ) -> Result<Self> {
        let (link, mut connected) = Link::new(port, id, credentials);
        let task = tokio::spawn(Arc::clone(&link).poll());
        let client = Self {
            id: id.to_owned(),
            link,
            _polling: Arc::new(Polling(task)),
        };
        match timeout(CONNECT_DEADLINE, connected.wait_for(|times| *times > 0)).await {
            Ok(Ok(_)) => Ok(client),
            _ => bail!(
                "no broker on port {port} after {CONNECT_DEADLINE:?}: {}",
                client.link.last_error()
            ),
        }
    }

    /// How often it has connected: 1 until the first reconnect.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.link.connections()
    }

    /// Publishes and waits until the broker has confirmed it (PUBACK).
    ///
    /// # Errors
    /// Fails where the broker refuses the message, or confirms nothing within a minute.
    pub async fn publish(&self, publication: Publication) -> Result<()> {
        self.send(publication).await?.confirmed().await
    }

    /// Publishes everything in this order, many at once in flight, and waits until the broker has confirmed it all.
    ///
    /// # Errors
    /// Fails where the broker refuses a message, or confirms nothing within a minute.
    pub async fn publish_all<I>(&self, publications: I) -> Result<()>
    where
        I: IntoIterator<Item = Publication>,
    {
        let mut receipts = Vec::new();
        for publication in publications {
            receipts.push(self.send(publication).await?);
        }
        for receipt in receipts {
            receipt.confirmed().await?;
        }
        Ok(())
    }

    /// Hands a message over; waits only while the outbox is full.
    ///
    /// # Errors
    /// Fails where the outbox stays full for a minute.
    pub async fn send(&self, publication: Publication) -> Result<Receipt> {
        let topic = publication.topic.clone();
        ensure!(
            !topic.contains(['+', '#']),
            "{topic} is a filter, not a topic"
        );
        let confirmed = timeout(CONFIRM_DEADLINE, self.link.publish(publication))
            .await
            .with_context(|| format!("{topic} waits for earlier messages: nothing is confirmed"))?;
        Ok(Receipt { topic, confirmed })
    }

    /// Subscribes at QoS 1 and waits until the broker has granted it.
    ///
    /// # Errors
    /// Fails where the broker refuses it.
    pub async fn subscribe(&self, filter: &str) -> Result<()> {
        let granted = self.link.subscribe(filter, QoS::AtLeastOnce)?;
        match timeout(SUBSCRIBE_DEADLINE, granted).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(reason))) => bail!("the broker refused to subscribe {filter}: {reason}"),
            _ => bail!("{filter} is not granted after {SUBSCRIBE_DEADLINE:?}"),
        }
    }

    /// Takes messages out of the inbox until `complete` says that those taken are all that is waited for.
    ///
    /// # Errors
    /// Fails, with the number and the last of those taken, where the time is over before.
    pub async fn collect_until<F>(&self, complete: F, deadline: Duration) -> Result<Vec<Received>>
    where
        F: FnMut(&[Received]) -> bool,
    {
        self.inbox().collect_until(complete, deadline).await
    }

    /// Takes `count` messages out of the inbox.
    ///
    /// # Errors
    /// As [`Client::collect_until`].
    pub async fn collect(&self, count: usize, deadline: Duration) -> Result<Vec<Received>> {
        self.collect_until(|taken| taken.len() >= count, deadline)
            .await
    }

    /// Takes the first message that matches; the others stay in the inbox.
    ///
    /// # Errors
    /// Fails where none has come when the time is over.
    pub async fn take<F>(&self, matches: F, deadline: Duration) -> Result<Received>
    where
        F: FnMut(&Received) -> bool,
    {
        self.inbox().take(matches, deadline).await
    }

    /// Everything that has arrived and was not taken yet.
    ///
    /// # Errors
    /// Fails where the inbox has overflowed.
    pub fn drain(&self) -> Result<Vec<Received>> {
        self.inbox().drain()
    }

    /// Publishes with a response topic and correlation data of its own, and waits for the answer.
    ///
    /// # Errors
    /// Fails where no answer comes in time.
    pub async fn request(&self, publication: Publication, deadline: Duration) -> Result<Received> {
        let topic = format!("weir-test/{}/answers", self.id);
        let correlation = self.link.next_correlation();
        let subscribed = || self.subscribe(&topic);
        self.link.answers.get_or_try_init(subscribed).await?;
        let publication = publication
            .response_topic(&topic)
            .correlation_data(&correlation);
        self.publish(publication).await?;
        let answers = |message: &Received| {
            message.topic == topic
                && message.properties.correlation_data.as_deref() == Some(correlation.as_bytes())
        };
        self.take(answers, deadline)
            .await
            .context("no answer on the response topic")
    }

    /// Leaves in order: the broker forgets a Last Will, but keeps the session.
    ///
    /// # Errors
    /// Fails where the connection is not closed in time.
    pub async fn disconnect(self) -> Result<()> {
        let mut closed = self.link.close();
        timeout(CONNECT_DEADLINE, closed.wait_for(|closed| *closed))
            .await
            .context("the connection is not closed")??;
        Ok(())
    }

    fn inbox(&self) -> &Inbox {
        &self.link.inbox
    }
}
