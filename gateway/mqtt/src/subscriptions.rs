use std::{collections::VecDeque, time::Duration};

use bytes::BytesMut;
use tokio::time::Instant;
use weir_transport::QoS;

use crate::{
    Backoff, LinkError, Subscription, SubscriptionState, backoff::doubled, topic, wire::Wire, words,
};

/// Filters per packet: some brokers take no more.
const FILTERS_MAX: usize = 8;

/// What the broker answered to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Nothing yet.
    Awaited,
    /// It is in force, at this quality of service.
    Granted(QoS),
    /// It is not in force. It is asked for again, later and later.
    Refused {
        /// SUBACK code.
        code: u8,
        /// What it says.
        words: &'static str,
    },
}

/// The subscriptions of the consuming connection and how they stand.
pub(crate) struct Subscriptions {
    wanted: Vec<Subscription>,
    grants: Vec<Grant>,
    asked: VecDeque<Asked>,
    next_pkid: u16,
    again: Option<Instant>,
    failures: u32,
}

struct Asked {
    pkid: u16,
    wanted: Vec<usize>,
    since: Instant,
}

impl Subscriptions {
    pub(crate) fn new(wanted: Vec<Subscription>) -> Self {
        Self {
            grants: vec![Grant::Awaited; wanted.len()],
            wanted,
            asked: VecDeque::new(),
            next_pkid: 1,
            again: None,
            failures: 0,
        }
    }

    /// How they stand, for those who look.
    pub(crate) fn states(&self) -> Vec<SubscriptionState> {
        let both = self.wanted.iter().zip(&self.grants);
        let state = |(wanted, grant): (&Subscription, &Grant)| SubscriptionState {
            filter: wanted.filter.clone(),
            grant: *grant,
        };
        both.map(state).collect()
    }

    /// A new connection stands: asks for what the broker does not know to be wanted.
    pub(crate) fn connected(&mut self, session_present: bool, wire: &dyn Wire, out: &mut BytesMut) {
        self.asked.clear();
        self.again = None;
        if !session_present {
            self.grants.fill(Grant::Awaited);
        }
        self.ask(wire, out);
    }

    /// Asks again for what was refused, where it is time.
    pub(crate) fn look(
        &mut self,
        patience: Duration,
        wire: &dyn Wire,
        out: &mut BytesMut,
    ) -> Result<(), LinkError> {
        let now = Instant::now();
        if let Some(asked) = self.asked.front()
            && now - asked.since > patience
        {
            return Err(LinkError::Silent {
                awaited: "answer to a subscription",
                waited: patience,
            });
        }
        if self.again.is_some_and(|due| due <= now) {
            self.again = None;
            self.ask(wire, out);
        }
        Ok(())
    }

    /// The broker's answer. Says whether it belongs to a question.
    pub(crate) fn answered(&mut self, pkid: u16, codes: &[u8], backoff: Backoff) -> bool {
        let Some(at) = self.asked.iter().position(|asked| asked.pkid == pkid) else {
            return false;
        };
        let asked = self
            .asked
            .remove(at)
            .map(|asked| asked.wanted)
            .unwrap_or_default();
        // A missing code is no success.
        let codes = codes.iter().copied().chain(std::iter::repeat(0x80));
        for (index, code) in asked.into_iter().zip(codes) {
            self.grants[index] = grant(code);
            self.report(index);
        }
        if self.asked.is_empty() {
            self.plan(backoff);
        }
        true
    }

    /// Whether a message that the broker had kept is wanted by a subscription that it falls under.
    pub(crate) fn wants_retained(&self, name: &str) -> bool {
        let under = |wanted: &&Subscription| topic::matches(name, &wanted.filter);
        self.wanted
            .iter()
            .filter(under)
            .any(|wanted| wanted.retained)
    }

    fn plan(&mut self, backoff: Backoff) {
        if self
            .grants
            .iter()
            .all(|grant| matches!(grant, Grant::Granted(_)))
        {
            self.failures = 0;
            return;
        }
        self.failures = self.failures.saturating_add(1);
        self.again = Some(Instant::now() + doubled(backoff, self.failures));
    }

    fn report(&self, index: usize) {
        let filter = &self.wanted[index].filter;
        match self.grants[index] {
            Grant::Refused { code, words } => {
                tracing::error!(%filter, code, "subscription refused: {words}; it is asked for again");
            }
            Grant::Granted(qos) if qos < self.wanted[index].qos => {
                tracing::warn!(%filter, ?qos, "subscription granted at a lower quality of service");
            }
            Grant::Granted(qos) => tracing::info!(%filter, ?qos, "subscribed"),
            Grant::Awaited => {}
        }
    }

    fn ask(&mut self, wire: &dyn Wire, out: &mut BytesMut) {
        let missing = |(index, grant): (usize, &Grant)| {
            (!matches!(grant, Grant::Granted(_))).then_some(index)
        };
        let missing: Vec<usize> = self.grants.iter().enumerate().filter_map(missing).collect();
        for wanted in missing.chunks(FILTERS_MAX) {
            let pkid = self.next_pkid;
            self.next_pkid = pkid.checked_add(1).unwrap_or(1);
            let filters: Vec<&Subscription> =
                wanted.iter().map(|index| &self.wanted[*index]).collect();
            wire.subscribe(pkid, &filters, out);
            self.asked.push_back(Asked {
                pkid,
                wanted: wanted.to_vec(),
                since: Instant::now(),
            });
        }
    }
}

fn grant(code: u8) -> Grant {
    match code {
        0 => Grant::Granted(QoS::AtMostOnce),
        1 | 2 => Grant::Granted(QoS::AtLeastOnce),
        code => Grant::Refused {
            code,
            words: words::suback(code),
        },
    }
}
