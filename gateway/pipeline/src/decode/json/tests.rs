use proptest::prelude::*;

use weir_profile::IdSource;

use super::*;
use crate::{decode::fields::Fields, fixtures::pipeline};

fn decoder(fields: &[&str]) -> Fields {
    let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    let mut pipeline = pipeline();
    pipeline.decode.id = IdSource::Field("/id".to_owned());
    Fields::new(read, &pipeline, &fields, Some("/t")).unwrap()
}

/// The values of the fields, or the code of the reject.
fn values(fields: &[&str], payload: &str) -> Result<Vec<Vec<f64>>, &'static str> {
    let mut json = decoder(fields);
    let read = json.read(payload.as_bytes()).and_then(|()| json.fields());
    read.map(|fields| fields.iter().map(|field| field.values.clone()).collect())
        .map_err(|reason| reason.code)
}

#[test]
fn fields_are_found_wherever_their_pointers_lead() {
    let payload = r#"{"skip":{"deep":[1,{"x":2}]},"a":{"b~/c":[5]},"list":[7,{"y":-8e-1}],"a2":3}"#;
    let fields = ["/a/b~0~1c", "/list/0", "/list/1/y", "/a2"];
    assert_eq!(
        values(&fields, payload).unwrap(),
        [vec![5.0], vec![7.0], vec![-0.8], vec![3.0]]
    );
    assert_eq!(values(&["/0", "/1"], "[1, 2, 3]").unwrap(), [[1.0], [2.0]]);
    assert_eq!(values(&["/x"], r#"{"x":1,"x":2}"#).unwrap(), [[2.0]]);
}

#[test]
fn a_whole_payload_may_be_the_value() {
    let mut json = Fields::new(read, &pipeline(), &[String::new()], None).unwrap();
    json.read(b"[[1,2],[3,4]]").unwrap();
    assert_eq!(json.fields().unwrap()[0].values, [1.0, 2.0, 3.0, 4.0]);
    json.read(b" 23.5 ").unwrap();
    assert_eq!(json.fields().unwrap()[0].values, [23.5]);
}

#[test]
fn every_kind_of_fault_has_its_code() {
    for (payload, code) in [
        ("", "payload_not_json"),
        ("{", "payload_not_json"),
        (r#"{"x":1} x"#, "payload_not_json"),
        (r#"{"x":NaN}"#, "payload_not_json"),
        (r#"{"x":01}"#, "payload_not_json"),
        ("\u{0}", "payload_not_json"),
        ("{}", "payload_field_missing"),
        ("7", "payload_field_missing"),
        (r#"{"x":null}"#, "payload_field_type"),
        (r#"{"x":true}"#, "payload_field_type"),
        (r#"{"x":"1"}"#, "payload_field_type"),
        (r#"{"x":{"y":1}}"#, "payload_field_type"),
        (r#"{"x":[1,"2"]}"#, "payload_field_type"),
        (r#"{"x":[1,null]}"#, "payload_field_type"),
        (r#"{"x":[1,[2]]}"#, "payload_shape"),
        (r#"{"x":[[1,2],[3]]}"#, "payload_shape"),
        (r#"{"x":[[1],[[2]]]}"#, "payload_shape"),
        (r#"{"x":[[],1]}"#, "payload_shape"),
        (r#"{"x":[]}"#, "payload_shape"),
        (r#"{"x":[[[[[[[[[1]]]]]]]]]}"#, "payload_shape"),
        (r#"{"x":1e999}"#, "payload_not_finite"),
        (r#"{"x":[-1e999]}"#, "payload_not_finite"),
    ] {
        assert_eq!(values(&["/x"], payload), Err(code), "{payload}");
    }
    let deep = format!(r#"{{"y":{}1{}}}"#, "[".repeat(500), "]".repeat(500));
    assert!(values(&["/x"], &deep).is_err());
}

#[test]
fn identities_are_texts_or_integers() {
    let id = |payload: &str| {
        let mut json = decoder(&["/x"]);
        json.read(payload.as_bytes()).unwrap();
        json.id()
            .map(|id| id.map(str::to_owned))
            .map_err(|reason| reason.code)
    };
    assert_eq!(id(r#"{"id":"a-1"}"#), Ok(Some("a-1".to_owned())));
    assert_eq!(
        id(r#"{"id":18446744073709551615}"#),
        Ok(Some("18446744073709551615".to_owned()))
    );
    assert_eq!(id("{}"), Ok(None));
    assert_eq!(id(r#"{"id":null}"#), Ok(None));
    for payload in [
        r#"{"id":1.5}"#,
        r#"{"id":""}"#,
        r#"{"id":[1]}"#,
        r#"{"id":true}"#,
    ] {
        assert_eq!(id(payload), Err("payload_field_type"), "{payload}");
    }
}

#[test]
fn times_are_seconds_or_rfc_3339() {
    let time = |payload: &str| {
        let mut json = decoder(&["/x"]);
        json.read(payload.as_bytes()).unwrap();
        json.time_us().map_err(|reason| reason.code)
    };
    assert_eq!(time(r#"{"t":1.5}"#), Ok(Some(1_500_000)));
    assert_eq!(time(r#"{"t":1795255200}"#), Ok(Some(1_795_255_200_000_000)));
    assert_eq!(
        time(r#"{"t":"2026-11-21T10:00:00.5Z"}"#),
        Ok(Some(1_795_255_200_500_000))
    );
    assert_eq!(time("{}"), Err("payload_field_missing"));
    for payload in [r#"{"t":"yesterday"}"#, r#"{"t":1e300}"#, r#"{"t":null}"#] {
        assert_eq!(time(payload), Err("payload_field_type"), "{payload}");
    }
}

#[test]
fn nothing_of_an_earlier_payload_is_left() {
    let mut json = decoder(&["/x"]);
    json.read(br#"{"x":[1,2],"id":"old"}"#).unwrap();
    json.read(b"{}").unwrap();
    assert_eq!(json.id().unwrap(), None);
    assert!(json.fields().is_err());
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
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
            prop::collection::btree_map(key, inner, 0..4).prop_map(|map| {
                map.into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut json = decoder(&["/x", "/y/0"]);
        if json.read(&bytes).is_ok() {
            let _unused = (json.fields().is_ok(), json.id().is_ok(), json.time_us().is_ok());
        }
    }

    #[test]
    fn numbers_agree_with_serde_jsons_own_pointers(value in any_json()) {
        let mut json = decoder(&["/x", "/y/0"]);
        json.read(value.to_string().as_bytes()).unwrap();
        for (slot, pointer) in json.slots.iter().zip(["/x", "/y/0"]) {
            let found = value.pointer(pointer);
            prop_assert_eq!(slot.kind == Kind::Missing, found.is_none());
            if let Some(number) = found.and_then(serde_json::Value::as_f64) {
                prop_assert!((slot.values[0] - number).abs() <= number.abs() * 1e-15);
            }
        }
    }
}
