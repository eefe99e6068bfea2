//! HubSpot's request to the webhook: `{"appId":123,"portalId":62515,"userId":42}`.

use serde_json::{Map, Value, json};

use crate::ids::{AppId, PortalId, UserId};

/// HubSpot's request for the numbers that a user of a portal may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumbersRequest {
    pub app_id: AppId,
    pub portal_id: PortalId,
    pub user_id: UserId,
}

/// The reason a signed body is not a request for numbers; safe to show to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} {1}")]
pub struct InvalidRequest(&'static str, &'static str);

impl NumbersRequest {
    /// Parses a body whose signature has been verified; unknown fields are passed over.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidRequest> {
        let body: Value =
            serde_json::from_slice(body).map_err(|_| InvalidRequest("the body", "is not JSON"))?;
        let fields = body
            .as_object()
            .ok_or(InvalidRequest("the body", "is not a JSON object"))?;
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
) -> Result<Id, InvalidRequest> {
    let value = fields.get(name).ok_or(InvalidRequest(name, "is missing"))?;
    let id = value.as_i64().and_then(|number| number.try_into().ok());
    id.ok_or(InvalidRequest(name, "is not a positive whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_three_identifiers_and_ignores_the_rest() {
        let json = br#"{"userId":3,"appId":1,"portalId":2,"locale":"en"}"#;
        let request = NumbersRequest::parse(json).unwrap();
        assert_eq!(request.to_json(), r#"{"appId":1,"portalId":2,"userId":3}"#);
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        let cases: [(&str, &[u8], &str); 8] = [
            ("empty", b"", "the body is not JSON"),
            ("not UTF-8", b"\xff", "the body is not JSON"),
            ("array", b"[1,2,3]", "the body is not a JSON object"),
            ("missing", br#"{"portalId":2}"#, "appId is missing"),
            (
                "fraction",
                br#"{"appId":1,"portalId":2.0}"#,
                "portalId is not a positive whole number",
            ),
            (
                "text",
                br#"{"appId":1,"portalId":2,"userId":"3"}"#,
                "userId is not a positive whole number",
            ),
            (
                "zero",
                br#"{"appId":0}"#,
                "appId is not a positive whole number",
            ),
            (
                "too large",
                br#"{"appId":9223372036854775808}"#,
                "appId is not a positive whole number",
            ),
        ];
        for (case, body, reason) in cases {
            let error = NumbersRequest::parse(body).unwrap_err();
            assert_eq!(error.to_string(), reason, "{case}");
        }
    }
}
