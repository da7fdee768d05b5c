//! The greeting of Codex's app-server: `initialize`, then who is logged in and which models there are.

use serde_json::{Value, json};

use super::interview::{Complaint, Handshake, Step, answered, texts};
use super::{Ability, Findings, Reach};

const INITIALIZE: u64 = 1;
const ACCOUNT: u64 = 2;
const MODELS: u64 = 3;

/// What is known so far.
#[derive(Default)]
pub(super) struct Codex {
    version: Option<String>,
    /// Each answer once it is there; null when Codex does not serve the request.
    account: Option<Value>,
    models: Option<Value>,
}

impl Handshake for Codex {
    fn begin(&mut self, _folder: &str) -> Option<Vec<Value>> {
        let client = json!({"name": "switchboard", "title": "Switchboard", "version": env!("CARGO_PKG_VERSION")});
        Some(vec![json!({"id": INITIALIZE, "method": "initialize", "params": {"clientInfo": client}})])
    }

    fn hear(&mut self, message: &Value) -> Step {
        let result = message.get("result").cloned().unwrap_or_default();
        match answered(message) {
            Some(INITIALIZE) if message.get("error").is_some() => {
                let why = message["error"]["message"].as_str().unwrap_or("no reason given");
                Step::Done(Err(Complaint::Refused(format!("it refused to begin: {why}"))))
            }
            Some(INITIALIZE) => {
                self.version = result["userAgent"].as_str().and_then(version);
                Step::Say(vec![
                    json!({"method": "initialized"}),
                    json!({"id": ACCOUNT, "method": "account/read", "params": {}}),
                    json!({"id": MODELS, "method": "model/list", "params": {}}),
                ])
            }
            Some(ACCOUNT) => self.learn(Some(result), None),
            Some(MODELS) => self.learn(None, Some(result)),
            _ => Step::Listen,
        }
    }
}

impl Codex {
    fn learn(&mut self, account: Option<Value>, models: Option<Value>) -> Step {
        self.account = account.or_else(|| self.account.take());
        self.models = models.or_else(|| self.models.take());
        let (Some(account), Some(models)) = (&self.account, &self.models) else { return Step::Listen };
        if account["account"].is_null() && account["requiresOpenaiAuth"] == true {
            return Step::Done(Err(Complaint::NotLoggedIn("nobody is logged in".to_owned())));
        }
        Step::Done(Ok(Findings {
            reach: Reach::Answered,
            version: self.version.clone(),
            account: who(&account["account"]),
            models: texts(&models["data"], "model"),
            abilities: vec![Ability::Resume, Ability::Images],
            ..Findings::default()
        }))
    }
}

fn who(account: &Value) -> Option<String> {
    ["email", "type"].into_iter().find_map(|name| account[name].as_str()).map(str::to_owned)
}

/// `0.169.0` in `switchboard/0.169.0 (Debian 12; x86_64) …`.
fn version(user_agent: &str) -> Option<String> {
    let (_, rest) = user_agent.split_once('/')?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Greets, and answers `account/read` and `model/list` like this.
    fn greeted(account: &Value, models: &Value) -> Step {
        let mut codex = Codex::default();
        let hello = json!({"id": 1, "result": {"userAgent": "switchboard/0.169.0 (Debian 12.0.0; x86_64)"}});
        assert!(matches!(codex.hear(&hello), Step::Say(lines) if lines.len() == 3));
        assert_eq!(codex.hear(&json!({"method": "configWarning", "params": {}})), Step::Listen);
        assert_eq!(codex.hear(models), Step::Listen);
        codex.hear(account)
    }

    #[rstest]
    #[case::an_account(json!({"id": 2, "result": {"account": {"type": "chatgpt", "email": "ada@example.com"}, "requiresOpenaiAuth": true}}), Some("ada@example.com"))]
    #[case::a_key(json!({"id": 2, "result": {"account": {"type": "apiKey"}, "requiresOpenaiAuth": true}}), Some("apiKey"))]
    #[case::another_provider(json!({"id": 2, "result": {"account": null, "requiresOpenaiAuth": false}}), None)]
    #[case::an_older_version_does_not_know(json!({"id": 2, "error": {"code": -32601, "message": "?"}}), None)]
    fn who_is_logged_in_is_told(#[case] account: Value, #[case] who: Option<&str>) {
        let models = json!({"id": 3, "result": {"data": [{"model": "gpt-x"}]}});
        let Step::Done(Ok(findings)) = greeted(&account, &models) else { panic!("it works") };
        assert_eq!((findings.account.as_deref(), findings.models), (who, vec!["gpt-x".to_owned()]));
        assert_eq!(findings.version.as_deref(), Some("0.169.0"));
    }

    #[test]
    fn nobody_logged_in_is_told() {
        let account = json!({"id": 2, "result": {"account": null, "requiresOpenaiAuth": true}});
        let step = greeted(&account, &json!({"id": 3, "result": {"data": []}}));
        assert!(matches!(step, Step::Done(Err(Complaint::NotLoggedIn(_)))), "{step:?}");
    }

    #[test]
    fn a_refusal_is_told() {
        let step = Codex::default().hear(&json!({"id": 1, "error": {"message": "too old"}}));
        assert_eq!(step, Step::Done(Err(Complaint::Refused("it refused to begin: too old".to_owned()))));
    }
}
