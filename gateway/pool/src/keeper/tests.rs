//! The keeper over an engine whose guests end as a test says.

use std::{
    cell::Cell,
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use guest_abi::{DType, TensorInfo};
use weir_engine::{AccessError, Budget, Export, Instance, region};

use super::*;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// `predict` answers.
    Answers,
    /// The process ends during `predict`.
    Crashes,
    /// `predict` is stopped at its deadline.
    Stalls,
    /// An instance does not start.
    Refuses,
}

/// What is left of the plan, and how many instances were started.
#[derive(Debug, Default)]
struct Plan {
    next: VecDeque<Next>,
    started: usize,
}

type Shared = Arc<Mutex<Plan>>;

struct Fake(Shared);

struct FakeInstance {
    plan: Shared,
    memory: Vec<u8>,
    free: i32,
}

impl Module for Fake {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Trap> {
        let mut plan = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if plan.next.front() == Some(&Next::Refuses) {
            plan.next.pop_front();
            return Err(crash());
        }
        plan.started += 1;
        Ok(Box::new(FakeInstance {
            plan: Arc::clone(&self.0),
            memory: vec![0; 65_536],
            free: 1024,
        }))
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
        65_536
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

/// A keeper, its guests' plan, and the time.
struct Scene {
    keeper: Keeper,
    plan: Shared,
    now: Cell<Instant>,
}

impl Scene {
    fn new(next: &[Next]) -> Self {
        let plan = Shared::default();
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
        let source = GuestSource {
            module: Arc::new(Fake(Arc::clone(&plan))),
            signature: Arc::new(signature.unwrap()),
            model: None,
            limits,
            thread_stack_bytes: 0,
        };
        let observed = Arc::new(Observed::new("pump".to_owned()));
        let keeper = Keeper::open(source, observed).unwrap();
        plan.lock().unwrap().next.extend(next);
        Self {
            keeper,
            plan,
            now: Cell::new(Instant::now()),
        }
    }

    /// The code of what becomes of the next message.
    fn message(&mut self) -> &'static str {
        let predicted = self
            .keeper
            .predict(|| self.now.get(), &[], None, &mut Vec::new());
        predicted.map_or_else(|failure| failure.code(), |()| "result")
    }

    fn messages<const N: usize>(&mut self) -> [&'static str; N] {
        std::array::from_fn(|_| self.message())
    }

    fn pass(&self, ms: u64) {
        self.now.set(self.now.get() + Duration::from_millis(ms));
    }

    fn started(&self) -> usize {
        self.plan.lock().unwrap().started
    }
}

#[test]
fn a_message_whose_guest_was_killed_gets_its_result_from_the_next() {
    let mut scene = Scene::new(&[Next::Answers, Next::Crashes]);
    assert_eq!(scene.messages(), ["result", "result", "result"]);
    assert_eq!(scene.started(), 2);
}

#[test]
fn a_message_that_kills_twice_is_rejected_and_the_next_is_served() {
    let mut scene = Scene::new(&[Next::Crashes, Next::Crashes, Next::Answers]);
    assert_eq!(scene.messages(), ["guest_crash", "result"]);
    assert_eq!(scene.started(), 3);
}

#[test]
fn a_deadline_is_not_tried_again() {
    let mut scene = Scene::new(&[Next::Stalls, Next::Stalls, Next::Stalls, Next::Stalls]);
    assert_eq!(scene.messages(), ["guest_deadline"; 4]);
    assert_eq!(scene.message(), "result");
    assert_eq!(scene.started(), 5);
}

#[test]
fn a_guest_that_ends_again_and_again_is_started_ever_later() {
    let mut scene = Scene::new(&[Next::Crashes; 6]);
    assert_eq!(scene.messages(), ["guest_crash", "guest_crash"]);
    assert_eq!(scene.messages(), ["guest_unusable"; 100]);
    assert_eq!(scene.started(), 4, "none while it waits");
    scene.pass(200);
    assert_eq!(scene.messages(), ["guest_crash", "guest_unusable"]);
    scene.pass(799);
    assert_eq!(scene.message(), "guest_unusable");
    scene.pass(1);
    assert_eq!(scene.messages(), ["result", "result"]);
    assert_eq!(scene.started(), 7);
}

#[test]
fn a_guest_that_does_not_open_anew_is_started_ever_later() {
    let mut scene = Scene::new(&[Next::Crashes]);
    scene.plan.lock().unwrap().next.extend([Next::Refuses; 4]);
    assert_eq!(scene.messages(), ["guest_unusable"; 20]);
    let left = scene.plan.lock().unwrap().next.len();
    assert_eq!(
        left, 1,
        "a crash and three starts, then none while it waits"
    );
    scene.pass(200);
    assert_eq!(scene.messages(), ["guest_unusable", "guest_unusable"]);
    scene.pass(400);
    assert_eq!(scene.messages(), ["result", "result"]);
}

#[test]
fn the_words_say_when_the_next_start_is_due() {
    let mut scene = Scene::new(&[Next::Crashes; 4]);
    scene.messages::<2>();
    scene.pass(50);
    let predicted = scene
        .keeper
        .predict(|| scene.now.get(), &[], None, &mut Vec::new());
    let words = predicted.expect_err("it waits").to_string();
    assert!(words.contains("due in 150 ms"), "{words}");
}
