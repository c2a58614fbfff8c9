//! What every bench needs: where its figures come from, medians over rounds, verdicts on goals, and its section of a
//! page.

mod goal;
mod machine;
mod python;
mod section;
mod spread;

pub use goal::Goal;
pub use machine::{Machine, first_line};
pub use python::python;
pub use section::write_section;
pub use spread::Spread;
