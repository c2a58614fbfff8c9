use weir_transport::QoS;

use crate::{
    ResultFormat, ResultOptions,
    report::Report,
    written::{self, FormatName},
};

/// The greatest number of labels.
const LABELS_MAX: usize = 65_536;

/// `result` of one pipeline.
pub(super) fn result(
    report: &mut Report<'_>,
    name: &str,
    written: &written::Outcome,
) -> ResultOptions {
    let labels = written.labels.as_ref().map_or(0, Vec::len);
    if written.labels.is_some() && !(1..=LABELS_MAX).contains(&labels) {
        let message = format!("has {labels} labels; 1 to {LABELS_MAX} are allowed");
        let help = "leave the key out to use the model's own";
        report.error(&["pipeline", name, "result", "labels"], message, help);
    }
    if written.min_confidence.is_some() && written.top_k == 0 {
        let message = "has no effect: top_k = 0 reports no label";
        report.warning(&["pipeline", name, "result", "min_confidence"], message, "");
    }
    if written.top_k == 0 && !written.outputs {
        let message = "with outputs = false leaves nothing to report";
        let help = "report labels (top_k = 1) or outputs (outputs = true)";
        report.error(&["pipeline", name, "result", "top_k"], message, help);
    }
    ResultOptions {
        format: match written.format {
            FormatName::Json => ResultFormat::Json,
            FormatName::Cbor => ResultFormat::Cbor,
            FormatName::Postcard => ResultFormat::Postcard,
        },
        softmax: written.softmax,
        top_k: written.top_k,
        min_confidence: written.min_confidence,
        labels: written.labels.clone(),
        outputs: written.outputs,
        qos: match written.qos {
            0 => QoS::AtMostOnce,
            _ => QoS::AtLeastOnce,
        },
        retain: written.retain,
        reply_only: written.reply_only,
    }
}
