//! What every bench needs: where its figures come from, medians over rounds, verdicts on goals, one form of output, and
//! its section of a page.

mod goals;
mod machine;
mod memory;
mod networks;
mod output;
mod plot;
mod python;
mod row;
mod section;
mod spread;

pub use goals::{GOALS, ProjectGoal, Target};
pub use machine::{Machine, first_line};
pub use memory::{descendants, pss_kib, tree_pss_mb};
pub use networks::network;
pub use output::{Output, compiled_guests, figures_file};
pub use plot::{Bars, Plot};
pub use python::python;
pub use row::{Row, figure, goals_list, rows_table};
pub use section::write_section;
pub use spread::Spread;
