use std::sync::Arc;

use smallvec::SmallVec;
use weir_engine::Tensor;
use weir_payload::{Dims, Elements, List, VERSION};
use weir_profile::{ResultFormat, ResultOptions};

use super::{
    InferenceResult, Output, Ranked,
    document::{Millis, Numbers},
    rank::Ranking,
};
use crate::{Reason, RejectCode, now::UtcMillis, prepare::all_finite};

/// Labels and outputs of one result that take no allocation.
const TOP_INLINE: usize = 8;
const OUTPUTS_INLINE: usize = 4;

/// Writes results, into memory that is used again.
#[derive(Debug)]
pub(crate) struct ResultWriter {
    options: ResultOptions,
    labels: Vec<Arc<str>>,
    softmax: bool,
    ranking: Ranking,
    buffer: Vec<u8>,
}

/// What a result says besides the outputs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) id: &'a str,
    pub(crate) time_us: i64,
    pub(crate) pipeline: &'a str,
    pub(crate) device: &'a str,
    pub(crate) model_version: Option<&'a str>,
    pub(crate) guest: &'a str,
    pub(crate) engine: &'a str,
    pub(crate) latency_us: u64,
    pub(crate) infer_us: u64,
}

/// What the ranking says.
struct Verdict<'a> {
    label: Option<&'a Arc<str>>,
    confidence: Option<f32>,
    top: SmallVec<[Ranked<'a>; TOP_INLINE]>,
}

/// The best label of a result, for those who watch; none below `min_confidence` or without labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// The label.
    pub label: Option<Arc<str>>,
    /// How certain the best one is, whether it is named or not.
    pub confidence: Option<f32>,
}

impl Verdict<'_> {
    fn best(&self) -> Best {
        Best {
            label: self.label.cloned(),
            confidence: self.confidence,
        }
    }
}

impl ResultWriter {
    pub(crate) fn new(options: ResultOptions, labels: Vec<String>, softmax: bool) -> Self {
        Self {
            options,
            labels: labels.into_iter().map(Arc::from).collect(),
            softmax,
            ranking: Ranking::default(),
            buffer: Vec::new(),
        }
    }

    /// The result's bytes, and the best label in it.
    pub(crate) fn write(
        &mut self,
        facts: Facts<'_>,
        outputs: &[Tensor],
    ) -> Result<(&[u8], Best), Reason> {
        if let Some(first) = outputs.first() {
            self.ranking.read(first, self.softmax);
        }
        self.buffer.clear();
        let best = match self.options.format {
            ResultFormat::Json => self.document(facts, outputs, true, |document, buffer| {
                serde_json::to_writer(buffer, document).map_err(unwritable)
            })?,
            ResultFormat::Cbor => self.document(facts, outputs, false, |document, buffer| {
                *buffer =
                    cbor4ii::serde::to_vec(std::mem::take(buffer), document).map_err(unwritable)?;
                Ok(())
            })?,
            ResultFormat::Postcard => self.postcard(facts, outputs)?,
        };
        Ok((&self.buffer, best))
    }

    /// The result as a document of named values, in the format that `write` knows.
    fn document(
        &mut self,
        facts: Facts<'_>,
        outputs: &[Tensor],
        finite_only: bool,
        write: impl FnOnce(&InferenceResult<'_>, &mut Vec<u8>) -> Result<(), Reason>,
    ) -> Result<Best, Reason> {
        let Self {
            options,
            labels,
            softmax,
            ranking,
            buffer,
        } = self;
        let verdict = verdict(options, labels, ranking);
        let softmax_scores = softmax.then_some(ranking.scores.as_slice());
        if finite_only {
            check_finite(options.outputs, &verdict, outputs)?;
        }
        let output = |(index, tensor)| output(index, tensor, softmax_scores);
        let outputs: Option<SmallVec<[Output<'_>; OUTPUTS_INLINE]>> = options
            .outputs
            .then(|| outputs.iter().enumerate().map(output).collect());
        let document = InferenceResult {
            v: VERSION,
            id: facts.id,
            time: UtcMillis(facts.time_us),
            pipeline: facts.pipeline,
            device: facts.device,
            label: verdict.label.map(|label| &**label),
            confidence: verdict.confidence,
            top: &verdict.top,
            outputs: outputs.as_deref(),
            model_version: facts.model_version,
            guest: facts.guest,
            engine: facts.engine,
            latency_ms: Millis(facts.latency_us),
            infer_ms: Millis(facts.infer_us),
        };
        write(&document, buffer)?;
        Ok(verdict.best())
    }

    fn postcard(&mut self, facts: Facts<'_>, outputs: &[Tensor]) -> Result<Best, Reason> {
        let Self {
            options,
            labels,
            softmax,
            ranking,
            buffer,
        } = self;
        let verdict = verdict(options, labels, ranking);
        let top: SmallVec<[weir_payload::Ranked<'_>; TOP_INLINE]> = verdict
            .top
            .iter()
            .map(|&Ranked { label, confidence }| weir_payload::Ranked { label, confidence })
            .collect();
        let scores = softmax.then_some(ranking.scores.as_slice());
        let tensors: SmallVec<[weir_payload::Tensor<'_>; OUTPUTS_INLINE]> = outputs
            .iter()
            .filter(|_| options.outputs)
            .enumerate()
            .map(|(index, tensor)| packed(index, tensor, scores))
            .collect();
        let document = weir_payload::InferenceResult {
            v: VERSION,
            id: facts.id,
            time_us: facts.time_us,
            pipeline: facts.pipeline,
            device: facts.device,
            label: verdict.label.map(|label| &**label),
            confidence: verdict.confidence,
            model_version: facts.model_version,
            guest: facts.guest,
            engine: facts.engine,
            latency_us: facts.latency_us,
            infer_us: facts.infer_us,
            top: List::Slice(&top),
            outputs: List::Slice(&tensors),
        };
        *buffer = postcard::to_extend(&document, std::mem::take(buffer)).map_err(unwritable)?;
        Ok(verdict.best())
    }
}

/// The best labels. Without labels there are none: a number alone names nothing.
fn verdict<'l>(
    options: &ResultOptions,
    labels: &'l [Arc<str>],
    ranking: &mut Ranking,
) -> Verdict<'l> {
    let count = if labels.is_empty() { 0 } else { options.top_k };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let ranked = |(place, confidence): (usize, f32)| Some((labels.get(place)?, confidence));
    let mut ranked = ranking.best(count).filter_map(ranked).peekable();
    let best = ranked.peek().copied();
    let several = options.top_k >= 2;
    let top = ranked
        .filter(|_| several)
        .map(|(label, confidence)| Ranked { label, confidence })
        .collect();
    let certain = |(_, confidence): &(&Arc<str>, f32)| {
        options
            .min_confidence
            .is_none_or(|least| *confidence >= least)
    };
    Verdict {
        label: best.filter(certain).map(|(label, _)| label),
        confidence: best.map(|(_, confidence)| confidence),
        top,
    }
}

fn output<'a>(index: usize, tensor: &'a Tensor, scores: Option<&'a [f32]>) -> Output<'a> {
    let scores = scores.filter(|_| index == 0).map(Numbers::Scores);
    Output {
        name: &tensor.name,
        shape: &tensor.dims,
        data: scores.unwrap_or(Numbers::Encoded(tensor.dtype, &tensor.data)),
    }
}

/// The same in postcard.
fn packed<'a>(
    index: usize,
    tensor: &'a Tensor,
    scores: Option<&'a [f32]>,
) -> weir_payload::Tensor<'a> {
    let scores = scores.filter(|_| index == 0).map(Elements::F32);
    weir_payload::Tensor {
        name: &tensor.name,
        dims: Dims::new(&tensor.dims).unwrap_or(Dims::FLAT),
        elements: scores.unwrap_or(Elements::Bytes(tensor.dtype, &tensor.data)),
    }
}

/// JSON has no NaN and no infinity. (Softmax of either gives NaN, which the confidence would show.)
fn check_finite(
    with_outputs: bool,
    verdict: &Verdict<'_>,
    outputs: &[Tensor],
) -> Result<(), Reason> {
    let fault = |name: &str| {
        let words = format!("output {name} holds NaN or infinity, which JSON cannot carry");
        Err(Reason::new(RejectCode::OutputNotFinite, words))
    };
    let broken = |output: &&Tensor| with_outputs && !all_finite(output.dtype, &output.data);
    if let Some(output) = outputs.iter().find(broken) {
        return fault(&output.name);
    }
    let finite = verdict.confidence.is_none_or(f32::is_finite)
        && verdict
            .top
            .iter()
            .all(|ranked| ranked.confidence.is_finite());
    match outputs.first() {
        Some(output) if !finite => fault(&output.name),
        _ => Ok(()),
    }
}

fn unwritable(error: impl std::fmt::Display) -> Reason {
    Reason::new(
        RejectCode::ResultTooLarge,
        format!("the result cannot be written: {error}"),
    )
}

#[cfg(test)]
mod tests;
