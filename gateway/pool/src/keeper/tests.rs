//! The keeper, and several of them, over an engine whose guests end as a test says.

use std::{
    cell::Cell,
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use guest_abi::{DType, TensorInfo};
use weir_engine::{AccessError, Budget, Export, Instance, region};

use super::*;
use crate::models::{Guests, Models};

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
    /// `predict` answers, and memory has grown to so many pages.
    Grows(usize),
}

/// What is left of the plan, and how many instances were started.
#[derive(Debug, Default)]
struct Plan {
    next: VecDeque<Next>,
    started: usize,
    open: usize,
    open_most: usize,
}

type Shared = Arc<Mutex<Plan>>;

const PAGE: usize = 65_536;

struct Fake(Shared);

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
        let mut plan = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if plan.next.front() == Some(&Next::Refuses) {
            plan.next.pop_front();
            return Err(crash());
        }
        plan.started += 1;
        plan.open += 1;
        plan.open_most = plan.open_most.max(plan.open);
        Ok(Box::new(FakeInstance {
            plan: Arc::clone(&self.0),
            memory: vec![0; PAGE],
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

/// A keeper, its guests' plan, and the time.
struct Scene {
    keeper: Keeper,
    plan: Shared,
    now: Cell<Instant>,
}

fn source(plan: &Shared) -> GuestSource {
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
        module: Arc::new(Fake(Arc::clone(plan))),
        signature: Arc::new(signature.unwrap()),
        model: None,
        limits,
        thread_stack_bytes: 0,
    }
}

impl Scene {
    fn new(next: &[Next]) -> Self {
        Self::isolated(Isolation::Warm, next)
    }

    fn isolated(isolation: Isolation, next: &[Next]) -> Self {
        let plan = Shared::default();
        let source = source(&plan);
        let observed = Arc::new(Observed::new("pump".to_owned()));
        let keeper = Keeper::open(source, isolation, observed).unwrap();
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

    fn renew(&mut self) {
        self.keeper.renew(|| self.now.get());
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

#[test]
fn warm_instances_are_kept() {
    let mut scene = Scene::new(&[]);
    for _ in 0..5 {
        assert_eq!(scene.message(), "result");
        scene.renew();
    }
    assert_eq!(scene.started(), 1);
    assert!(scene.keeper.observed.opening().is_none());
}

#[test]
fn each_message_has_a_fresh_instance_that_is_ready_before_it_comes() {
    let mut scene = Scene::isolated(Isolation::Fresh, &[]);
    for message in 1..=5 {
        assert_eq!(scene.started(), message);
        assert_eq!(scene.message(), "result");
        scene.renew();
        scene.renew();
    }
    assert_eq!(scene.started(), 6, "one for each, and the next one's");
    assert_eq!(scene.messages(), ["result"; 2]);
    assert_eq!(
        scene.started(),
        7,
        "at the latest when the message is there"
    );
    assert_eq!(scene.plan.lock().unwrap().open_most, 1);
    assert!(scene.keeper.observed.opening().is_some());
}

#[test]
fn a_fresh_instance_that_does_not_open_is_the_next_messages_reject() {
    let mut scene = Scene::isolated(Isolation::Fresh, &[Next::Answers]);
    assert_eq!(scene.message(), "result");
    scene.plan.lock().unwrap().next.extend([Next::Refuses; 2]);
    scene.renew();
    assert_eq!(scene.messages(), ["guest_unusable", "result"]);
}

#[test]
fn fresh_instances_that_do_not_open_are_started_ever_later() {
    let mut scene = Scene::isolated(Isolation::Fresh, &[Next::Answers]);
    assert_eq!(scene.message(), "result");
    scene.plan.lock().unwrap().next.extend([Next::Refuses; 4]);
    for _ in 0..20 {
        scene.renew();
        assert_eq!(scene.message(), "guest_unusable");
    }
    assert_eq!(scene.plan.lock().unwrap().next.len(), 0);
    assert_eq!(scene.started(), 1, "none while it waits");
    scene.pass(200);
    assert_eq!(scene.message(), "result");
}

/// Three models of a page each, in memory for so many pages.
fn models(pages_max: u64) -> (Models, Shared, Arc<Observed>) {
    let plan = Shared::default();
    let observed = Arc::new(Observed::new("pump".to_owned()));
    let guests = Guests {
        sources: vec![source(&plan), source(&plan), source(&plan)],
        isolation: Isolation::Warm,
        memory_bytes_max: pages_max * u64::try_from(PAGE).unwrap(),
    };
    let models = Models::open(guests, &observed).unwrap();
    (models, plan, observed)
}

/// Instances that were started for these messages, and those that are open afterwards.
fn after(models: &mut Models, plan: &Shared, messages: &[usize]) -> (usize, usize) {
    let before = plan.lock().unwrap().started;
    for model in messages {
        let predicted = models.predict(*model, Instant::now, &[], None, &mut Vec::new());
        predicted.unwrap();
    }
    let plan = plan.lock().unwrap();
    (plan.started - before, plan.open)
}

#[test]
fn models_that_fit_together_stay_open() {
    let (mut models, plan, observed) = models(3);
    assert_eq!(plan.lock().unwrap().open, 3, "each is opened at the start");
    let all = after(&mut models, &plan, &[0, 1, 2, 0, 1, 2]);
    assert_eq!((all, observed.reopened()), ((0, 3), 0));
}

#[test]
fn the_least_recently_used_model_makes_room() {
    let (mut models, plan, observed) = models(2);
    assert_eq!(after(&mut models, &plan, &[0, 1, 0]), (0, 2));
    assert_eq!(after(&mut models, &plan, &[2]), (1, 2), "1 makes room");
    assert_eq!(after(&mut models, &plan, &[0, 2, 0]), (0, 2));
    assert_eq!(after(&mut models, &plan, &[1]), (1, 2), "2 makes room");
    assert_eq!(after(&mut models, &plan, &[2]), (1, 2));
    assert_eq!(observed.reopened(), 3);
}

#[test]
fn the_model_in_use_is_open_however_large_it_is() {
    let (mut models, plan, observed) = models(0);
    assert_eq!(plan.lock().unwrap().open, 1);
    assert_eq!(after(&mut models, &plan, &[0, 0, 1, 1, 0]), (2, 1));
    assert_eq!(plan.lock().unwrap().open_most, 2, "one beyond at the start");
    assert_eq!(observed.reopened(), 2);
}

#[test]
fn a_model_whose_memory_grows_takes_the_room_of_others() {
    let (mut models, plan, _) = models(3);
    plan.lock().unwrap().next.push_back(Next::Grows(2));
    assert_eq!(after(&mut models, &plan, &[1]), (0, 2));
    assert_eq!(after(&mut models, &plan, &[1, 0]), (0, 2));
    assert_eq!(after(&mut models, &plan, &[2]), (1, 2));
}
