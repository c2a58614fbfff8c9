use std::fmt::{self, Write as _};

use guest_abi::RANK_MAX;

use crate::{Reason, RejectCode};

/// What one pointer found in a payload. The memory is used again.
#[derive(Debug, Clone)]
pub(in crate::decode) struct Slot {
    pub(in crate::decode) pointer: String,
    pub(in crate::decode) kind: Kind,
    /// The numbers, in the order of the payload.
    pub(in crate::decode) values: Vec<f64>,
    /// A text, or an integer as it was written.
    pub(in crate::decode) text: String,
    /// The length of the arrays at each depth.
    lengths: [Option<u32>; RANK_MAX],
    /// The depth at which the numbers lie.
    rank: Option<usize>,
    fault: Option<Fault>,
}

/// The type of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decode) enum Kind {
    Missing,
    Null,
    Integer,
    Number,
    Text,
    Array,
    Other,
}

/// What is wrong within an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NotANumber,
    Ragged,
    TooDeep,
}

impl Slot {
    pub(super) fn new(pointer: &str) -> Self {
        Self {
            pointer: pointer.to_owned(),
            kind: Kind::Missing,
            values: Vec::new(),
            text: String::new(),
            lengths: [None; RANK_MAX],
            rank: None,
            fault: None,
        }
    }

    /// Forgets the last payload's value, or an earlier one of the same key.
    pub(in crate::decode) fn reset(&mut self) {
        self.kind = Kind::Missing;
        self.values.clear();
        self.text.clear();
        self.lengths = [None; RANK_MAX];
        self.rank = None;
        self.fault = None;
    }

    /// Takes what is neither a number nor an array, within `depth` arrays.
    pub(in crate::decode) fn other(&mut self, depth: usize, kind: Kind) {
        if depth == 0 {
            self.kind = kind;
        } else {
            self.fail(Fault::NotANumber);
        }
    }

    /// Takes a text within `depth` arrays.
    pub(in crate::decode) fn text(&mut self, depth: usize, text: &str) {
        if depth == 0 {
            self.text.push_str(text);
        }
        self.other(depth, Kind::Text);
    }

    /// Takes an integer within `depth` arrays: as it is written, and as a number.
    pub(in crate::decode) fn integer(
        &mut self,
        depth: usize,
        digits: impl fmt::Display,
        value: f64,
    ) {
        if depth == 0 {
            write!(self.text, "{digits}").expect("writing to a String does not fail");
        }
        self.numeric(depth, Kind::Integer, value);
    }

    /// Takes a number within `depth` arrays.
    pub(in crate::decode) fn number(&mut self, depth: usize, value: f64) {
        self.numeric(depth, Kind::Number, value);
    }

    fn numeric(&mut self, depth: usize, kind: Kind, value: f64) {
        if depth == 0 {
            self.kind = kind;
        }
        let beside_an_array = self.lengths.get(depth).is_some_and(Option::is_some);
        if *self.rank.get_or_insert(depth) != depth || beside_an_array {
            self.fail(Fault::Ragged);
        }
        self.values.push(value);
    }

    /// Takes the start of an array within `depth` others; false where its items are to be skipped.
    pub(in crate::decode) fn open(&mut self, depth: usize) -> bool {
        if depth == 0 {
            self.kind = Kind::Array;
        }
        let fits = depth < RANK_MAX;
        if !fits {
            self.fail(Fault::TooDeep);
        }
        fits
    }

    /// Takes the end of an array of `length` items that lay within `depth` others.
    pub(in crate::decode) fn close(&mut self, depth: usize, length: usize) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let Some(known) = self.lengths.get_mut(depth) else {
            return self.fail(Fault::TooDeep);
        };
        let agrees = *known.get_or_insert(length) == length;
        if !agrees || self.rank.is_some_and(|rank| rank <= depth) {
            self.fail(Fault::Ragged);
        }
    }

    /// The first fault counts.
    fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }

    /// The sizes of the array; none at all for a number.
    pub(super) fn dims(&self) -> impl Iterator<Item = u32> + '_ {
        self.lengths.iter().map_while(|length| *length)
    }

    /// The only size of an array of numbers.
    pub(super) fn vector(&self) -> Option<usize> {
        (self.dims().count() == 1).then_some(self.values.len())
    }

    /// Refuses what is no number and no array of numbers.
    pub(super) fn check(&self) -> Result<(), Reason> {
        match (self.kind, self.fault) {
            (Kind::Missing, _) => {
                let words = format!("field {} is not in the payload", self.pointer);
                Err(Reason::new(RejectCode::PayloadFieldMissing, words))
            }
            (Kind::Null | Kind::Text | Kind::Other, _) | (_, Some(Fault::NotANumber)) => {
                Err(self.type_fault("must be a number or an array of numbers"))
            }
            (_, Some(Fault::Ragged)) => Err(self.shape_fault("has arrays of different lengths")),
            (_, Some(Fault::TooDeep)) => Err(self.shape_fault("has arrays nested deeper than 8")),
            (Kind::Array, None) if self.values.is_empty() => Err(self.shape_fault("is empty")),
            (Kind::Integer | Kind::Number | Kind::Array, None) => Ok(()),
        }
    }

    pub(super) fn type_fault(&self, words: &str) -> Reason {
        let words = format!("field {} {words}", self.pointer);
        Reason::new(RejectCode::PayloadFieldType, words)
    }

    pub(super) fn shape_fault(&self, words: &str) -> Reason {
        Reason::new(
            RejectCode::PayloadShape,
            format!("field {} {words}", self.pointer),
        )
    }
}
