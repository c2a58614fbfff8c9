use std::{cell::Cell, time::Duration};

use super::*;
use crate::fixtures::{Next, Shared, improvable, module, source};

/// A keeper, its guests' plan, and the time.
struct Scene {
    keeper: Keeper,
    plan: Shared,
    now: Cell<Instant>,
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

/// A keeper whose guest runs code of a package, and has asked for better.
fn improving(isolation: Isolation) -> (Scene, Arc<Notify>) {
    let plan = Shared::default();
    let observed = Arc::new(Observed::new("pump".to_owned()));
    let keeper = Keeper::open(improvable(&plan), isolation, observed).unwrap();
    let woken = Arc::new(Notify::new());
    keeper.improve(&woken);
    let scene = Scene {
        keeper,
        plan,
        now: Cell::new(Instant::now()),
    };
    (scene, woken)
}

impl Scene {
    /// Tells the keeper what became of the better code.
    fn tell(&self, made: Result<(), &str>) {
        let tell = self.plan.lock().unwrap().wants_better.pop().unwrap();
        tell(made.map(|()| module(&self.plan)).map_err(str::to_owned));
    }
}

#[tokio::test]
async fn better_code_serves_from_the_next_message_on() {
    for isolation in [Isolation::Warm, Isolation::Fresh] {
        let (mut scene, woken) = improving(isolation);
        scene.keeper.take_better();
        assert_eq!(scene.message(), "result", "while it is made");
        let before = scene.keeper.observed.code();
        assert!(before.runs.precompiled && before.improving == 1);
        scene.tell(Ok(()));
        woken.notified().await;
        scene.keeper.take_better();
        let started = scene.started();
        assert_eq!(scene.message(), "result");
        assert_eq!(scene.started(), started, "it was open before");
        assert_eq!(scene.plan.lock().unwrap().open_most, 1);
        let after = scene.keeper.observed.code();
        assert!(!after.runs.precompiled);
        assert_eq!((after.improving, after.improved), (0, 1));
    }
}

#[test]
fn better_code_that_does_not_open_changes_nothing() {
    let (mut scene, _) = improving(Isolation::Warm);
    scene.plan.lock().unwrap().next.push_back(Next::Refuses);
    scene.tell(Ok(()));
    scene.keeper.take_better();
    assert_eq!(scene.messages(), ["result"; 3]);
    let code = scene.keeper.observed.code();
    assert!(code.runs.precompiled, "opened again");
    assert!(code.why_not.is_some(), "{code:?}");
}

#[test]
fn where_there_is_no_better_code_the_reason_is_kept() {
    let (mut scene, _) = improving(Isolation::Warm);
    scene.tell(Err("no room"));
    scene.keeper.take_better();
    assert_eq!(scene.message(), "result");
    assert_eq!(scene.started(), 1);
    let code = scene.keeper.observed.code();
    assert_eq!((code.improving, code.improved), (0, 0));
    assert_eq!(code.why_not.as_deref(), Some("no room"));
}

#[test]
fn a_guest_that_gave_way_opens_with_better_code_when_it_is_asked() {
    let (mut scene, _) = improving(Isolation::Warm);
    scene.keeper.give_way();
    scene.tell(Ok(()));
    scene.keeper.take_better();
    assert_eq!(scene.started(), 1, "nobody asks for it");
    assert_eq!(scene.message(), "result");
    let code = scene.keeper.observed.code();
    assert_eq!((code.runs.precompiled, code.improved), (false, 1));
}
