use super::*;
use crate::fixtures::{Next, PAGE, Shared, source};

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
