//! Whose event it is: CloudFormation's, CodeDeploy's or an operator's.

use std::time::SystemTime;

use serde_json::Value;
use tokio::time::Instant;

use crate::{custom_resource::ResourceEvent, hook::Hook, hook_error::HookError};

impl Hook {
    /// Handles one event; an operator is answered here, CloudFormation and CodeDeploy elsewhere.
    ///
    /// An error does not mean that they were not told: it is what they were told, if they could be.
    pub async fn handle(&self, event: Value, deadline: SystemTime) -> Result<Value, HookError> {
        let time_left = deadline.duration_since(SystemTime::now());
        let time_left = time_left
            .unwrap_or_default()
            .saturating_sub(self.budget.to_answer);
        let deadline = Instant::now() + time_left;
        if event.get("RequestType").is_some() {
            let event = ResourceEvent::new(event).ok_or(HookError::UnknownEvent)?;
            // Boxed, here and below, because the compiler lays out no future nested this deeply.
            let deployed = Box::pin(self.deploy(event, deadline)).await;
            deployed.map(|()| Value::Null)
        } else if event.get("DeploymentId").is_some() {
            let event = serde_json::from_value(event).map_err(|_| HookError::UnknownEvent)?;
            let proved = Box::pin(self.before_traffic(event, deadline)).await;
            proved.map(|()| Value::Null)
        } else {
            let request = serde_json::from_value(event).map_err(|_| HookError::UnknownEvent)?;
            Ok(Box::pin(self.operate(request, deadline)).await)
        }
    }
}
