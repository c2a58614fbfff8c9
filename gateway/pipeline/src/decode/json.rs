#![expect(
    clippy::as_conversions,
    reason = "integers of JSON become 64-bit floats"
)]
//! JSON → fields. Nesting is bounded by serde_json (128).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fields::{Kind, Slot, Tree};
use crate::{Reason, RejectCode};

/// Reads a payload into the slots that the tree names.
pub(super) fn read(tree: &Tree, slots: &mut [Slot], payload: &[u8]) -> Result<(), Reason> {
    let mut json = serde_json::Deserializer::from_slice(payload);
    let read = Place { tree, slots }.deserialize(&mut json);
    read.and_then(|()| json.end()).map_err(|error| {
        let words = error.to_string();
        let code = if words.starts_with("number out of range") {
            RejectCode::PayloadNotFinite
        } else {
            RejectCode::PayloadNotJson
        };
        Reason::new(code, words)
    })
}

/// A place in the payload on the way to some slot.
struct Place<'t> {
    tree: &'t Tree,
    slots: &'t mut [Slot],
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.tree.slot {
            Some(slot) => {
                let slot = &mut self.slots[slot];
                slot.reset();
                deserializer.deserialize_any(Value { slot, depth: 0 })
            }
            None => deserializer.deserialize_any(self),
        }
    }
}

/// What is no object or array leads to no slot.
macro_rules! leads_nowhere {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E: Error>(self, _: $type) -> Result<(), E> { Ok(()) })*
    };
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    leads_nowhere!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(tree) = map.next_key_seed(Key(self.tree))? {
            match tree {
                Some(tree) => {
                    let slots = &mut *self.slots;
                    map.next_value_seed(Place { tree, slots })?;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            let more = match self.tree.at_integer(index) {
                Some(tree) => {
                    let slots = &mut *self.slots;
                    seq.next_element_seed(Place { tree, slots })?.is_some()
                }
                None => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(())
    }
}

/// A key, looked up without being kept.
struct Key<'t>(&'t Tree);

impl<'de, 't> DeserializeSeed<'de> for Key<'t> {
    type Value = Option<&'t Tree>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'t> Visitor<'_> for Key<'t> {
    type Value = Option<&'t Tree>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.at_key(key))
    }
}

/// The value of a slot, or an item of its arrays.
struct Value<'s> {
    slot: &'s mut Slot,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.slot.other(self.depth, Kind::Other);
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.slot.other(self.depth, Kind::Null);
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.slot.text(self.depth, text);
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.slot.integer(self.depth, value, value as f64);
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.slot.integer(self.depth, value, value as f64);
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.slot.number(self.depth, value);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.slot.other(self.depth, Kind::Other);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { slot, depth } = self;
        if !slot.open(depth) {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let mut length = 0;
        let mut item = |slot: &mut Slot| {
            let depth = depth + 1;
            seq.next_element_seed(Value { slot, depth })
        };
        while item(slot)?.is_some() {
            length += 1;
        }
        slot.close(depth, length);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
