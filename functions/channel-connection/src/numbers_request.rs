//! HubSpot's request to the webhook: `{"appId":123,"portalId":62515,"userId":42}`.

use serde_json::{Map, Value, json};

use crate::ids::{AppId, PortalId, UserId};

/// HubSpot's request for the numbers that a user of a portal may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumbersRequest {
    /// The app that HubSpot means.
    pub app_id: AppId,
    /// The customer's account.
    pub portal_id: PortalId,
    /// The person who looks at the list.
    pub user_id: UserId,
}

/// The reason a signed body is not a request for numbers; safe to show to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumbersRequestError {
    /// The body does not parse as JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// The body is JSON, but no object.
    #[error("the body is not a JSON object")]
    NotAnObject,
    /// A field is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field is there, but is no identifier.
    #[error("{0} is not a positive whole number")]
    NotAnId(&'static str),
}

impl NumbersRequest {
    /// Parses a body whose signature has been verified; unknown fields are passed over.
    pub fn parse(body: &[u8]) -> Result<Self, NumbersRequestError> {
        let body: Value = serde_json::from_slice(body).map_err(|_| NumbersRequestError::NotJson)?;
        let fields = body.as_object().ok_or(NumbersRequestError::NotAnObject)?;
        Ok(Self {
            app_id: id(fields, "appId")?,
            portal_id: id(fields, "portalId")?,
            user_id: id(fields, "userId")?,
        })
    }

    /// Writes the body that HubSpot sends.
    pub fn to_json(self) -> String {
        json!({"appId": self.app_id, "portalId": self.portal_id, "userId": self.user_id})
            .to_string()
    }
}

fn id<Id: TryFrom<i64>>(
    fields: &Map<String, Value>,
    name: &'static str,
) -> Result<Id, NumbersRequestError> {
    let value = fields.get(name).ok_or(NumbersRequestError::Missing(name))?;
    value
        .as_i64()
        .and_then(|number| number.try_into().ok())
        .ok_or(NumbersRequestError::NotAnId(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_three_identifiers_and_ignores_the_rest() {
        let request =
            NumbersRequest::parse(br#"{"userId":3,"appId":1,"portalId":2,"locale":"en"}"#).unwrap();
        assert_eq!(
            (
                request.app_id.get(),
                request.portal_id.get(),
                request.user_id.get()
            ),
            (1, 2, 3)
        );
        assert_eq!(request.to_json(), r#"{"appId":1,"portalId":2,"userId":3}"#);
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        let cases: [(&[u8], NumbersRequestError); 9] = [
            (b"", NumbersRequestError::NotJson),
            (b"appId=1", NumbersRequestError::NotJson),
            (b"\xff", NumbersRequestError::NotJson),
            (b"[1,2,3]", NumbersRequestError::NotAnObject),
            (
                br#"{"portalId":2,"userId":3}"#,
                NumbersRequestError::Missing("appId"),
            ),
            (
                br#"{"appId":1,"portalId":2.0,"userId":3}"#,
                NumbersRequestError::NotAnId("portalId"),
            ),
            (
                br#"{"appId":1,"portalId":2,"userId":"3"}"#,
                NumbersRequestError::NotAnId("userId"),
            ),
            (
                br#"{"appId":0,"portalId":2,"userId":3}"#,
                NumbersRequestError::NotAnId("appId"),
            ),
            (
                br#"{"appId":1,"portalId":9223372036854775808,"userId":3}"#,
                NumbersRequestError::NotAnId("portalId"),
            ),
        ];
        for (body, error) in cases {
            assert_eq!(
                NumbersRequest::parse(body),
                Err(error),
                "{}",
                String::from_utf8_lossy(body)
            );
        }
    }
}
