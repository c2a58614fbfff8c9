/// What the guests of a node need at once, at most. Addresses are set aside for all of it, memory is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Instances that live at once, of all guests together.
    pub instances_max: u32,
}

impl Capacity {
    /// The most instances that are provided for; each needs at least a mapping or two, of which a process of Linux
    /// has 65 530.
    pub const INSTANCES_MAX: u32 = 16_384;

    /// For so many instances, within [`Capacity::INSTANCES_MAX`] and at least one.
    #[must_use]
    pub fn of_instances(instances_max: usize) -> Self {
        let instances_max = u32::try_from(instances_max).unwrap_or(u32::MAX);
        Self {
            instances_max: instances_max.clamp(1, Self::INSTANCES_MAX),
        }
    }
}

impl Default for Capacity {
    /// For a command, a test or a bench: a handful of guests.
    fn default() -> Self {
        Self { instances_max: 32 }
    }
}
