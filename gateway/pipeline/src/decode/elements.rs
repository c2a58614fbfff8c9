use bytes::Bytes;
use guest_abi::DType;
use weir_engine::TensorRef;
use weir_profile::FloatPolicy;

use crate::{
    Reason, RejectCode,
    binding::{InputPlan, Laid, Layout},
    prepare::{Target, all_finite, numbers},
    window::Complete,
};

/// An input that is ready for the guest. Its memory is used again for the next message.
#[derive(Debug)]
pub(crate) struct Ready {
    dtype: DType,
    pub(crate) dims: Vec<u32>,
    pub(crate) own: Vec<u8>,
    /// The payload's own bytes, where they are the elements already.
    pub(crate) shared: Option<Bytes>,
}

impl Ready {
    pub(crate) fn new(dtype: DType) -> Self {
        Self {
            dtype,
            dims: Vec::new(),
            own: Vec::new(),
            shared: None,
        }
    }

    pub(crate) fn tensor(&self) -> TensorRef<'_> {
        TensorRef {
            dtype: self.dtype,
            dims: &self.dims,
            data: self.shared.as_deref().unwrap_or(&self.own),
        }
    }

    /// Lays a window's samples out as the model takes them.
    pub(crate) fn lay(&mut self, window: Complete<'_>, laid: &Laid, channels: usize) {
        self.shared = None;
        self.dims.clone_from(&laid.dims);
        self.own.clear();
        match laid.order {
            Layout::ChannelsLast => {
                self.own.extend_from_slice(window.older);
                self.own.extend_from_slice(window.newer);
            }
            Layout::ChannelsFirst => match self.dtype.bytes() {
                1 => gather::<1>(window, channels, &mut self.own),
                2 => gather::<2>(window, channels, &mut self.own),
                4 => gather::<4>(window, channels, &mut self.own),
                _ => gather::<8>(window, channels, &mut self.own),
            },
        }
    }

    /// Refuses an input that is larger than the model allows.
    pub(crate) fn check(&self, plan: &InputPlan) -> Result<(), Reason> {
        check_bytes(plan, self.tensor().data.len())
    }
}

/// Refuses an input of so many bytes, where the model allows fewer.
pub(super) fn check_bytes(plan: &InputPlan, bytes: usize) -> Result<(), Reason> {
    if bytes > plan.bytes_max {
        let words = format!(
            "input {} would take {bytes} bytes, the model allows {}",
            plan.name, plan.bytes_max
        );
        return Err(Reason::new(RejectCode::InputTooLarge, words));
    }
    Ok(())
}

/// Samples of `channels` elements each → channel after channel.
fn gather<const N: usize>(window: Complete<'_>, channels: usize, out: &mut Vec<u8>) {
    let (older, newer) = (
        window.older.as_chunks::<N>().0,
        window.newer.as_chunks::<N>().0,
    );
    out.reserve(window.older.len() + window.newer.len());
    for channel in 0..channels {
        for part in [older, newer] {
            let elements = part.iter().skip(channel).step_by(channels.max(1));
            elements.for_each(|element| out.extend_from_slice(element));
        }
    }
}

/// Little-endian elements of a payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoded<'a> {
    pub(super) dtype: DType,
    pub(super) bytes: &'a [u8],
}

impl<'a> Encoded<'a> {
    /// The elements as the input takes them: the same bytes where nothing is to be changed, else `out`.
    pub(super) fn prepared<'o>(
        self,
        plan: &InputPlan,
        target: Target,
        values: &mut Vec<f64>,
        out: &'o mut Vec<u8>,
    ) -> Result<&'o [u8], Reason>
    where
        'a: 'o,
    {
        if self.dtype != plan.dtype || !plan.preparation.is_identity() {
            numbers(self.dtype, self.bytes, values);
            plan.preparation.write(values, target, out)?;
            return Ok(out);
        }
        if target.floats == FloatPolicy::Finite && !all_finite(self.dtype, self.bytes) {
            let words = "a value is NaN or infinite; the pipeline takes finite numbers only";
            return Err(Reason::new(RejectCode::PayloadNotFinite, words));
        }
        Ok(self.bytes)
    }
}

/// The bytes of one element each, in sizes that follow it: how many elements of a channel follow each other.
pub(super) fn inner(dims: &[u32], axis: usize) -> usize {
    crate::binding::elements(dims.get(axis + 1..).unwrap_or(&[]))
}
