use std::num::NonZeroUsize;

use bytes::Bytes;
use weir_payload::Sample;
use weir_profile::{DeviceId, ModelName};

use super::{
    Decoder, Ready,
    elements::{Encoded, inner},
    fields::{self, Fields},
    postcard, raw,
};
use crate::{
    Binding, Layout, Reason, RejectCode, WindowCounts,
    binding::{Form, InputPlan, lay, words},
    model::Allowed,
    prepare::Target,
    window::{SampleTime, Windows},
};

/// The stages decode, prepare and window of one shard, with their memory. Each model has a decoder and work of its own,
/// and with it windows of its own; documents are read by the first decoder, because what a document holds is the same
/// for every model.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) allowed: Allowed,
    decoders: Vec<Decoder>,
    works: Vec<Work>,
    /// The place of the last message's model.
    pub(crate) model: usize,
    /// The sensor's own identity of the last message; empty = it gave none.
    pub(crate) id: String,
}

/// Everything behind the decoder.
#[derive(Debug)]
struct Work {
    plans: Vec<InputPlan>,
    floats: weir_profile::FloatPolicy,
    windows: Option<Windows>,
    ready: Vec<Ready>,
    values: Vec<f64>,
    bytes: Vec<u8>,
}

/// Who sent a payload, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'d> {
    pub(crate) device: &'d DeviceId,
    pub(crate) arrival_us: u64,
    /// The model that the message's properties name.
    pub(crate) model: Option<&'d str>,
}

impl Intake {
    pub(crate) fn new(binding: Binding, shards: NonZeroUsize) -> Self {
        let (decoder, work) = Work::new(binding, shards);
        Self {
            allowed: Allowed::default(),
            decoders: vec![decoder],
            works: vec![work],
            model: 0,
            id: String::new(),
        }
    }

    /// One more model that a message may name.
    pub(crate) fn allow(&mut self, model: ModelName, binding: Binding, shards: NonZeroUsize) {
        let (decoder, work) = Work::new(binding, shards);
        self.allowed.add(model);
        self.decoders.push(decoder);
        self.works.push(work);
    }

    /// The inputs, once a message was [`Intake::take`]n and is ready.
    pub(crate) fn ready(&self) -> &[Ready] {
        &self.works[self.model].ready
    }

    pub(crate) fn window_counts(&self) -> WindowCounts {
        let windows = self.works.iter().filter_map(|work| work.windows.as_ref());
        windows.map(Windows::counts).sum()
    }

    /// Reads a payload. True: the inputs are ready; false: it entered a window and completed none.
    pub(crate) fn take(&mut self, payload: &Bytes, origin: Origin<'_>) -> Result<bool, Reason> {
        self.id.clear();
        if let Decoder::Fields(fields) = &mut self.decoders[0] {
            let read = fields.read(payload);
            let id = fields.id();
            if let Ok(Some(id)) = &id {
                self.id.push_str(id);
            }
            read.and(id)?;
            self.model = self.allowed.find(fields.model()?.or(origin.model))?;
            return self.works[self.model].fields(fields, origin);
        }
        self.binary(payload, origin)
    }

    /// Reads what is no document.
    fn binary(&mut self, payload: &Bytes, origin: Origin<'_>) -> Result<bool, Reason> {
        let model = self.allowed.find(origin.model);
        let place = model.as_ref().copied().unwrap_or_default();
        let work = &mut self.works[place];
        match &mut self.decoders[place] {
            Decoder::Postcard => {
                let sample = postcard::read(payload)?;
                let id = postcard::id(&sample)?;
                self.id.push_str(id.unwrap_or_default());
                self.model = model?;
                work.postcard(payload, &sample, origin)
            }
            Decoder::Image(image) => {
                self.model = model?;
                match (work.plans.first(), work.ready.first_mut()) {
                    (Some(plan), Some(ready)) => image.read(payload, plan, ready).map(|()| true),
                    _ => Err(no_input()),
                }
            }
            Decoder::Raw(dtype) => {
                self.model = model?;
                let plan = work.plans.first().ok_or_else(no_input)?;
                let encoded = Encoded {
                    dtype: *dtype,
                    bytes: payload,
                };
                raw::check(plan, *dtype, payload, &mut work.ready[0].dims)?;
                work.encoded(0, payload, encoded, None, origin)
            }
            Decoder::Fields(_) => Err(no_input()),
        }
    }
}

impl Work {
    fn new(binding: Binding, shards: NonZeroUsize) -> (Decoder, Self) {
        let windows = binding
            .window
            .zip(binding.inputs.first())
            .and_then(|(window, plan)| {
                let Form::Window { channels, .. } = &plan.form else {
                    return None;
                };
                Some(Windows::new(window, channels * plan.dtype.bytes(), shards))
            });
        let ready = binding
            .inputs
            .iter()
            .map(|plan| Ready::new(plan.dtype))
            .collect();
        let work = Work {
            plans: binding.inputs,
            floats: binding.floats,
            windows,
            ready,
            values: Vec::new(),
            bytes: Vec::new(),
        };
        (binding.decoder, work)
    }

    fn fields(&mut self, document: &Fields, origin: Origin<'_>) -> Result<bool, Reason> {
        let fields = document.fields()?;
        let time = document.time_us()?;
        let (Some(plan), Some(ready)) = (self.plans.first(), self.ready.first_mut()) else {
            return Err(no_input());
        };
        let target = |inner| Target {
            dtype: plan.dtype,
            floats: self.floats,
            inner,
        };
        ready.shared = None;
        match &plan.form {
            Form::Window { channels, .. } => {
                fields::arrange(fields, *channels, Layout::ChannelsLast, &mut self.values)?;
                plan.preparation
                    .write(&self.values, target(1), &mut self.bytes)?;
                let bytes = std::mem::take(&mut self.bytes);
                let complete = self.window(&bytes, time, origin);
                self.bytes = bytes;
                return Ok(complete);
            }
            Form::Fields { channels } => {
                let count =
                    fields::arrange(fields, *channels, Layout::ChannelsFirst, &mut self.values)?;
                let laid = lay(&plan.dims, plan.layout, *channels, count)
                    .ok_or_else(|| wrong_count(plan, *channels, count))?;
                let inner = match laid.order {
                    Layout::ChannelsFirst => count,
                    Layout::ChannelsLast => {
                        fields::arrange(fields, *channels, laid.order, &mut self.values)?;
                        1
                    }
                };
                ready.dims = laid.dims;
                plan.preparation
                    .write(&self.values, target(inner), &mut ready.own)?;
            }
            Form::Whole { axis } => {
                let values = fields::whole(fields, &plan.dims, &mut ready.dims)?;
                let inner = inner(&ready.dims, *axis);
                plan.preparation
                    .write(values, target(inner), &mut ready.own)?;
            }
        }
        ready.check(plan)?;
        Ok(true)
    }

    fn postcard(
        &mut self,
        payload: &Bytes,
        sample: &Sample<'_>,
        origin: Origin<'_>,
    ) -> Result<bool, Reason> {
        let time = sample
            .time_us
            .map(|time| i64::try_from(time).unwrap_or(i64::MAX));
        let mut complete = true;
        for index in 0..self.plans.len() {
            let plan = &self.plans[index];
            let tensor = postcard::find(sample, plan, self.plans.len())?;
            let encoded = postcard::check(plan, &tensor, &mut self.ready[index].dims)?;
            complete = self.encoded(index, payload, encoded, time, origin)?;
        }
        Ok(complete)
    }

    /// Elements of the payload whose number was checked → an input, or samples of a window.
    fn encoded(
        &mut self,
        index: usize,
        payload: &Bytes,
        encoded: Encoded<'_>,
        time: Option<i64>,
        origin: Origin<'_>,
    ) -> Result<bool, Reason> {
        let plan = &self.plans[index];
        let ready = &mut self.ready[index];
        let inner = match &plan.form {
            Form::Window { .. } => 1,
            Form::Fields { .. } => 1,
            Form::Whole { axis } => inner(&ready.dims, *axis),
        };
        let target = Target {
            dtype: plan.dtype,
            floats: self.floats,
            inner,
        };
        if matches!(plan.form, Form::Window { .. }) {
            let mut own = std::mem::take(&mut self.bytes);
            let prepared = encoded.prepared(plan, target, &mut self.values, &mut own);
            let complete = prepared.map(|samples| self.window(samples, time, origin));
            self.bytes = own;
            return complete;
        }
        let prepared = encoded.prepared(plan, target, &mut self.values, &mut ready.own)?;
        let borrowed = std::ptr::eq(prepared, encoded.bytes);
        ready.shared = borrowed.then(|| payload.slice_ref(encoded.bytes));
        ready.check(plan)?;
        Ok(true)
    }

    /// Adds prepared samples to the device's window and lays out the newest one that they complete.
    fn window(&mut self, samples: &[u8], time: Option<i64>, origin: Origin<'_>) -> bool {
        let time = time.map_or(SampleTime::Arrival(origin.arrival_us), SampleTime::Own);
        let parts = (
            self.windows.as_mut(),
            self.plans.first(),
            self.ready.first_mut(),
        );
        let (Some(windows), Some(plan), Some(ready)) = parts else {
            return false;
        };
        let Form::Window { channels, laid } = &plan.form else {
            return false;
        };
        let lay = |window: crate::window::Complete<'_>| ready.lay(window, laid, *channels);
        windows.push(origin.device, time, samples, lay).is_some()
    }
}

fn no_input() -> Reason {
    Reason::new(RejectCode::InputShape, "the guest takes no input")
}

fn wrong_count(plan: &InputPlan, channels: usize, count: usize) -> Reason {
    let takes = words(&plan.dims);
    let words = format!("{count} samples of {channels} numbers; the model takes {takes}");
    Reason::new(RejectCode::PayloadShape, words)
}

#[cfg(test)]
mod tests;
