use anyhow::Result;

use crate::{
    documents::{Answer, Counts},
    site::Site,
};

/// Windows of four numbers, two of them new.
const WINDOWED: &str = r#"
[pipeline.windowed]
topic = "sensors/{device}/level"
profile = "calm-chip"
guest = "anomaly"
decode = { codec = "json", fields = ["/x"], time = "/t", id = "/id" }
window = { size = 4, stride = 2, gap_ms_max = 1000 }
"#;

fn level(id: &str, t: f64) -> String {
    format!(r#"{{"id":"{id}","t":{t},"x":1.5}}"#)
}

/// So many, a tenth of a second apart.
fn levels(prefix: &str, start: u32, count: u32) -> Vec<String> {
    let one = |number: u32| {
        level(
            &format!("{prefix}{number}"),
            f64::from(start + number) / 10.0,
        )
    };
    (0..count).map(one).collect()
}

fn ids(answers: &[Answer]) -> Vec<&str> {
    answers.iter().map(Answer::id).collect()
}

#[tokio::test]
async fn the_first_window_takes_its_size_the_next_ones_the_stride() -> Result<()> {
    let site = Site::open(&[WINDOWED]).await?;
    site.publish("sensors/tank/level", levels("l", 0, 11))
        .await?;
    let health = site.settled(11).await?;
    let expected = Counts {
        accepted: 11,
        results: 4,
        rejects: 0,
        windowed: 7,
    };
    assert_eq!(Counts::of(&health, "windowed")?, expected);
    let answers = site.stop().await?;
    assert_eq!(
        ids(&answers),
        ["l3", "l5", "l7", "l9"],
        "the identity is that of the message that completes"
    );
    assert!(
        answers
            .iter()
            .all(|answer| answer.output("zscore").len() == 4)
    );
    Ok(())
}

#[tokio::test]
async fn a_gap_empties_the_window() -> Result<()> {
    let site = Site::open(&[WINDOWED]).await?;
    let topic = "sensors/tank/level";
    site.publish(topic, levels("a", 0, 3)).await?;
    // 1.1 s later, by the samples' own time: three are forgotten, four more are needed.
    site.publish(topic, levels("b", 13, 4)).await?;
    // Time runs backwards: the sensor was set anew.
    site.publish(topic, levels("c", 0, 5)).await?;
    // Exactly the greatest gap is none.
    site.publish(topic, levels("d", 14, 1)).await?;
    let answers = site.finish(13).await?;
    assert_eq!(ids(&answers), ["b3", "c3", "d0"]);
    Ok(())
}

#[tokio::test]
async fn each_device_has_a_window_of_its_own() -> Result<()> {
    let site = Site::open(&[WINDOWED]).await?;
    let (first, second) = (levels("f", 0, 5), levels("s", 500, 3));
    for number in 0..5 {
        site.publish("sensors/first/level", first.get(number).cloned())
            .await?;
        site.publish("sensors/second/level", second.get(number).cloned())
            .await?;
    }
    let answers = site.finish(8).await?;
    assert_eq!(ids(&answers), ["f3"]);
    assert_eq!(answers[0].device, "first");
    Ok(())
}

#[tokio::test]
async fn a_broken_sample_leaves_the_window_as_it_was() -> Result<()> {
    let site = Site::open(&[WINDOWED]).await?;
    let topic = "sensors/tank/level";
    site.publish(topic, levels("a", 0, 3)).await?;
    site.publish(topic, [r#"{"t":0.3,"id":"broken"}"#.to_owned()])
        .await?;
    site.publish(topic, [level("a3", 0.3)]).await?;
    let answers = site.finish(5).await?;
    assert_eq!(ids(&answers), ["broken", "a3"]);
    assert_eq!(answers[0].text("code"), "payload_field_missing");
    Ok(())
}
