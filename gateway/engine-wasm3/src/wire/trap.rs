use weir_engine::Trap;

use super::{words, words_bytes};

/// The traps that have no facts of their own.
static PLAIN: [(u8, Trap); 9] = [
    (1, Trap::StackOverflow),
    (2, Trap::Unreachable),
    (3, Trap::OutOfBounds),
    (4, Trap::DivisionByZero),
    (5, Trap::IntegerOverflow),
    (6, Trap::BadConversion),
    (7, Trap::TableOutOfBounds),
    (8, Trap::NullFunction),
    (9, Trap::FunctionType),
];
const OTHER: u8 = 0;

/// Appends a trap to a frame. What a worker cannot know (deadline, fuel, limits) goes by its words.
pub fn write_trap(trap: &Trap, frame: &mut Vec<u8>) {
    if let Some((code, _)) = PLAIN.iter().find(|(_, plain)| plain == trap) {
        frame.push(*code);
        return;
    }
    frame.push(OTHER);
    if let Trap::Other(words) = trap {
        frame.extend_from_slice(words_bytes(words));
    } else {
        frame.extend_from_slice(words_bytes(&trap.to_string()));
    }
}

/// A trap as a worker tells it; none where it is none.
#[must_use]
pub fn read_trap(body: &[u8]) -> Option<Trap> {
    let (code, rest) = body.split_first()?;
    if *code == OTHER {
        return Some(Trap::Other(words(rest)));
    }
    let plain = PLAIN.iter().find(|(plain, _)| plain == code);
    plain.map(|(_, trap)| trap.clone())
}
