use std::{
    ffi::{CString, c_char},
    slice,
    sync::Arc,
    time::Instant,
};

use guest_abi::DType;
use ort::{
    AsPointer,
    memory::Allocator,
    session::{RunOptions, Session},
    value::{DynTensor, Outlet, TensorElementType, ValueType},
};

use super::{NAME, watchdog::Watchdog};
use crate::{
    Facts, PrepareError, TensorFact,
    backend::{Fault, Plan, Run},
    registers,
};

/// A loaded model, shared by all that run it.
pub(super) struct Prepared(Arc<Shared>);

struct Shared {
    session: Session,
    facts: Facts,
    inputs: Vec<CString>,
    outputs: Vec<CString>,
    watchdog: Arc<Watchdog>,
}

/// Whether the session takes and gives what is stated; otherwise both, in words. A size that it leaves open is not its
/// to state.
pub(super) fn check(session: &Session, facts: &Facts) -> Result<(), (String, String)> {
    let sides = [
        (session.inputs(), &facts.inputs),
        (session.outputs(), &facts.outputs),
    ];
    for (found, stated) in sides {
        let same = found.len() == stated.len()
            && found
                .iter()
                .zip(stated)
                .all(|(found, stated)| fits(found, stated));
        if !same {
            let stated: Vec<String> = stated.iter().map(TensorFact::words).collect();
            let found: Vec<String> = found
                .iter()
                .map(|outlet| outlet.dtype().to_string())
                .collect();
            return Err((stated.join(", "), found.join(", ")));
        }
    }
    Ok(())
}

fn fits(found: &Outlet, stated: &TensorFact) -> bool {
    let ValueType::Tensor { ty, shape, .. } = found.dtype() else {
        return false;
    };
    let size = |(found, stated): (&i64, &u32)| *found < 0 || *found == i64::from(*stated);
    Some(ty) == element(stated.dtype).as_ref()
        && shape.len() == stated.dims.len()
        && shape.iter().zip(&stated.dims).all(size)
}

const fn element(dtype: DType) -> Option<TensorElementType> {
    match dtype {
        DType::F16 => Some(TensorElementType::Float16),
        DType::F32 => Some(TensorElementType::Float32),
        DType::F64 => Some(TensorElementType::Float64),
        DType::U8 => Some(TensorElementType::Uint8),
        DType::I32 => Some(TensorElementType::Int32),
        DType::I64 => Some(TensorElementType::Int64),
        DType::I8 | DType::I16 => None,
    }
}

impl Prepared {
    pub(super) fn new(
        session: Session,
        facts: &Facts,
        watchdog: Arc<Watchdog>,
    ) -> Result<Self, PrepareError> {
        let names = |outlets: &[Outlet]| {
            let names = outlets.iter().map(|outlet| CString::new(outlet.name()));
            let names: Result<Vec<CString>, _> = names.collect();
            names.map_err(|error| PrepareError::Refused {
                backend: NAME,
                words: error.to_string(),
            })
        };
        Ok(Self(Arc::new(Shared {
            inputs: names(session.inputs())?,
            outputs: names(session.outputs())?,
            facts: facts.clone(),
            session,
            watchdog,
        })))
    }
}

impl Plan for Prepared {
    fn open(&self) -> Result<Box<dyn Run>, Fault> {
        let context = Context::new(&self.0).map_err(|error| Fault::Failed(error.to_string()))?;
        Ok(Box::new(context))
    }
}

/// Tensors that stay where they are, and the addresses by which the library finds them.
struct Context {
    shared: Arc<Shared>,
    options: Arc<RunOptions>,
    inputs: Vec<DynTensor>,
    outputs: Vec<DynTensor>,
    input_names: Vec<*const c_char>,
    output_names: Vec<*const c_char>,
}

impl Context {
    fn new(shared: &Arc<Shared>) -> ort::Result<Self> {
        let allocator = Allocator::default();
        let tensor = |fact: &TensorFact| {
            let element = element(fact.dtype).unwrap_or(TensorElementType::Float32);
            let dims: Vec<i64> = fact.dims.iter().copied().map(i64::from).collect();
            DynTensor::new(&allocator, element, dims)
        };
        let tensors = |facts: &[TensorFact]| {
            let tensors = facts.iter().map(tensor);
            tensors.collect::<ort::Result<Vec<_>>>()
        };
        let names = |names: &[CString]| names.iter().map(|name| name.as_ptr()).collect();
        Ok(Self {
            options: Arc::new(RunOptions::new()?),
            inputs: tensors(&shared.facts.inputs)?,
            outputs: tensors(&shared.facts.outputs)?,
            input_names: names(&shared.inputs),
            output_names: names(&shared.outputs),
            shared: Arc::clone(shared),
        })
    }

    /// The binding's own functions want the session for themselves, though ONNX Runtime's processor backend lets any
    /// number of threads run one (`OrtApi::Run`), and allocate for every call.
    #[expect(
        unsafe_code,
        reason = "one session for all instances, and no allocation of ours for a run"
    )]
    fn run(&mut self) -> ort::Result<()> {
        let inputs: Vec<_> = self.inputs.iter().map(AsPointer::ptr).collect();
        let mut outputs: Vec<_> = self.outputs.iter_mut().map(AsPointer::ptr_mut).collect();
        // SAFETY: session, options, names and values live as long as this context, which nobody else uses while it
        // runs; the counts are those of the lists; no output is null, so the library makes none that had to be freed.
        unsafe {
            let status = (ort::api().Run)(
                self.shared.session.ptr().cast_mut(),
                self.options.ptr(),
                self.input_names.as_ptr(),
                inputs.as_ptr(),
                inputs.len(),
                self.output_names.as_ptr(),
                outputs.len(),
                outputs.as_mut_ptr(),
            );
            ort::Error::result_from_status(status)
        }
    }
}

impl Run for Context {
    #[expect(unsafe_code, reason = "the library knows the elements' address only")]
    fn input(&mut self, index: usize) -> Option<&mut [u8]> {
        let len = self.shared.facts.inputs.get(index)?.bytes;
        let data: *mut u8 = self.inputs.get_mut(index)?.data_ptr_mut().cast();
        if data.is_null() {
            return None;
        }
        // SAFETY: the tensor was made with the type and sizes of the fact, whose bytes these are, and zeroed; it is
        // borrowed for as long as the slice lives.
        Some(unsafe { slice::from_raw_parts_mut(data, len) })
    }

    fn compute(&mut self, ends: Instant) -> Result<(), Fault> {
        if Instant::now() >= ends {
            return Err(Fault::Late);
        }
        let watchdog = Arc::clone(&self.shared.watchdog);
        let watched = watchdog.watch(ends, &self.options);
        let run = self.run();
        registers::clean();
        let late = watched.end();
        match run {
            _ if late => Err(Fault::Late),
            Ok(()) => Ok(()),
            Err(error) => Err(Fault::Failed(error.to_string())),
        }
    }

    #[expect(unsafe_code, reason = "the library knows the elements' address only")]
    fn output(&self, index: usize) -> Option<&[u8]> {
        let len = self.shared.facts.outputs.get(index)?.bytes;
        let data: *const u8 = self.outputs.get(index)?.data_ptr().cast();
        if data.is_null() {
            return None;
        }
        // SAFETY: as for an input.
        Some(unsafe { slice::from_raw_parts(data, len) })
    }
}
