use std::collections::BTreeMap;

use anyhow::Result;
use weir_tests::Publication;

use crate::{
    documents::{Answer, Counts},
    site::{ANOMALY, Site},
    stream::sample,
};

/// One pipeline with a window, two without, one of them beside the others' topic.
const OTHERS: &str = r#"
[pipeline.windowed]
topic = "sensors/{device}/vibration"
profile = "calm-chip"
guest = "anomaly"
decode = { codec = "json", fields = ["/ax"], id = "/id" }
window = { size = 5, stride = 3 }

[pipeline.everything]
topic = "sensors/{device}/+"
profile = "calm-chip"
guest = "anomaly"
decode = { codec = "json", fields = ["/az"] }
"#;

const DEVICES: usize = 7;
const MESSAGES: usize = 600;

fn message(number: usize) -> Publication {
    let topic = format!("sensors/pump-{}/vibration", number % DEVICES);
    match number % 10 {
        3 => Publication::new(topic, "not JSON"),
        5 => Publication::new(topic, r#"{"ax":1,"az":2}"#),
        6 => Publication::new("sensors//vibration", sample("nobody")),
        9 => Publication::new(
            format!("sensors/pump-{}/level", number % DEVICES),
            sample("level"),
        ),
        _ => Publication::new(topic, sample(&format!("m{number}"))),
    }
}

#[tokio::test]
async fn accepted_is_results_and_rejects_and_windowed() -> Result<()> {
    let site = Site::open(&[ANOMALY, OTHERS]).await?;
    site.sensor.publish_all((0..MESSAGES).map(message)).await?;
    let levels = MESSAGES / 10;
    let published: BTreeMap<&str, usize> = [
        ("anomaly", MESSAGES - levels),
        ("windowed", MESSAGES - levels),
        ("everything", MESSAGES),
    ]
    .into();
    let health = site
        .settled(u64::try_from(published.values().sum::<usize>())?)
        .await?;
    let answers = site.stop().await?;
    for (pipeline, published) in published {
        let counts = Counts::of(&health, pipeline)?;
        let seen = |is_result: bool| {
            let of =
                |answer: &&Answer| answer.pipeline == pipeline && answer.is_result == is_result;
            u64::try_from(answers.iter().filter(of).count())
        };
        let published = u64::try_from(published)?;
        let (results, rejects) = (seen(true)?, seen(false)?);
        let windowed = published - results - rejects;
        assert_eq!(
            counts,
            Counts {
                accepted: published,
                results,
                rejects,
                windowed
            },
            "{pipeline}"
        );
        assert_eq!(
            pipeline == "windowed",
            windowed > 0,
            "{pipeline}: {counts:?}"
        );
        assert!(results > 0 && rejects > 0, "{pipeline}: {counts:?}");
    }
    Ok(())
}
