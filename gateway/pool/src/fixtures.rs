//! An engine whose guests end as a test says.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use guest_abi::{DType, TensorInfo};
use weir_engine::{
    AccessError, Budget, Export, Instance, Limits, Module, Signature, TellBetter, Trap, region,
};

use crate::source::GuestSource;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// `predict` answers.
    Answers,
    /// The process ends during `predict`.
    Crashes,
    /// `predict` is stopped at its deadline.
    Stalls,
    /// An instance does not start.
    Refuses,
    /// `predict` answers, and memory has grown to so many pages.
    Grows(usize),
}

/// What is left of the plan, and how many instances were started.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) next: VecDeque<Next>,
    pub(crate) started: usize,
    pub(crate) open: usize,
    pub(crate) open_most: usize,
    /// Those who want better code.
    pub(crate) wants_better: Vec<TellBetter>,
}

pub(crate) type Shared = Arc<Mutex<Plan>>;

pub(crate) const PAGE: usize = 65_536;

struct Fake {
    plan: Shared,
    improvable: bool,
}

struct FakeInstance {
    plan: Shared,
    memory: Vec<u8>,
    free: i32,
}

impl Drop for FakeInstance {
    fn drop(&mut self) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.open -= 1;
    }
}

impl Module for Fake {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Trap> {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        if plan.next.front() == Some(&Next::Refuses) {
            plan.next.pop_front();
            return Err(crash());
        }
        plan.started += 1;
        plan.open += 1;
        plan.open_most = plan.open_most.max(plan.open);
        Ok(Box::new(FakeInstance {
            plan: Arc::clone(&self.plan),
            memory: vec![0; PAGE],
            free: 1024,
        }))
    }

    fn is_precompiled(&self) -> bool {
        self.improvable
    }

    fn improve(&self, tell: TellBetter) -> bool {
        if self.improvable {
            let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
            plan.wants_better.push(tell);
        }
        self.improvable
    }
}

/// A module that follows the plan, of which there is no better one.
pub(crate) fn module(plan: &Shared) -> Arc<dyn Module> {
    Arc::new(Fake {
        plan: Arc::clone(plan),
        improvable: false,
    })
}

/// The same guest, of which there can be a better form.
pub(crate) fn improvable(plan: &Shared) -> GuestSource {
    GuestSource {
        module: Arc::new(Fake {
            plan: Arc::clone(plan),
            improvable: true,
        }),
        ..source(plan)
    }
}

fn crash() -> Trap {
    Trap::Crashed {
        how: "signal: 11".to_owned(),
    }
}

impl Instance for FakeInstance {
    fn has(&self, export: Export) -> bool {
        export.required()
    }

    fn call(&mut self, export: Export, args: &[i32], _: Budget) -> Result<i32, Trap> {
        match export {
            Export::Abi => Ok(guest_abi::abi_version()),
            Export::Buffer => {
                let address = self.free;
                self.free += (args[1] + 15) & !15;
                Ok(address)
            }
            Export::LoadModel
            | Export::Open
            | Export::Predict
            | Export::Error
            | Export::Initialize => {
                let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
                match plan.next.pop_front() {
                    Some(Next::Crashes) => return Err(crash()),
                    Some(Next::Stalls) => return Err(Trap::Deadline { deadline_ms: 1 }),
                    Some(Next::Grows(pages)) => self.memory.resize(pages * PAGE, 0),
                    Some(Next::Answers | Next::Refuses) | None => {}
                }
                let output = usize::try_from(args[2]).unwrap();
                self.memory[output + 8..][..4].copy_from_slice(&4_u32.to_le_bytes());
                self.memory[output + 12..][..2].copy_from_slice(&[DType::F32.code(), 1]);
                self.memory[output + 16..][..4].copy_from_slice(&1_u32.to_le_bytes());
                Ok(0)
            }
        }
    }

    fn memory_bytes(&mut self) -> u64 {
        u64::try_from(self.memory.len()).unwrap()
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), AccessError> {
        into.copy_from_slice(region(&mut self.memory, address, into.len())?);
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), AccessError> {
        region(&mut self.memory, address, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    fn take_log(&mut self) -> Vec<(u8, String)> {
        Vec::new()
    }
}

/// A guest of one page that follows the plan.
pub(crate) fn source(plan: &Shared) -> GuestSource {
    let output = TensorInfo {
        name: "y".to_owned(),
        dtype: DType::F32.code(),
        dims: vec![1],
        len_max: 4,
    };
    let signature = Signature::new(Vec::new(), vec![output], Vec::new());
    let limits = Limits {
        memory_bytes_max: 65_536,
        table_elements_max: 0,
        stack_bytes_max: 0,
        call_deadline: Duration::from_secs(60),
        load_deadline: Duration::from_secs(60),
        fuel_max: None,
        output_bytes_max: 4,
        input_bytes_max: 0,
        model_bytes_max: 0,
        simd: false,
    };
    GuestSource {
        name: "guest".to_owned(),
        module: module(plan),
        signature: Arc::new(signature.unwrap()),
        model: None,
        limits,
    }
}
