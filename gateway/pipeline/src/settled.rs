use std::ops::Deref;

use guest_abi::DType;
use weir_engine::TensorRef;
use weir_transport::{Outgoing, Ticket};

use crate::{Reason, ReplyRefusal, publish::Published, result::Best};

/// How a message ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// With a result.
    Result(Best),
    /// With a reject.
    Reject(Reason),
}

/// A message's end, and what is to be published for it: at least one message.
#[derive(Debug)]
pub struct Settled {
    /// How it ended.
    pub kind: Kind,
    /// To the result or reject topic; none where the pipeline replies only.
    pub published: Option<Outgoing>,
    /// To the response topic.
    pub reply: Option<Outgoing>,
    /// Why a response topic got no reply: to be logged.
    pub reply_refused: Option<ReplyRefusal>,
}

/// The guest's inputs, in the order of the signature without state.
#[derive(Debug)]
pub enum Inputs<'a> {
    /// The usual case, without an allocation: as many as the number says.
    Few([TensorRef<'a>; INPUTS_INLINE], usize),
    /// More of them.
    Many(Vec<TensorRef<'a>>),
}

/// Inputs that take no allocation.
const INPUTS_INLINE: usize = 4;

impl<'a> Inputs<'a> {
    pub(crate) fn of(tensors: impl ExactSizeIterator<Item = TensorRef<'a>>) -> Self {
        let none = TensorRef {
            dtype: DType::U8,
            dims: &[],
            data: &[],
        };
        let count = tensors.len();
        if count > INPUTS_INLINE {
            return Self::Many(tensors.collect());
        }
        let mut few = [none; INPUTS_INLINE];
        few.iter_mut()
            .zip(tensors)
            .for_each(|(place, tensor)| *place = tensor);
        Self::Few(few, count)
    }
}

impl Settled {
    pub(crate) fn new(kind: Kind, published: Published) -> Self {
        Self {
            kind,
            published: published.main,
            reply: published.reply,
            reply_refused: published.refusal,
        }
    }

    /// The messages to publish, each with a share of the ticket: the incoming message is acknowledged once all of
    /// them are safe.
    pub fn into_outgoing(self, ticket: Ticket) -> impl Iterator<Item = Outgoing> {
        let both = self.published.is_some() && self.reply.is_some();
        let second = both.then(|| ticket.clone());
        let mut tickets = [Some(ticket), second].into_iter();
        [self.published, self.reply]
            .into_iter()
            .flatten()
            .map(move |outgoing| Outgoing {
                ticket: tickets.next().flatten(),
                ..outgoing
            })
    }
}

impl<'a> Deref for Inputs<'a> {
    type Target = [TensorRef<'a>];

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Few(few, count) => &few[..*count],
            Self::Many(many) => many,
        }
    }
}
