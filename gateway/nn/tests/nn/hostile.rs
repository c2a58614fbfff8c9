use std::sync::LazyLock;

use proptest::prelude::*;
use weir_engine::NnFunction;

use crate::support::{BOUNDS, Guest, graph, provider};

static PROVIDER: LazyLock<std::sync::Arc<dyn weir_engine::NnProvider>> =
    LazyLock::new(|| provider(&graph(), BOUNDS));

/// Numbers that mean something: handles, small sizes, addresses of what [`Guest::new`] puts there, and the ends.
fn number() -> impl Strategy<Value = i32> {
    prop_oneof![
        0..4_i32,
        prop::sample::select(vec![16, 32, 64, 96, 128, 512, 1000, 1020, 1024, 5, 128]),
        prop::sample::select(vec![-1, i32::MIN, i32::MAX, i32::MAX - 19]),
        any::<i32>(),
    ]
}

fn call() -> impl Strategy<Value = (NnFunction, [i32; 5])> {
    let function = prop::sample::select(NnFunction::ALL.to_vec());
    (function, [number(), number(), number(), number(), number()])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_arguments_do_harm(
        calls in prop::collection::vec(call(), 1..64),
        noise in prop::collection::vec((0..1024_usize, any::<u8>()), 0..64),
        opened in any::<bool>(),
    ) {
        let mut guest = Guest::new(PROVIDER.open());
        if opened {
            guest.opened();
        }
        for (at, byte) in noise {
            guest.memory[at] = byte;
        }
        for (function, args) in calls {
            let code = guest.call(function, &args);
            prop_assert!((0..=8).contains(&code), "{function:?} {args:?} gave {code}");
            prop_assert_eq!(guest.memory.len(), 1024);
        }
    }
}
