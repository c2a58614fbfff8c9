use std::time::Instant;

use wasmi::{Func, ResumableCall, Store, Val};
use weir_engine::{Budget, Trap};

use crate::{instance::Host, nn::Late, trap};

/// Calls a function slice by slice until it returns, traps, or its budget ends.
pub(crate) fn call(
    store: &mut Store<Host>,
    func: Func,
    args: &[i32],
    returns: bool,
    budget: Budget,
    slice: u64,
) -> Result<i32, Trap> {
    let args: [Val; 4] = std::array::from_fn(|at| Val::I32(args.get(at).copied().unwrap_or(0)));
    let params = func.ty(&*store).params().len().min(args.len());
    let mut results = [Val::I32(0)];
    let results = &mut results[..usize::from(returns)];
    let mut meter = Meter::new(budget, slice);
    meter.fill(store, 0)?;
    let mut call = func.call_resumable(&mut *store, &args[..params], results);
    loop {
        match call.map_err(|error| of_host(&error, budget))? {
            ResumableCall::Finished => return Ok(results.first().and_then(Val::i32).unwrap_or(0)),
            ResumableCall::HostTrap(stopped) => return Err(of_host(stopped.host_error(), budget)),
            ResumableCall::OutOfFuel(paused) => {
                meter.settle(store)?;
                meter.fill(store, paused.required_fuel())?;
                call = paused.resume(&mut *store, results);
            }
        }
    }
}

/// The host's own functions have one error.
fn of_host(error: &wasmi::Error, budget: Budget) -> Trap {
    match error.downcast_ref::<Late>() {
        Some(Late) => Trap::Deadline {
            deadline_ms: budget.deadline.as_millis(),
        },
        None => trap::of(error),
    }
}

/// What one call has spent of its budget.
struct Meter {
    budget: Budget,
    started: Instant,
    slice: u64,
    granted: u64,
    fuel_left: Option<u64>,
}

impl Meter {
    fn new(budget: Budget, slice: u64) -> Self {
        Self {
            budget,
            started: Instant::now(),
            slice,
            granted: 0,
            fuel_left: budget.fuel,
        }
    }

    /// Grants the next slice, at least what the paused operation needs.
    fn fill(&mut self, store: &mut Store<Host>, required: u64) -> Result<(), Trap> {
        let wanted = self.slice.max(required);
        self.granted = match (self.fuel_left, self.budget.fuel) {
            (Some(left), Some(fuel)) if required > left || left == 0 => {
                return Err(Trap::Fuel { fuel });
            }
            (Some(left), _) => wanted.min(left),
            (None, _) => wanted,
        };
        store
            .set_fuel(self.granted)
            .map_err(|error| trap::of(&error))
    }

    /// Accounts for the slice that ended, and looks at the clock.
    fn settle(&mut self, store: &Store<Host>) -> Result<(), Trap> {
        let unused = store.get_fuel().unwrap_or(0);
        let spent = self.granted.saturating_sub(unused);
        self.fuel_left = self.fuel_left.map(|left| left.saturating_sub(spent));
        if self.started.elapsed() >= self.budget.deadline {
            return Err(Trap::Deadline {
                deadline_ms: self.budget.deadline.as_millis(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
