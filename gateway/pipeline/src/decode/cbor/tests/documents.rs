//! Whole documents: damaged ones, and the same ones in JSON.

use cbor4ii::core::{Value, enc::Encode, utils::BufWriter};

use super::*;
use crate::decode::json;

/// The same document in CBOR and as JSON's own tree.
fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(bool) => Value::Bool(*bool),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer.into()),
            None => Value::Float(number.as_f64().unwrap()),
        },
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(value).collect()),
        serde_json::Value::Object(map) => {
            let entry = |(key, item): (&String, _)| (Value::Text(key.clone()), value(item));
            Value::Map(map.iter().map(entry).collect())
        }
    }
}

fn any_document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e300_f64..1e300).prop_map(Into::into),
        ".{0,4}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let key = prop::sample::select(vec!["x", "y", "0", "id", "t"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(key, inner, 0..4).prop_map(|map| map
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

type Answer = (
    Result<Vec<Vec<u64>>, &'static str>,
    Result<Option<String>, &'static str>,
    Result<Option<i64>, &'static str>,
);

fn answer(mut document: Fields, payload: &[u8]) -> Answer {
    document.read(payload).unwrap();
    let bits = |slot: &Slot| slot.values.iter().map(|value| value.to_bits()).collect();
    let fields = document
        .fields()
        .map(|slots| slots.iter().map(bits).collect());
    (
        fields.map_err(|reason| reason.code),
        document
            .id()
            .map(|id| id.map(str::to_owned))
            .map_err(|reason| reason.code),
        document.time_us().map_err(|reason| reason.code),
    )
}

proptest! {
    #[test]
    fn damaged_documents_never_panic(document in any_document(), place in any::<prop::sample::Index>(), byte: u8) {
        let mut writer = BufWriter::new(Vec::new());
        value(&document).encode(&mut writer).unwrap();
        let mut payload = writer.into_inner();
        let place = place.index(payload.len());
        payload[place] = byte;
        let mut cbor = decoder(read, &["/x", "/y/0"]);
        if cbor.read(&payload).is_ok() {
            let _unused = (cbor.fields().is_ok(), cbor.id().is_ok(), cbor.time_us().is_ok());
        }
    }

    #[test]
    fn a_document_says_the_same_in_cbor_and_json(document in any_document()) {
        let mut writer = BufWriter::new(Vec::new());
        value(&document).encode(&mut writer).unwrap();
        // The text as serde_json itself reads it back: its numbers may be off by the last bit.
        let text = document.to_string();
        let read_back: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assume!(read_back == document);
        let fields = &["/x", "/y/0"];
        let json = answer(decoder(json::read, fields), text.as_bytes());
        prop_assert_eq!(answer(decoder(read, fields), &writer.into_inner()), json);
    }
}
