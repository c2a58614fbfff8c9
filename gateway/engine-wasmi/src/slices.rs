use std::time::{Duration, Instant};

use wasmi::{Func, ResumableCall, Store, Val};
use weir_engine::{Budget, Trap};

use crate::{instance::Host, trap};

/// How long a slice is meant to take: the deadline is overrun by about as much at most.
const SLICE: Duration = Duration::from_micros(500);
/// The first slice of an instance: well below a millisecond on the slowest boards that run wasmi.
const FUEL_START: u64 = 20_000;
const FUEL_MIN: u64 = 1_000;
const FUEL_MAX: u64 = 20_000_000;

/// The fuel of a slice, adapted to the speed of the machine and the guest.
#[derive(Debug)]
pub(crate) struct Pace {
    fuel: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { fuel: FUEL_START }
    }
}

impl Pace {
    fn adapt(&mut self, took: Duration) {
        if took < SLICE / 2 {
            self.fuel = (self.fuel * 2).min(FUEL_MAX);
        } else if took > SLICE * 2 {
            self.fuel = (self.fuel / 2).max(FUEL_MIN);
        }
    }
}

/// Calls a function slice by slice until it returns, traps, or its budget ends.
pub(crate) fn call(
    store: &mut Store<Host>,
    func: Func,
    args: &[i32],
    returns: bool,
    budget: Budget,
    pace: &mut Pace,
) -> Result<i32, Trap> {
    let args: [Val; 4] = std::array::from_fn(|at| Val::I32(args.get(at).copied().unwrap_or(0)));
    let params = func.ty(&*store).params().len().min(args.len());
    let mut results = [Val::I32(0)];
    let results = &mut results[..usize::from(returns)];
    let mut meter = Meter::new(budget);
    meter.fill(store, pace, 0)?;
    let mut call = func.call_resumable(&mut *store, &args[..params], results);
    loop {
        match call.map_err(|error| trap::of(&error))? {
            ResumableCall::Finished => return Ok(results.first().and_then(Val::i32).unwrap_or(0)),
            ResumableCall::HostTrap(stopped) => return Err(trap::of(stopped.host_error())),
            ResumableCall::OutOfFuel(paused) => {
                meter.settle(store, pace)?;
                meter.fill(store, pace, paused.required_fuel())?;
                call = paused.resume(&mut *store, results);
            }
        }
    }
}

/// What one call has spent of its budget.
struct Meter {
    budget: Budget,
    started: Instant,
    slice_started: Instant,
    granted: u64,
    fuel_left: Option<u64>,
}

impl Meter {
    fn new(budget: Budget) -> Self {
        let started = Instant::now();
        Self {
            budget,
            started,
            slice_started: started,
            granted: 0,
            fuel_left: budget.fuel,
        }
    }

    /// Grants the next slice, at least what the paused operation needs.
    fn fill(&mut self, store: &mut Store<Host>, pace: &Pace, required: u64) -> Result<(), Trap> {
        let wanted = pace.fuel.max(required);
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
    fn settle(&mut self, store: &Store<Host>, pace: &mut Pace) -> Result<(), Trap> {
        let unused = store.get_fuel().unwrap_or(0);
        let spent = self.granted.saturating_sub(unused);
        self.fuel_left = self.fuel_left.map(|left| left.saturating_sub(spent));
        let now = Instant::now();
        if now.duration_since(self.started) >= self.budget.deadline {
            return Err(Trap::Deadline {
                deadline_ms: self.budget.deadline.as_millis(),
            });
        }
        pace.adapt(now.duration_since(self.slice_started));
        self.slice_started = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
