use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, SeqAccess, Visitor},
};

/// One number for every channel, or a list with one for each: `0.001` or `[0.001, 0.001, 0.5]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Numbers(pub Vec<f32>);

impl Numbers {
    /// The greatest number of channels.
    pub const LEN_MAX: usize = 4096;
}

impl JsonSchema for Numbers {
    fn schema_name() -> Cow<'static, str> {
        "Numbers".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["number", "array"],
            "items": { "type": "number" },
            "minItems": 1,
            "maxItems": Self::LEN_MAX,
        })
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumbersVisitor)
    }
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Numbers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a list of numbers")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Numbers, E> {
        Ok(Numbers(vec![narrow(number)]))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Numbers, E> {
        f32_of_text(&number.to_string()).map(|number| Numbers(vec![number]))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Numbers, E> {
        f32_of_text(&number.to_string()).map(|number| Numbers(vec![number]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Numbers, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = items.next_element()? {
            if numbers.len() == Numbers::LEN_MAX {
                return Err(A::Error::invalid_length(numbers.len() + 1, &self));
            }
            numbers.push(number);
        }
        Ok(Numbers(numbers))
    }
}

#[expect(
    clippy::as_conversions,
    reason = "rounding to the nearest f32 is what is wanted; beyond its range gives infinity, which is refused later"
)]
fn narrow(number: f64) -> f32 {
    number as f32
}

fn f32_of_text<E: Error>(text: &str) -> Result<f32, E> {
    text.parse().map_err(E::custom)
}
