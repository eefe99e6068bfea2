//! The order of a registration that keeps customers safe.
//!
//! What they use is proved before HubSpot is told of it; what they cannot use yet is told first,
//! and proved before they can.

use channel_connection::settings::ChannelConnectionSettings;

/// One step of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The URL is called as HubSpot would, and as forgers would.
    Prove,
    /// HubSpot is told.
    Write(ChannelConnectionSettings),
    /// HubSpot is asked whether it holds what it was told.
    Confirm,
}

/// Lists the steps from what HubSpot holds to what is wanted.
pub(crate) fn plan(
    held: Option<&ChannelConnectionSettings>,
    wanted: &ChannelConnectionSettings,
) -> Vec<Step> {
    use Step::{Confirm, Prove, Write};
    let held_back = ChannelConnectionSettings {
        is_ready: false,
        ..wanted.clone()
    };
    let released = held.filter(|held| held.is_ready);
    if held == Some(wanted) {
        return vec![Prove];
    }
    if let Some(released) = released {
        return if released.url == wanted.url {
            // Held back: nothing may keep a broken webhook from that.
            vec![Write(held_back), Confirm]
        } else {
            vec![Prove, Write(wanted.clone()), Prove, Confirm]
        };
    }
    let mut steps = Vec::new();
    if held != Some(&held_back) {
        steps.push(Write(held_back));
    }
    steps.push(Prove);
    if wanted.is_ready {
        steps.push(Write(wanted.clone()));
    }
    steps.push(Confirm);
    steps
}

#[cfg(test)]
mod tests {
    use super::{
        Step::{Confirm, Prove, Write},
        *,
    };

    const OURS: &str = "https://calls.example.com/numbers";
    const OTHER: &str = "https://other.example.com/numbers";

    fn settings(url: &str, is_ready: bool) -> ChannelConnectionSettings {
        ChannelConnectionSettings {
            url: url.into(),
            is_ready,
        }
    }

    fn steps(held: Option<(&str, bool)>, is_ready: bool) -> Vec<Step> {
        let held = held.map(|(url, is_ready)| settings(url, is_ready));
        plan(held.as_ref(), &settings(OURS, is_ready))
    }

    #[test]
    fn what_stands_already_is_proved_and_not_written() {
        for is_ready in [true, false] {
            assert_eq!(steps(Some((OURS, is_ready)), is_ready), [Prove]);
        }
    }

    #[test]
    fn what_nobody_uses_yet_is_told_held_back_and_proved_before_it_is_released() {
        let (held_back, ready) = (settings(OURS, false), settings(OURS, true));
        for held in [None, Some((OTHER, false))] {
            assert_eq!(
                steps(held, false),
                [Write(held_back.clone()), Prove, Confirm]
            );
            let to_release = [
                Write(held_back.clone()),
                Prove,
                Write(ready.clone()),
                Confirm,
            ];
            assert_eq!(steps(held, true), to_release);
        }
        assert_eq!(
            steps(Some((OURS, false)), true),
            [Prove, Write(ready), Confirm]
        );
    }

    #[test]
    fn what_customers_use_is_replaced_only_by_what_is_proved_and_never_held_back_on_the_way() {
        for is_ready in [true, false] {
            let wanted = settings(OURS, is_ready);
            assert_eq!(
                steps(Some((OTHER, true)), is_ready),
                [Prove, Write(wanted), Prove, Confirm]
            );
        }
    }

    #[test]
    fn a_hold_waits_for_no_proof() {
        let held_back = settings(OURS, false);
        assert_eq!(
            steps(Some((OURS, true)), false),
            [Write(held_back), Confirm]
        );
    }
}
