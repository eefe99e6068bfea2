//! HubSpot, the vendor's webhooks, AWS, and the hook of every stack between them.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::{Duration, Instant, SystemTime},
};

use aws_config::SdkConfig;
use channel_connection::ids::AppId;
use deploy_hook::{
    Handler,
    budget::{TimeBudget, retries},
    config::{Config, Target},
};
use hubspot_simulator::{
    Caller, Simulator,
    fault::{Fault, How},
};
use serde_json::Value;
use test_support::sdk_config;
use tokio::time::sleep;

use crate::{
    account::{CloudFormation, account, config, secrets},
    cloudformation::APP_IDS,
    observation::{Ending, Observation, Operation},
    steps::{APPS, Trouble},
    webhook::Webhooks,
};

/// Responses come at once or never, so a hook that is to meet failures need not wait long.
const HURRIED: TimeBudget = TimeBudget {
    call: Duration::from_millis(60),
    settle: Duration::from_millis(180),
    hubspot: retries(2, Duration::from_millis(1), Duration::from_millis(4)),
    probe: retries(12, Duration::from_millis(25), Duration::from_millis(25)),
    rollback_reserve: Duration::from_secs(20),
    ..TimeBudget::DEPLOYED
};
/// A hook without trouble must not fail because the machine is slow.
const PATIENT: TimeBudget = TimeBudget {
    call: Duration::from_secs(10),
    settle: Duration::from_secs(30),
    ..HURRIED
};
/// More than the events of one sequence.
const CALLERS: Caller = 32;

type HandlerKey = (Caller, bool, usize, usize);

pub struct TestEnv {
    pub hubspot: Simulator,
    pub webhooks: Webhooks,
    /// CloudFormation's response URL.
    pub response_url: String,
    cloudformation: CloudFormation,
    pub observations: RefCell<Vec<Observation>>,
    callers: Vec<String>,
    next_caller: Cell<Caller>,
    handlers: RefCell<HashMap<HandlerKey, Rc<Handler>>>,
    sdk: SdkConfig,
}

/// One event to send to the hook of a stack.
pub struct Sent<'a> {
    pub operation: Operation,
    pub event: Value,
    pub url: usize,
    pub app: usize,
    /// Whether the stack has registered the app.
    pub is_owned: bool,
    pub trouble: &'a Trouble,
    pub is_patient: bool,
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
            handlers: RefCell::default(),
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

    /// Sends an event to the hook of a stack, and observes it; returns the response to CloudFormation.
    pub async fn send(&self, sent: Sent<'_>) -> Option<Value> {
        let trouble = sent.trouble;
        sleep(Duration::from_millis(trouble.after_ms)).await;
        let caller = self.next_caller.replace(self.next_caller.get() + 1);
        assert!(caller < CALLERS, "each event has a port of its own");
        self.hubspot.with_account(|account| {
            let faults = trouble.faults.clone().into();
            account.faults_by_caller.insert(caller, faults);
        });
        self.cloudformation.responses.lock().unwrap().clear();
        let handler = self.handler((caller, sent.is_patient, sent.app, sent.url));
        let is_create = sent.event["RequestType"] == "Create";
        let started = Instant::now();
        let deadline = SystemTime::now() + Duration::from_mins(1);
        let dies = async {
            match trouble.dies_after_ms {
                Some(ms) => sleep(Duration::from_millis(ms)).await,
                None => std::future::pending().await,
            }
        };
        let result = tokio::select! {
            result = handler.handle(sent.event, deadline) => Some(result),
            () = dies => None,
        };
        let is_stack = matches!(
            sent.operation,
            Operation::Deploy(_) | Operation::Delete { .. }
        );
        let response = result.and_then(|result| {
            if is_stack {
                self.cloudformation.responses.lock().unwrap().pop()
            } else {
                result.ok()
            }
        });
        let lie = |fault: &Option<Fault>| fault.is_some_and(|fault| fault.how == How::Status(404));
        let is_not_created = |response: &Value| {
            let id = response["PhysicalResourceId"].as_str();
            id.is_some_and(|id| id.ends_with("/not-created"))
        };
        self.observations.borrow_mut().push(Observation {
            caller,
            operation: sent.operation,
            url: self.webhooks.urls[sent.url].clone(),
            app_id: app_id(sent.app),
            is_owned: sent.is_owned,
            started,
            ended: Instant::now(),
            was_lied_to: trouble.faults.iter().any(lie),
            may_have_created: is_create && !response.as_ref().is_some_and(is_not_created),
            ending: response.clone().map_or(Ending::Died, Ending::Reported),
        });
        response
    }

    fn handler(&self, key: HandlerKey) -> Rc<Handler> {
        let (caller, is_patient, app, url) = key;
        let mut handlers = self.handlers.borrow_mut();
        let handler = handlers.entry(key).or_insert_with(|| {
            let hubspot = &self.callers[usize::from(caller)];
            let config = config(hubspot, &self.webhooks.urls[url]);
            let target = Target {
                app_id: app_id(app),
                ..config.target
            };
            let config = Config { target, ..config };
            let budget = if is_patient { PATIENT } else { HURRIED };
            Rc::new(Handler::new(config, &self.sdk, budget).unwrap())
        });
        Rc::clone(handler)
    }
}

pub fn app_id(app: usize) -> AppId {
    APP_IDS[app].parse().unwrap()
}
