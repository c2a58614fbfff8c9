mod documents;

use proptest::prelude::*;
use weir_profile::IdSource;

use super::*;
use crate::{decode::fields::Fields, fixtures::pipeline};

fn decoder(reader: super::super::fields::Reader, fields: &[&str]) -> Fields {
    let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    let mut pipeline = pipeline();
    pipeline.decode.id = IdSource::Field("/id".to_owned());
    Fields::new(reader, &pipeline, &fields, Some("/t")).unwrap()
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn values(fields: &[&str], payload: &[u8]) -> Result<Vec<Vec<f64>>, &'static str> {
    let mut cbor = decoder(read, fields);
    let read = cbor.read(payload).and_then(|()| cbor.fields());
    read.map(|fields| fields.iter().map(|field| field.values.clone()).collect())
        .map_err(|reason| reason.code)
}

/// The one field `/x`.
fn x(hexadecimal: &str) -> Result<Vec<f64>, &'static str> {
    let payload = [bytes("a1 6178"), bytes(hexadecimal)].concat();
    values(&["/x"], &payload).map(|mut fields| fields.remove(0))
}

#[test]
fn numbers_of_every_encoding_are_read() {
    for (hexadecimal, expected) in [
        ("17", 23.0),
        ("1903e8", 1000.0),
        ("1bffffffffffffffff", 18_446_744_073_709_551_615.0),
        ("20", -1.0),
        ("3bffffffffffffffff", -18_446_744_073_709_551_616.0),
        ("f93c00", 1.0),
        ("f90001", 5.960_464_477_539_063e-8),
        ("fa47c35000", 100_000.0),
        ("fb3ff199999999999a", 1.1),
        ("d9d9f7 01", 1.0),
        ("c1 fa3fc00000", 1.5),
    ] {
        assert_eq!(
            x(hexadecimal).as_deref(),
            Ok(&[expected][..]),
            "{hexadecimal}"
        );
    }
    assert!(
        x("f97e00").unwrap()[0].is_nan(),
        "refused later, where the pipeline wants finite numbers"
    );
}

#[test]
fn arrays_may_have_any_length_encoding() {
    for hexadecimal in [
        "83 01 02 03",
        "9f 01 02 03 ff",
        "d829 83 01 02 03",
        "9b0000000000000003 01 02 03",
    ] {
        assert_eq!(
            x(hexadecimal).as_deref(),
            Ok(&[1.0, 2.0, 3.0][..]),
            "{hexadecimal}"
        );
    }
    assert_eq!(
        x("82 82 01 02 9f 03 04 ff").as_deref(),
        Ok(&[1.0, 2.0, 3.0, 4.0][..])
    );
    let indefinite = bytes("bf 7f 61 78 60 ff 9f 05 ff ff");
    assert_eq!(values(&["/x"], &indefinite).unwrap(), [[5.0]]);
}

#[test]
fn typed_arrays_are_arrays_of_numbers() {
    let cases: [(&str, &[f64]); 16] = [
        ("d840 42 01ff", &[1.0, 255.0]),
        ("d844 42 01ff", &[1.0, 255.0]),
        ("d841 44 0001 ff00", &[1.0, 65_280.0]),
        ("d845 44 0100 00ff", &[1.0, 65_280.0]),
        ("d846 44 01000000", &[1.0]),
        ("d847 48 0100000000000000", &[1.0]),
        ("d848 42 01ff", &[1.0, -1.0]),
        ("d849 44 0001 fffe", &[1.0, -2.0]),
        ("d84d 44 0100 feff", &[1.0, -2.0]),
        ("d84e 44 feffffff", &[-2.0]),
        ("d84f 48 feffffffffffffff", &[-2.0]),
        ("d850 44 3c00 c000", &[1.0, -2.0]),
        ("d854 44 003c 00c0", &[1.0, -2.0]),
        ("d851 44 3fc00000", &[1.5]),
        ("d855 44 0000c03f", &[1.5]),
        ("d856 48 000000000000f83f", &[1.5]),
    ];
    for (hexadecimal, expected) in cases {
        assert_eq!(x(hexadecimal).as_deref(), Ok(expected), "{hexadecimal}");
    }
    assert_eq!(
        x("d855 5f 42 0000 42 c03f ff").as_deref(),
        Ok(&[1.5][..]),
        "in pieces"
    );
    assert_eq!(
        x("82 d848 42 0102 d848 42 0304").as_deref(),
        Ok(&[1.0, 2.0, 3.0, 4.0][..])
    );
}

#[test]
fn fields_are_found_wherever_their_pointers_lead() {
    // {"skip": [h'00', {1: 2}], "list": [7, {"y": -0.5}], -2: {"a": 5}, 3: 9}
    let payload =
        bytes("a4 64736b6970 82 4100 a1 01 02 646c697374 82 07 a1 6179 f9b800 21 a1 6161 05 03 09");
    let found = values(&["/list/1/y", "/-2/a", "/3", "/list/0"], &payload).unwrap();
    assert_eq!(found, [[-0.5], [5.0], [9.0], [7.0]]);
    assert_eq!(values(&["/1"], &bytes("d9d9f7 82 01 02")).unwrap(), [[2.0]]);
    assert_eq!(
        values(&["/x"], &bytes("a2 6178 01 6178 02")).unwrap(),
        [[2.0]],
        "the last one counts"
    );
}

#[test]
fn every_kind_of_fault_has_its_code() {
    for (hexadecimal, code) in [
        ("", "payload_not_cbor"),
        ("a1", "payload_not_cbor"),
        ("a1 6178", "payload_not_cbor"),
        ("a1 6178 01 00", "payload_not_cbor"),
        ("a1 6178 ff", "payload_not_cbor"),
        ("a1 6178 1c", "payload_not_cbor"),
        ("a1 6178 62 61", "payload_not_cbor"),
        ("a1 6178 61 ff", "payload_not_cbor"),
        ("a1 6178 9bffffffffffffffff 01", "payload_not_cbor"),
        ("bbffffffffffffffff 6178 01", "payload_not_cbor"),
        ("a1 6178 9f 01", "payload_not_cbor"),
        ("a1 6178 d84d 43 010203", "payload_not_cbor"),
        ("a1 6178 f8", "payload_not_cbor"),
        ("a0", "payload_field_missing"),
        ("07", "payload_field_missing"),
        ("a1 6178 f6", "payload_field_type"),
        ("a1 6178 f7", "payload_field_type"),
        ("a1 6178 f5", "payload_field_type"),
        ("a1 6178 6131", "payload_field_type"),
        ("a1 6178 4131", "payload_field_type"),
        ("a1 6178 a1 6179 01", "payload_field_type"),
        ("a1 6178 82 01 6132", "payload_field_type"),
        ("a1 6178 c2 4101", "payload_field_type"),
        ("a1 6178 c4 82 01 02", "payload_field_type"),
        (
            "a1 6178 d857 50 00000000000000000000000000000000",
            "payload_field_type",
        ),
        ("a1 6178 d84d 01", "payload_field_type"),
        ("a1 6178 d84d c0 42 0100", "payload_field_type"),
        ("a1 6178 80", "payload_shape"),
        ("a1 6178 d84d 40", "payload_shape"),
        ("a1 6178 82 01 81 02", "payload_shape"),
        ("a1 6178 82 82 01 02 81 03", "payload_shape"),
        ("a1 6178 82 01 d840 41 02", "payload_shape"),
        ("a1 6178 81 81 81 81 81 81 81 81 81 01", "payload_shape"),
        (
            "a1 6178 81 81 81 81 81 81 81 81 d840 41 01",
            "payload_shape",
        ),
    ] {
        assert_eq!(
            values(&["/x"], &bytes(hexadecimal)),
            Err(code),
            "{hexadecimal}"
        );
    }
}

#[test]
fn depth_costs_a_reject_and_no_stack() {
    for deep in [0x81_u8, 0xc1, 0x9f, 0xa1] {
        let nested = [bytes("a2 6179"), vec![deep; 1_000_000], bytes("6178 01")].concat();
        assert_eq!(
            values(&["/x"], &nested),
            Err("payload_not_cbor"),
            "{deep:x}"
        );
        let value = [bytes("a1 6178"), vec![deep; 1_000_000]].concat();
        assert_eq!(values(&["/x"], &value), Err("payload_not_cbor"), "{deep:x}");
    }
}

#[test]
fn identities_and_times_are_read_as_in_json() {
    let read = |hexadecimal: &str| {
        let mut cbor = decoder(read, &["/x"]);
        cbor.read(&bytes(hexadecimal)).unwrap();
        let id = cbor.id().map(|id| id.map(str::to_owned));
        let time = cbor.time_us();
        (
            id.map_err(|reason| reason.code),
            time.map_err(|reason| reason.code),
        )
    };
    assert_eq!(
        read("a2 626964 63612d31 6174 c1 fb3ff8000000000000"),
        (Ok(Some("a-1".to_owned())), Ok(Some(1_500_000)))
    );
    assert_eq!(
        read("a1 626964 3bffffffffffffffff").0,
        Ok(Some("-18446744073709551616".to_owned()))
    );
    assert_eq!(read("a1 626964 f6").0, Ok(None));
    assert_eq!(read("a1 626964 42 0102").0, Err("payload_field_type"));
    let date = [bytes("a1 6174 c0 74"), b"2026-11-21T10:00:00Z".to_vec()].concat();
    let text: String = date.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(read(&text).1, Ok(Some(1_795_255_200_000_000)));
    assert_eq!(
        read("a1 6174 f97e00").1,
        Err("payload_field_type"),
        "NaN is no time"
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut cbor = decoder(read, &["/x", "/y/0"]);
        if cbor.read(&bytes).is_ok() {
            let _unused = (cbor.fields().is_ok(), cbor.id().is_ok(), cbor.time_us().is_ok());
        }
    }
}
