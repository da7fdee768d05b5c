//! Claude Code's greeting: the control request `initialize`.

use serde_json::{Value, json};

use super::interview::{Complaint, Handshake, Step, texts};
use super::{Ability, Findings, Reach};

/// What our only request is called.
const REQUEST: &str = "switchboard-check";

pub(super) struct Claude;

impl Handshake for Claude {
    fn begin(&mut self, _folder: &str) -> Option<Vec<Value>> {
        let request = json!({"subtype": "initialize"});
        Some(vec![json!({"type": "control_request", "request_id": REQUEST, "request": request})])
    }

    fn hear(&mut self, message: &Value) -> Step {
        let response = &message["response"];
        if message["type"] != "control_response" || response["request_id"] != REQUEST {
            return Step::Listen;
        }
        if response["subtype"] == "error" {
            let why = response["error"].as_str().unwrap_or("no reason given");
            return Step::Done(Err(Complaint::Refused(format!("it refused to begin: {why}"))));
        }
        Step::Done(findings(&response["response"]))
    }
}

fn findings(said: &Value) -> Result<Findings, Complaint> {
    let account = &said["account"];
    let text = |name: &str| account[name].as_str().filter(|text| !text.is_empty() && *text != "none");
    // Other providers have their own ways, which are not told.
    let by_provider = text("apiProvider").filter(|provider| *provider != "firstParty");
    let who = ["email", "organization", "apiKeySource", "tokenSource"].into_iter().find_map(text).or(by_provider);
    if account.is_object() && who.is_none() {
        let said = "nobody is logged in, and no key is set".to_owned();
        return Err(Complaint::NotLoggedIn(said));
    }
    Ok(Findings {
        reach: Reach::Answered,
        account: who.map(str::to_owned),
        models: texts(&said["models"], "value"),
        abilities: vec![Ability::Resume, Ability::Images],
        ..Findings::default()
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn answer(response: &Value) -> Value {
        let response = json!({"subtype": "success", "request_id": REQUEST, "response": response});
        json!({"type": "control_response", "response": response})
    }

    #[rstest]
    #[case::by_account(json!({"email": "ada@example.com", "tokenSource": "claude.ai"}), Some("ada@example.com"))]
    #[case::by_key(json!({"tokenSource": "none", "apiKeySource": "ANTHROPIC_API_KEY", "apiProvider": "firstParty"}), Some("ANTHROPIC_API_KEY"))]
    #[case::by_a_cloud(json!({"tokenSource": "none", "apiProvider": "bedrock"}), Some("bedrock"))]
    #[case::an_older_version_does_not_say(Value::Null, None)]
    fn who_is_logged_in_is_told(#[case] account: Value, #[case] who: Option<&str>) {
        let said = json!({"account": account, "models": [{"value": "default"}, {"value": "opus"}]});
        let Step::Done(Ok(findings)) = Claude.hear(&answer(&said)) else { panic!("it works") };
        assert_eq!((findings.account.as_deref(), findings.models), (who, vec!["default".into(), "opus".into()]));
    }

    #[rstest]
    #[case::nobody(answer(&json!({"account": {"tokenSource": "none", "apiProvider": "firstParty"}})), true)]
    #[case::an_error(json!({"type": "control_response", "response": {"subtype": "error", "request_id": REQUEST, "error": "no"}}), false)]
    fn what_is_wrong_is_told(#[case] message: Value, #[case] is_login: bool) {
        let Step::Done(Err(complaint)) = Claude.hear(&message) else { panic!("it does not work") };
        assert_eq!(matches!(complaint, Complaint::NotLoggedIn(_)), is_login, "{complaint:?}");
    }

    #[rstest]
    #[case(json!({"type": "system", "subtype": "init"}))]
    #[case(json!({"type": "control_response", "response": {"subtype": "success", "request_id": "another"}}))]
    fn everything_else_is_passed_over(#[case] message: Value) {
        assert_eq!(Claude.hear(&message), Step::Listen);
    }
}
