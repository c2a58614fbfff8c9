use std::time::{Duration, Instant};

use crate::{Budget, Export, Instance, Trap};

/// Several calls under one deadline.
pub(super) struct Phase {
    started: Instant,
    limit: Duration,
    fuel: Option<u64>,
}

impl Phase {
    pub(super) fn begin(limit: Duration, fuel: Option<u64>) -> Self {
        Self {
            started: Instant::now(),
            limit,
            fuel,
        }
    }

    /// Calls an export with what is left of the time. A passed deadline names the whole phase's.
    pub(super) fn call(
        &self,
        instance: &mut dyn Instance,
        export: Export,
        args: &[i32],
    ) -> Result<i32, Trap> {
        let deadline = self.limit.saturating_sub(self.started.elapsed());
        if deadline.is_zero() {
            return Err(self.passed());
        }
        let fuel = self.fuel;
        match instance.call(export, args, Budget { deadline, fuel }) {
            Err(Trap::Deadline { .. }) => Err(self.passed()),
            other => other,
        }
    }

    fn passed(&self) -> Trap {
        Trap::Deadline {
            deadline_ms: self.limit.as_millis(),
        }
    }
}
