//! What a stack, or an operator, leaves behind of a registration.

/// What a stack leaves behind of its registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// Nothing.
    Nothing,
    /// Its URL, not released.
    Hidden,
}

/// What became of settings that were to be withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Withdrawal {
    /// They are withdrawn.
    Done,
    /// There were none.
    NothingThere,
    /// They point to another URL, and still stand.
    OfAnotherStack,
}

impl Withdrawal {
    /// Says in words what became of the settings.
    pub(crate) fn explain(self, leaving: Leaving) -> &'static str {
        match (self, leaving) {
            (Self::Done, Leaving::Nothing) => "The settings were removed from HubSpot.",
            (Self::Done, Leaving::Hidden) => {
                "HubSpot holds the URL with isReady=false: users no longer see the app."
            }
            (Self::NothingThere, _) => "HubSpot held no settings.",
            (Self::OfAnotherStack, _) => "HubSpot holds another URL, which was left alone.",
        }
    }
}
