//! A payload with a number wherever the pipeline looks for one.

use serde_json::{Map, Value as Json};
use vibration_generator::{Condition, Pump, SAMPLE_HZ, Split};
use weir_profile::Pipeline;

/// Messages of a test; a longer window is not filled.
const MESSAGES_MAX: usize = 4_096;
/// The models that the generator makes data for begin so.
const VIBRATION: &str = "vibration";
/// Elements of an array that a pointer may make.
const PLACE_MAX: usize = 64;

/// One payload, or as many as make a window. `now` is Unix time.
pub(super) fn payloads(
    pipeline: &Pipeline,
    fields: &[String],
    time: Option<&str>,
    now: f64,
) -> Vec<String> {
    let count = pipeline.window.map_or(1, |window| window.size.get());
    let count = usize::try_from(count).unwrap_or(1).min(MESSAGES_MAX);
    let model = pipeline.model.as_ref().map(|model| model.as_str());
    let is_pump = fields.len() == 3 && model.is_some_and(|name| name.starts_with(VIBRATION));
    let mut pump = is_pump.then(|| Pump::new(Split::Demo.seed(1), Condition::BearingFault));
    let mut at = now;
    (0..count)
        .map(|_| {
            let values = match &mut pump {
                Some(pump) => pump.next_sample().map(|g| f64::from(g) * 1_000.0).to_vec(),
                None => vec![1.0; fields.len()],
            };
            let mut payload = Json::Object(Map::new());
            for (field, value) in fields.iter().zip(values) {
                put(&mut payload, field, value);
            }
            if let Some(time) = time {
                put(&mut payload, time, at);
            }
            at += 1.0 / SAMPLE_HZ;
            payload.to_string()
        })
        .collect()
}

/// Puts a number where a JSON pointer points, making what is around it.
fn put(payload: &mut Json, pointer: &str, value: f64) {
    let mut place = payload;
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        let index = segment.parse().ok().filter(|index| *index < PLACE_MAX);
        place = match index {
            Some(index) => element(place, index),
            None => member(place, segment),
        };
    }
    *place = Json::from(value);
}

fn member(place: &mut Json, name: String) -> &mut Json {
    if !place.is_object() {
        *place = Json::Object(Map::new());
    }
    match place {
        Json::Object(members) => members.entry(name).or_insert(Json::Null),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            unreachable!("it was just made an object")
        }
    }
}

fn element(place: &mut Json, index: usize) -> &mut Json {
    if !place.is_array() {
        *place = Json::Array(Vec::new());
    }
    match place {
        Json::Array(elements) => {
            if elements.len() <= index {
                elements.resize(index + 1, Json::from(0.0));
            }
            &mut elements[index]
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
            unreachable!("it was just made an array")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_stand_where_pointers_point() {
        let mut payload = Json::Object(Map::new());
        put(&mut payload, "/a/b", 1.0);
        put(&mut payload, "/a/c~1d", 2.0);
        put(&mut payload, "/list/1", 3.0);
        put(&mut payload, "/far/1000000", 4.0);
        let wanted =
            json!({"a": {"b": 1.0, "c/d": 2.0}, "list": [0.0, 3.0], "far": {"1000000": 4.0}});
        assert_eq!(payload, wanted);
        put(&mut payload, "", 5.0);
        assert_eq!(payload, json!(5.0));
    }
}
