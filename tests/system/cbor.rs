use anyhow::Result;
use serde_json::json;
use weir_tests::Publication;

use crate::{
    documents::{Answer, CBOR},
    site::Site,
};

/// The same guest behind both formats.
const BOTH: &str = r#"
[pipeline.json]
topic = "json/{device}"
profile = "calm-chip"
guest = "anomaly"
decode = { codec = "json", fields = ["/s"], time = "/t", id = "/id" }

[pipeline.cbor]
topic = "cbor/{device}"
profile = "calm-chip"
guest = "anomaly"
decode = { codec = "cbor", fields = ["/s"], time = "/t", id = "/id" }
result = { format = "cbor" }

[pipeline.numbered]
topic = "numbered/{device}"
profile = "calm-chip"
guest = "anomaly"
decode = { codec = "cbor", fields = ["/2"], id = "/-2" }
"#;

fn cbor(document: &serde_json::Value) -> Result<Vec<u8>> {
    Ok(cbor4ii::serde::to_vec(Vec::new(), document)?)
}

/// `{"s": <typed array of little-endian f32>, "t": 1, "id": "typed"}`
fn typed(numbers: [f32; 3]) -> Vec<u8> {
    let mut payload = b"\xa3\x61s\xd8\x55\x4c".to_vec();
    payload.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    payload.extend(b"\x61t\x01\x62id\x65typed");
    payload
}

/// `{2: 1.5 as a half float, -2: 7}`, of no stated length
const NUMBERED: &[u8] = b"\xbf\x02\xf9\x3e\x00\x21\x07\xff";

#[tokio::test]
async fn cbor_in_and_out_says_what_json_says() -> Result<()> {
    let site = Site::open(&[BOTH]).await?;
    let samples = [
        json!({"s": [1.0, -2.5, 3.0], "t": 1_700_000_000.5, "id": "floats"}),
        json!({"s": [1, 2, 300], "t": "2026-11-21T10:00:00Z", "id": 7}),
        json!({"t": 1, "id": "typed", "s": [0.5, 0.25, -4.0]}),
    ];
    let binary = [
        cbor(&samples[0])?,
        cbor(&samples[1])?,
        typed([0.5, 0.25, -4.0]),
    ];
    site.publish("json/a", samples.iter().map(ToString::to_string))
        .await?;
    site.publish("cbor/a", binary).await?;
    site.sensor
        .publish(Publication::new("numbered/a", NUMBERED))
        .await?;
    let answers = site.finish(7).await?;
    let of = |pipeline: &str| -> Vec<&Answer> {
        answers
            .iter()
            .filter(|answer| answer.pipeline == pipeline)
            .collect()
    };
    let (json, cbor) = (of("json"), of("cbor"));
    assert_eq!((json.len(), cbor.len()), (3, 3), "{answers:?}");
    for (json, cbor) in json.iter().zip(&cbor) {
        assert!(json.is_result && cbor.is_result, "{json} {cbor}");
        assert_eq!(cbor.message.properties.content_type.as_deref(), Some(CBOR));
        assert_eq!(cbor.id(), json.id());
        let keys = |answer: &Answer| -> Vec<String> {
            let members = answer.document.as_object().into_iter().flatten();
            members.map(|(key, _)| key.clone()).collect()
        };
        assert_eq!(keys(cbor), keys(json));
        let near = |(one, other): (f64, f64)| (one - other).abs() <= other.abs() * 1e-6;
        let outputs = cbor.output("zscore").into_iter().zip(json.output("zscore"));
        assert_eq!(cbor.output("zscore").len(), 3);
        assert!(outputs.clone().all(near), "{outputs:?}");
    }
    let numbered = of("numbered");
    assert_eq!(numbered[0].id(), "7");
    assert_eq!(numbered[0].output("zscore").len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_cbor_has_a_code() -> Result<()> {
    let site = Site::open(&[BOTH]).await?;
    let good = typed([1.0, 2.0, 3.0]);
    let mut longer = good.clone();
    longer.push(0);
    let payloads: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "payload_not_cbor"),
        (good[..good.len() - 1].to_vec(), "payload_not_cbor"),
        (longer, "payload_not_cbor"),
        (b"{\"s\":1}".to_vec(), "payload_not_cbor"),
        (vec![0x81; 4000], "payload_not_cbor"),
        (
            vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            "payload_not_cbor",
        ),
        (cbor(&json!({"t": 1}))?, "payload_field_missing"),
        (cbor(&json!({"s": "1", "t": 1}))?, "payload_field_type"),
        (cbor(&json!({"s": [[1, 2], [3]], "t": 1}))?, "payload_shape"),
        (typed([1.0, f32::NAN, 3.0]), "payload_not_finite"),
    ];
    let topic = "cbor/a";
    site.publish(topic, payloads.iter().map(|(payload, _)| payload.clone()))
        .await?;
    let answers = site.finish(u64::try_from(payloads.len())?).await?;
    let codes: Vec<&str> = answers.iter().map(|answer| answer.text("code")).collect();
    let expected: Vec<&str> = payloads.iter().map(|(_, code)| *code).collect();
    assert_eq!(codes, expected);
    Ok(())
}
