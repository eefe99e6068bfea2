//! The app's registration with HubSpot: brought to what is wanted, put back when that fails.

use channel_connection::{settings::ChannelConnectionSettings, webhook_url::WebhookUrl};
use tokio::time::{Instant, timeout_at};

use crate::{
    attempt::Attempt,
    audit::Audit,
    plan::{Step, plan},
    probe::Probe,
    readiness::Wanted,
    register_error::{Cause, RegisterError},
    registered::Registered,
    settings_api::{Settings, SettingsApi},
    withdrawal::{Leaving, Withdrawal},
};

/// How often a registration is planned, where somebody else writes meanwhile.
const PLANS: u32 = 3;

/// The registration of one app.
#[derive(Debug)]
pub(crate) struct Registration {
    api: SettingsApi,
    audit: Audit,
}

/// The time that a registration has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// When HubSpot must hold what is wanted.
    pub done: Instant,
    /// When, after a failure, it must hold again what it held before.
    pub restored: Instant,
}

impl Registration {
    /// Takes charge of an app's settings; nothing is sent yet.
    pub(crate) fn new(api: SettingsApi, audit: Audit) -> Self {
        Self { api, audit }
    }

    /// Registers a URL, proves it, and releases it as far as it is wanted.
    ///
    /// On failure the former settings stand again.
    pub(crate) async fn register(
        &self,
        probe: &Probe,
        wanted: Wanted<'_>,
        deadlines: Deadlines,
    ) -> Result<Registered, RegisterError> {
        let held = in_time(deadlines.done, self.read(deadlines.done)).await;
        let held = held.map_err(RegisterError::Unchanged)?;
        let mut attempt = Attempt::from(held.clone());
        let work = self.carry_out(&mut attempt, held, probe, wanted, deadlines.done);
        match in_time(deadlines.done, work).await {
            Ok(settings) => Ok(Registered {
                settings,
                former: attempt.former,
            }),
            Err(cause) => Err(self.put_back(attempt, cause, deadlines.restored).await),
        }
    }

    /// Withdraws the settings if they point to `url`; whoever else registered keeps theirs.
    pub(crate) async fn withdraw(
        &self,
        url: &WebhookUrl,
        leaving: Leaving,
        deadline: Instant,
    ) -> Result<Withdrawal, Cause> {
        let withdraw = async {
            let held = self.read(deadline).await?;
            let wanted = match leaving.settings(url, held.as_ref()) {
                Ok(wanted) => wanted,
                Err(untouched) => return Ok(untouched),
            };
            if held != wanted {
                self.reconcile(held, &wanted, deadline).await?;
                self.confirm(&wanted, deadline).await?;
            }
            Ok(Withdrawal::Done)
        };
        in_time(deadline, withdraw).await
    }

    /// Follows the plan, and plans anew where somebody else wrote meanwhile.
    async fn carry_out(
        &self,
        attempt: &mut Attempt,
        mut held: Settings,
        probe: &Probe,
        wanted: Wanted<'_>,
        until: Instant,
    ) -> Result<ChannelConnectionSettings, Cause> {
        for _ in 0..PLANS {
            let settings = wanted.settings(attempt.former.as_ref())?;
            let steps = plan(held.as_ref(), &settings);
            match self
                .follow(attempt, held, steps, probe, wanted.url, until)
                .await
            {
                Ok(()) => return Ok(settings),
                Err(Cause::Moved(now)) => held = now,
                Err(cause) => return Err(cause),
            }
            if !attempt.knows(&held) {
                *attempt = Attempt::from(held.clone());
            }
        }
        Err(Cause::Moved(held))
    }

    async fn follow(
        &self,
        attempt: &mut Attempt,
        mut held: Settings,
        steps: Vec<Step>,
        probe: &Probe,
        url: &WebhookUrl,
        until: Instant,
    ) -> Result<(), Cause> {
        for step in steps {
            match step {
                Step::Prove => prove(probe, url, until).await?,
                Step::Write(settings) => {
                    let settings = Some(settings);
                    attempt.written.push(settings.clone());
                    self.reconcile(held, &settings, until).await?;
                    held = settings;
                }
                Step::Confirm => self.confirm(&held, until).await?,
            }
        }
        Ok(())
    }

    /// Puts the former settings back, unless HubSpot holds what somebody else has written.
    async fn put_back(&self, attempt: Attempt, cause: Cause, until: Instant) -> RegisterError {
        if attempt.written.is_empty() {
            return RegisterError::Unchanged(cause);
        }
        let restore = async {
            let held = self.read(until).await?;
            if held == attempt.former {
                return Ok(false);
            }
            if !attempt.knows(&held) {
                return Err(Cause::Moved(held));
            }
            self.reconcile(held, &attempt.former, until).await?;
            self.confirm(&attempt.former, until).await.map(|()| true)
        };
        match in_time(until, restore).await {
            Ok(false) => RegisterError::Unchanged(cause),
            Ok(true) => RegisterError::Restored(cause),
            Err(restore) => RegisterError::NotRestored { cause, restore },
        }
    }

    /// Brings HubSpot from `held` to `wanted`; every change of it goes through here.
    ///
    /// A write that failed may have been done, and somebody else may have written: after each
    /// failure HubSpot is read again. Where it holds a third thing, all that was decided on what it
    /// held is to be decided anew.
    async fn reconcile(
        &self,
        held: Settings,
        wanted: &Settings,
        until: Instant,
    ) -> Result<(), Cause> {
        if held == *wanted {
            return Ok(());
        }
        let mut pauses = self.api.pauses(until);
        loop {
            let write = async { Ok(self.api.write(&held, wanted).await?) };
            // Timed here too, so that a write which is broken off is logged as any other.
            let written = in_time(until, write).await;
            self.audit.log(&held, wanted, written.as_ref());
            let error = match written {
                Ok(_) => return Ok(()),
                Err(Cause::Api(error)) => error,
                Err(cause) => return Err(cause),
            };
            match self.api.read(until).await? {
                now if now == *wanted => return Ok(()),
                now if now != held => return Err(Cause::Moved(now)),
                _ if pauses.before_another(&error).await => {}
                _ => return Err(error.into()),
            }
        }
    }

    async fn read(&self, until: Instant) -> Result<Settings, Cause> {
        Ok(self.api.read(until).await?)
    }

    async fn confirm(&self, wanted: &Settings, until: Instant) -> Result<(), Cause> {
        let now = self.read(until).await?;
        if now == *wanted {
            Ok(())
        } else {
            Err(Cause::Moved(now))
        }
    }
}

async fn prove(probe: &Probe, url: &WebhookUrl, until: Instant) -> Result<(), Cause> {
    let proved = probe.prove(url, until).await;
    proved.map(drop).map_err(|error| Cause::NotProved {
        url: url.clone(),
        error,
    })
}

async fn in_time<T>(
    deadline: Instant,
    work: impl Future<Output = Result<T, Cause>>,
) -> Result<T, Cause> {
    let done = timeout_at(deadline, work).await;
    done.unwrap_or(Err(Cause::OutOfTime))
}
