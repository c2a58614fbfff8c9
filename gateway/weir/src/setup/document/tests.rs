use super::*;
use crate::setup::pipeline::WindowAnswer;

fn answer() -> PipelineAnswer {
    PipelineAnswer {
        name: "pump.1".to_owned(),
        topic: "sensors/{device}/vibration".to_owned(),
        profile: "pi-4".to_owned(),
        guest: "tinynn".to_owned(),
        model: Some("vibration-int8".to_owned()),
        fields: vec!["/ax".to_owned(), "/quote\"d".to_owned()],
        scale: Some(0.001),
        window: Some(WindowAnswer {
            size: 128,
            stride: Some(64),
            gap_ms_max: Some(500),
        }),
        min_confidence: Some(0.6),
    }
}

#[test]
fn what_is_written_is_what_was_said() {
    let node = [("name", quoted("pump-room"))];
    let broker = [("url", quoted("mqtt://10.0.0.5"))];
    let text = whole(&node, &broker, Some(&answer()));
    let settings = weir_profile::parse(&text).unwrap().settings;
    assert_eq!(settings.node.name.as_str(), "pump-room");
    let [pipeline] = settings.pipelines.as_slice() else {
        panic!("{text}");
    };
    assert_eq!(pipeline.name.as_str(), "pump.1");
    assert_eq!(pipeline.topic.filter, "sensors/+/vibration");
    assert_eq!(pipeline.window.unwrap().size.get(), 128);
}

#[test]
fn every_key_of_node_and_broker_is_there_in_lines_that_may_be_uncommented() {
    let text = whole(&[], &[], None);
    assert!(
        weir_profile::parse(&text)
            .unwrap()
            .settings
            .pipelines
            .is_empty()
    );
    let schema = schema();
    for name in ["node", "broker"] {
        let keys = schema["properties"][name]["properties"]
            .as_object()
            .unwrap();
        for key in keys.keys() {
            assert!(text.contains(&format!("\n# {key} =")), "{key}");
        }
    }
    let uncommented = text.replace("\n# receive_max", "\nreceive_max");
    assert!(uncommented.contains("\nreceive_max = 256\n"));
    weir_profile::parse(&uncommented).unwrap();
}

#[test]
fn a_pipeline_is_added_by_a_file_of_its_own() {
    let text = one_pipeline(&answer());
    assert!(text.starts_with(MARK));
    assert_eq!(
        weir_profile::parse(&text).unwrap().settings.pipelines.len(),
        1
    );
}
