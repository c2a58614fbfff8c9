//! One file for each command.

mod broker;
mod check;
mod compile_guest;
mod explain;
mod fits;
mod guest;
mod manual;
#[cfg(target_pointer_width = "64")]
mod model;
#[cfg(not(target_pointer_width = "64"))]
#[path = "model_absent.rs"]
mod model;
mod run;
mod schema;
mod settings;
mod status;
mod test;
mod values;

pub(crate) use broker::broker;
pub(crate) use check::check;
pub(crate) use compile_guest::compile_guest;
pub(crate) use explain::explain;
pub(crate) use guest::{inspect as inspect_guest, test as test_guest};
pub(crate) use manual::{completions, man};
pub(crate) use model::{evaluate as evaluate_model, inspect as inspect_model, pack as pack_model};
pub(crate) use run::run;
pub(crate) use schema::schema;
pub(crate) use settings::load;
pub(crate) use status::status;
pub(crate) use test::test;
