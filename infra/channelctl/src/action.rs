//! What can be asked of the deploy-hook, and what each of it would do to HubSpot's settings.

use clap::ValueEnum;

use crate::hook::{Report, Request};

/// What can be asked of the deploy-hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Every customer may select the app.
    Release,
    /// No customer may.
    Hold,
    /// Calls the webhook as HubSpot would, and as forgers would.
    Verify,
    /// Gives HubSpot the stack's URL.
    Register(IsReady),
    /// Removes the settings from HubSpot.
    Unregister,
}

/// Whether every customer can select the app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum IsReady {
    // As HubSpot has it for this stack
    #[default]
    Keep,
    // Every customer may select the app
    True,
    // Nobody may, but for those who set the flag in their browser
    False,
}

impl Action {
    /// Returns the command's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Hold => "hold",
            Self::Verify => "verify",
            Self::Register(_) => "register",
            Self::Unregister => "unregister",
        }
    }

    /// Builds what the deploy-hook is asked for.
    pub fn request(self, reason: String) -> Request {
        let is_ready = match self {
            Self::Register(is_ready) => Some(is_ready.text()),
            _ => None,
        };
        Request {
            action: self.name(),
            reason,
            is_ready,
        }
    }
}

impl IsReady {
    /// Returns the text that the deploy-hook takes.
    pub fn text(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::True => "true",
            Self::False => "false",
        }
    }
}

/// Says what an action would do to HubSpot's settings; `None` where it only looks.
pub fn plan(action: Action, report: &Report) -> Option<String> {
    let held = match (&report.registered, report.drift) {
        (Some(held), _) => format!("{} with isReady={}", held.url, held.is_ready),
        (None, Some(_)) => "nothing".to_owned(),
        (None, None) => "an unknown URL".to_owned(),
    };
    let then = refusal(action, report).map_or_else(
        || after(action, &report.expected.url),
        |reason| Some(format!("the same: {reason}")),
    )?;
    Some(format!("HubSpot holds {held}.\nAfter it:     {then}."))
}

fn after(action: Action, url: &str) -> Option<String> {
    Some(match action {
        Action::Verify => return None,
        Action::Release => {
            format!(
                "{url} with isReady=true, once it is verified: every customer can select the app"
            )
        }
        Action::Hold => format!("{url} with isReady=false: no customer can select the app"),
        Action::Register(IsReady::Keep) => {
            format!("{url} with isReady as it is, once it is verified")
        }
        Action::Register(is_ready) => {
            format!(
                "{url} with isReady={}, once it is verified",
                is_ready.text()
            )
        }
        Action::Unregister => "nothing: the app no longer provides channels".to_owned(),
    })
}

/// Says why the deploy-hook will leave HubSpot as it is; the hook decides, this only foretells it.
fn refusal(action: Action, report: &Report) -> Option<&'static str> {
    if report.drift != Some(true) {
        return None;
    }
    match (action, &report.registered) {
        (Action::Release, _) => Some("this stack's URL is not registered; register it first"),
        (Action::Hold | Action::Unregister, Some(_)) => {
            Some("the URL is not this stack's, and is left alone")
        }
        (Action::Hold | Action::Unregister, None) => Some("there is nothing to take back"),
        (Action::Register(IsReady::Keep), Some(held)) if held.is_ready => {
            Some("another URL is released; to replace it, add --is-ready true or false")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::tests::{URL, report};

    const OTHER: &str = "https://other.example.com/numbers";

    #[track_caller]
    fn assert_after(action: Action, held: Option<(&str, bool)>, then: &str) {
        let plan = plan(action, &report(held)).unwrap();
        let (_, after) = plan.split_once("After it:     ").unwrap();
        assert!(after.starts_with(then), "{action:?} over {held:?}: {after}");
    }

    #[test]
    fn what_an_action_leads_to_is_said_before_it() {
        let keep = Action::Register(IsReady::Keep);
        assert_after(
            Action::Release,
            Some((URL, false)),
            &format!("{URL} with isReady=true, once"),
        );
        assert_after(
            Action::Hold,
            Some((URL, true)),
            &format!("{URL} with isReady=false: no"),
        );
        assert_after(Action::Unregister, Some((URL, true)), "nothing: the app");
        assert_after(keep, None, &format!("{URL} with isReady as it is"));
        assert_after(
            keep,
            Some((OTHER, false)),
            &format!("{URL} with isReady as it is"),
        );
        assert_after(
            Action::Register(IsReady::False),
            Some((OTHER, true)),
            &format!("{URL} with isReady=false, once"),
        );
        assert_eq!(plan(Action::Verify, &report(None)), None);
    }

    #[test]
    fn what_the_hook_will_refuse_leaves_the_same() {
        for held in [None, Some((OTHER, true))] {
            assert_after(
                Action::Release,
                held,
                "the same: this stack's URL is not registered",
            );
        }
        for action in [Action::Hold, Action::Unregister] {
            assert_after(
                action,
                Some((OTHER, true)),
                "the same: the URL is not this stack's",
            );
            assert_after(action, None, "the same: there is nothing to take back");
        }
        let keep = Action::Register(IsReady::Keep);
        assert_after(
            keep,
            Some((OTHER, true)),
            "the same: another URL is released",
        );
    }
}
