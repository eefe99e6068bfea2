//! HubSpot, the vendor's webhooks, AWS, and the hook of every stack between them.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant, SystemTime},
};

use aws_config::SdkConfig;
use channel_connection::ids::AppId;
use deploy_hook::{
    Handler,
    retries::{TimeBudget, policy},
};
use hubspot_simulator::{Caller, Simulator, fault::How};
use serde_json::Value;
use test_support::{APP_ID, sdk_config};
use tokio::time::{sleep, timeout};

use crate::{
    account::{CloudFormation, account, config, secrets},
    event::{Event, Observation},
    sequence::{APPS, EventFaults},
    webhook::Webhooks,
};

pub const APP_IDS: [&str; APPS] = [APP_ID, "7654321"];
/// Responses come at once or never, so a hook that is to meet failures need not wait long.
const HURRIED: TimeBudget = TimeBudget {
    call: Duration::from_millis(60),
    settle: Duration::from_millis(180),
    hubspot: policy(2, Duration::from_millis(1), Duration::from_millis(4)),
    probe: policy(12, Duration::from_millis(25), Duration::from_millis(25)),
    rollback_reserve: Duration::from_secs(20),
    ..TimeBudget::DEPLOYED
};
/// A hook without faults must not fail because the machine is slow.
const PATIENT: TimeBudget = TimeBudget {
    call: Duration::from_secs(10),
    settle: Duration::from_secs(30),
    ..HURRIED
};
/// More than the events of one sequence.
const CALLERS: Caller = 32;

pub struct TestEnv {
    pub hubspot: Simulator,
    pub webhooks: Webhooks,
    /// CloudFormation's response URL.
    pub response_url: String,
    cloudformation: CloudFormation,
    pub observations: RefCell<Vec<Observation>>,
    /// HubSpot's URL for each event of a sequence.
    callers: Vec<String>,
    next_caller: Cell<Caller>,
    /// A new one takes milliseconds.
    hooks: RefCell<BTreeMap<(Caller, bool, AppId, String), Rc<Handler>>>,
    sdk: SdkConfig,
}

impl TestEnv {
    pub async fn start() -> Self {
        let hubspot = Simulator::on_free_port(account()).await.unwrap();
        let (cloudformation, response_url) = CloudFormation::start().await;
        let mut callers = Vec::new();
        for caller in 0..CALLERS {
            callers.push(hubspot.api_url_for(caller).await.unwrap());
        }
        Self {
            webhooks: Webhooks::start().await,
            response_url,
            cloudformation,
            observations: RefCell::default(),
            callers,
            next_caller: Cell::new(0),
            hooks: RefCell::default(),
            sdk: sdk_config(&secrets().await.endpoint).await,
            hubspot,
        }
    }

    /// Starts a sequence with an empty account.
    pub async fn reset(&self) {
        self.hubspot.settled().await;
        self.hubspot.with_account(|fresh| {
            *fresh = account();
            for app in 1..APPS {
                fresh.other_apps.insert(app_id(app), None);
            }
        });
        self.webhooks.reset();
        self.observations.borrow_mut().clear();
        self.next_caller.set(0);
    }

    /// Sends an event to a hook, and observes it; returns the response. Without faults it has all the
    /// time.
    pub async fn send(&self, event: Event, planned: Option<&EventFaults>) -> Value {
        let is_patient = planned.is_none();
        let planned = planned.cloned().unwrap_or_default();
        sleep(Duration::from_millis(planned.after_ms)).await;
        let caller = self.next_caller.replace(self.next_caller.get() + 1);
        let mut faults = planned.faults.iter().flatten();
        let was_lied_to = faults.any(|fault| fault.how == How::Status(404));
        self.hubspot.with_account(|account| {
            let faults = planned.faults.into();
            account.faults_by_caller.insert(caller, faults);
        });
        let hook = self.hook(caller, is_patient, &event);
        let started = Instant::now();
        let deadline = SystemTime::now() + Duration::from_mins(1);
        let life = planned.dies_after_ms;
        let life = life.map_or(Duration::MAX, Duration::from_millis);
        let handled = timeout(life, hook.handle(event.json.clone(), deadline)).await;
        let response = match handled {
            Err(_died) => None,
            Ok(_) if event.json.get("RequestType").is_some() => {
                self.cloudformation.responses.lock().unwrap().pop()
            }
            Ok(report) => report.ok(),
        };
        let response = response.unwrap_or_default();
        self.observations.borrow_mut().push(Observation {
            event,
            caller,
            started,
            ended: Instant::now(),
            was_lied_to,
            response: response.clone(),
        });
        response
    }

    fn hook(&self, caller: Caller, is_patient: bool, event: &Event) -> Rc<Handler> {
        let key = (caller, is_patient, event.app_id, event.url.clone());
        let mut hooks = self.hooks.borrow_mut();
        let hook = hooks.entry(key).or_insert_with(|| {
            let hubspot = &self.callers[usize::from(caller)];
            let mut config = config(hubspot, &event.url);
            config.target.app_id = event.app_id;
            let budget = if is_patient { PATIENT } else { HURRIED };
            Rc::new(Handler::new(config, &self.sdk, budget).unwrap())
        });
        Rc::clone(hook)
    }
}

pub fn app_id(app: usize) -> AppId {
    APP_IDS[app].parse().unwrap()
}
