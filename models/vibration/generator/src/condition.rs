/// What a pump suffers from. The order is the order of a model's labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Nothing: residual vibration only.
    Normal,
    /// The rotor's mass is off its axis.
    Imbalance,
    /// A spall in the outer race of the bearing.
    BearingFault,
    /// The housing works against its foot.
    Looseness,
}

impl Condition {
    /// Every condition, in the order of a model's labels.
    pub const ALL: [Self; 4] = [
        Self::Normal,
        Self::Imbalance,
        Self::BearingFault,
        Self::Looseness,
    ];

    /// The word that a model's manifest uses.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Imbalance => "imbalance",
            Self::BearingFault => "bearing_fault",
            Self::Looseness => "looseness",
        }
    }

    /// The place in [`Condition::ALL`], as a model counts its classes.
    pub const fn class(self) -> u8 {
        match self {
            Self::Normal => 0,
            Self::Imbalance => 1,
            Self::BearingFault => 2,
            Self::Looseness => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Condition;

    #[test]
    fn the_class_is_the_place_among_all() {
        for (place, condition) in Condition::ALL.into_iter().enumerate() {
            assert_eq!(
                usize::from(condition.class()),
                place,
                "{}",
                condition.label()
            );
        }
    }
}
