#![expect(
    clippy::as_conversions,
    reason = "integers of CBOR become 64-bit floats; a typed array's words become numbers of their own width"
)]
//! CBOR (RFC 8949) → fields: one item, and nothing behind it.
//!
//! Typed arrays (RFC 8746) are arrays of numbers. Tags that change nothing of what a sensor means (times, homogeneous
//! arrays, self-described CBOR) are passed over; behind any other tag (bignums, decimal fractions) a field is no number.
//! Declared lengths are never believed: every item costs a byte of the payload. Nesting of what is skipped is bounded by
//! cbor4ii (256).

mod typed;

use std::borrow::Cow;

use cbor4ii::core::{
    dec::{Decode, IgnoredAny, Read, if_major, is_break},
    major, marker, types,
    utils::SliceReader,
};

use self::typed::Typed;
use super::fields::{Kind, Slot, Tree};
use crate::{Reason, RejectCode};

/// A date as text, seconds, an array of one type, CBOR that says so.
const TRANSPARENT_TAGS: [u64; 4] = [0, 1, 41, 55_799];

/// Reads a payload into the slots that the tree names.
pub(super) fn read(tree: &Tree, slots: &mut [Slot], payload: &[u8]) -> Result<(), Reason> {
    let mut source = Source(SliceReader::new(payload));
    source.place(tree, slots)?;
    if source.is_at_end() {
        return Ok(());
    }
    Err(not_cbor("more bytes follow the item"))
}

fn not_cbor(words: impl ToString) -> Reason {
    Reason::new(RejectCode::PayloadNotCbor, words.to_string())
}

/// What the tags before an item make of it.
#[derive(Clone, Copy)]
enum Tagged {
    Plain,
    Typed(Typed),
    Foreign,
}

struct Source<'p>(SliceReader<'p>);

impl<'p> Source<'p> {
    /// A place on the way to some slot; the depth is that of the tree.
    fn place(&mut self, tree: &Tree, slots: &mut [Slot]) -> Result<(), Reason> {
        if let Some(slot) = tree.slot {
            let slot = &mut slots[slot];
            slot.reset();
            return self.value(slot, 0);
        }
        self.tags()?;
        match if_major(self.peek()?) {
            major::MAP => {
                let mut left = types::Map::len(&mut self.0).map_err(not_cbor)?;
                while self.more(&mut left)? {
                    match self.key(tree)? {
                        Some(tree) => self.place(tree, slots)?,
                        None => self.skip()?,
                    }
                }
                Ok(())
            }
            major::ARRAY => {
                let mut left = types::Array::len(&mut self.0).map_err(not_cbor)?;
                let mut index = 0;
                while self.more(&mut left)? {
                    match tree.at_integer(index) {
                        Some(tree) => self.place(tree, slots)?,
                        None => self.skip()?,
                    }
                    index += 1;
                }
                Ok(())
            }
            _ => self.skip(),
        }
    }

    /// A key, looked up: a text, or an integer by its digits.
    fn key<'t>(&mut self, tree: &'t Tree) -> Result<Option<&'t Tree>, Reason> {
        match if_major(self.peek()?) {
            major::STRING => {
                let key: Cow<'p, str> = self.item()?;
                Ok(tree.at_key(&key))
            }
            major::UNSIGNED | major::NEGATIVE => Ok(tree.at_integer(self.item()?)),
            _ => self.skip().map(|()| None),
        }
    }

    /// The value of a slot, or an item of its arrays; it goes as deep as a slot's arrays may.
    fn value(&mut self, slot: &mut Slot, depth: usize) -> Result<(), Reason> {
        let tagged = self.tags()?;
        let byte = self.peek()?;
        match (tagged, if_major(byte)) {
            (Tagged::Typed(typed), major::BYTES) => return self.typed(typed, slot, depth),
            (Tagged::Foreign | Tagged::Typed(_), _) => {
                self.skip()?;
                slot.other(depth, Kind::Other);
            }
            (Tagged::Plain, major::UNSIGNED | major::NEGATIVE) => {
                let integer: i128 = self.item()?;
                slot.integer(depth, integer, integer as f64);
            }
            (Tagged::Plain, major::STRING) => {
                let text: Cow<'p, str> = self.item()?;
                slot.text(depth, &text);
            }
            (Tagged::Plain, major::ARRAY) => self.array(slot, depth)?,
            (Tagged::Plain, major::SIMPLE) => self.simple(byte, slot, depth)?,
            (Tagged::Plain, _) => {
                self.skip()?;
                slot.other(depth, Kind::Other);
            }
        }
        Ok(())
    }

    fn array(&mut self, slot: &mut Slot, depth: usize) -> Result<(), Reason> {
        if !slot.open(depth) {
            return self.skip();
        }
        let mut left = types::Array::len(&mut self.0).map_err(not_cbor)?;
        let mut length = 0;
        while self.more(&mut left)? {
            self.value(slot, depth + 1)?;
            length += 1;
        }
        slot.close(depth, length);
        Ok(())
    }

    fn simple(&mut self, byte: u8, slot: &mut Slot, depth: usize) -> Result<(), Reason> {
        let number = match byte {
            marker::F16 => {
                let types::F16(bits) = self.item()?;
                half::f16::from_bits(bits).to_f64()
            }
            marker::F32 => f64::from(self.item::<f32>()?),
            marker::F64 => self.item()?,
            _ => {
                self.skip()?;
                let null = matches!(byte, marker::NULL | marker::UNDEFINED);
                slot.other(depth, if null { Kind::Null } else { Kind::Other });
                return Ok(());
            }
        };
        slot.number(depth, number);
        Ok(())
    }

    fn typed(&mut self, typed: Typed, slot: &mut Slot, depth: usize) -> Result<(), Reason> {
        let types::Bytes(bytes): types::Bytes<Cow<'p, [u8]>> = self.item()?;
        if !bytes.len().is_multiple_of(typed.bytes) {
            let (found, each) = (bytes.len(), typed.bytes);
            let words = format!("a typed array of {each} bytes each has {found} bytes");
            return Err(not_cbor(words));
        }
        if slot.open(depth) {
            for word in bytes.chunks_exact(typed.bytes) {
                slot.number(depth + 1, typed.number(word));
            }
            slot.close(depth, bytes.len() / typed.bytes);
        }
        Ok(())
    }

    /// The tags before an item.
    fn tags(&mut self) -> Result<Tagged, Reason> {
        let mut tagged = Tagged::Plain;
        while if_major(self.peek()?) == major::TAG {
            let tag = types::Tag::tag(&mut self.0).map_err(not_cbor)?;
            tagged = match (tagged, Typed::of(tag)) {
                (Tagged::Plain, Some(typed)) => Tagged::Typed(typed),
                (Tagged::Plain, None) if TRANSPARENT_TAGS.contains(&tag) => Tagged::Plain,
                (Tagged::Plain | Tagged::Typed(_) | Tagged::Foreign, _) => Tagged::Foreign,
            };
        }
        Ok(tagged)
    }

    /// Whether one more item of an array or map follows; without a declared length until the break.
    fn more(&mut self, left: &mut Option<usize>) -> Result<bool, Reason> {
        match left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None => Ok(!is_break(&mut self.0).map_err(not_cbor)?),
        }
    }

    fn item<T: Decode<'p>>(&mut self) -> Result<T, Reason> {
        T::decode(&mut self.0).map_err(not_cbor)
    }

    fn is_at_end(&mut self) -> bool {
        let Ok(left) = self.0.fill(1);
        left.as_ref().is_empty()
    }

    fn skip(&mut self) -> Result<(), Reason> {
        self.item::<IgnoredAny>().map(|_| ())
    }

    /// The next item's first byte.
    fn peek(&mut self) -> Result<u8, Reason> {
        let Ok(bytes) = self.0.fill(1);
        let first = bytes.as_ref().first().copied();
        first.ok_or_else(|| not_cbor("the payload ends within an item"))
    }
}

#[cfg(test)]
mod tests;
