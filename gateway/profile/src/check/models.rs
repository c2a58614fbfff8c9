use super::pipeline::parsed;
use crate::{ModelName, report::Report, written};

/// The greatest number of further models of a pipeline.
const MODELS_MAX: usize = 64;

/// `models` of one pipeline: the further ones, each once, without the pipeline's own.
pub(super) fn models(
    report: &mut Report<'_>,
    name: &str,
    written: &written::Pipeline,
    mqtt_5: bool,
) -> Option<Vec<ModelName>> {
    let key = ["pipeline", name, "models"];
    let stated = written.models.len();
    if stated == 0 {
        if written.decode.model_id.is_some() {
            let message = "has no effect: the pipeline has one model";
            let help = "list the models that a message may name: models = [\"…\"]";
            report.warning(&["pipeline", name, "decode", "model_id"], message, help);
        }
        return Some(Vec::new());
    }
    if stated > MODELS_MAX {
        let message = format!("has {stated} models; at most {MODELS_MAX} are allowed");
        report.error(&key, message, "");
        return None;
    }
    if written.model.is_none() {
        let message = "leaves open which model a message gets that names none";
        report.error(&key, message, "state it: model = \"…\"");
    }
    if written.decode.model_id.is_none() && !mqtt_5 {
        let message = "cannot be named: MQTT 3.1.1 has no user properties";
        let help = "let the payload name the model: decode.model_id = \"/model_id\" (json or cbor)";
        report.warning(&key, message, help);
    }
    let mut models: Vec<ModelName> = Vec::with_capacity(stated);
    for model in &written.models {
        let parsed = parsed(report, &key, model)?;
        if !models.contains(&parsed) && written.model.as_deref() != Some(model.as_str()) {
            models.push(parsed);
        }
    }
    Some(models)
}
