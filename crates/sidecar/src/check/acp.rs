//! The greeting of the Agent Client Protocol: `initialize`, then a session that nothing is said in.

use agent_client_protocol_schema::v1::Error;
use serde::Deserialize;
use serde_json::{Value, json};

use super::interview::{Complaint, Handshake, Step, answered, texts};
use super::{Ability, Findings, Reach};
use crate::protocol::acp::{Login, explain, needs_login};

const INITIALIZE: u64 = 1;
const NEW_SESSION: u64 = 2;

/// The version that is spoken here.
const VERSION: u64 = 1;

/// What is known so far.
#[derive(Default)]
pub(super) struct Acp {
    folder: String,
    logins: Vec<Login>,
    findings: Findings,
}

impl Handshake for Acp {
    fn begin(&mut self, folder: &str) -> Option<Vec<Value>> {
        folder.clone_into(&mut self.folder);
        let us = json!({"name": "switchboard", "version": env!("CARGO_PKG_VERSION")});
        let params = json!({"protocolVersion": VERSION, "clientCapabilities": {}, "clientInfo": us});
        Some(vec![request(INITIALIZE, "initialize", &params)])
    }

    fn hear(&mut self, message: &Value) -> Step {
        let outcome = message
            .get("error")
            .filter(|error| !error.is_null())
            .map_or_else(|| Ok(message.get("result").unwrap_or(&Value::Null)), |error| Err(self.complaint(error)));
        match (answered(message), outcome) {
            (Some(INITIALIZE | NEW_SESSION), Err(complaint)) => Step::Done(Err(complaint)),
            (Some(INITIALIZE), Ok(agent)) => self.greeted(agent),
            (Some(NEW_SESSION), Ok(session)) => self.opened(session),
            _ => Step::Listen,
        }
    }
}

impl Acp {
    fn greeted(&mut self, agent: &Value) -> Step {
        if agent["protocolVersion"] != VERSION {
            let version = &agent["protocolVersion"];
            let why = format!("it speaks version {version} of the protocol, and only version {VERSION} is understood");
            return Step::Done(Err(Complaint::Refused(why)));
        }
        let can = &agent["agentCapabilities"];
        let abilities = [
            (Ability::Resume, can["sessionCapabilities"].get("resume").is_some_and(|resume| !resume.is_null())),
            (Ability::Load, can["loadSession"] == true),
            (Ability::Images, can["promptCapabilities"]["image"] == true),
            (Ability::Audio, can["promptCapabilities"]["audio"] == true),
        ];
        self.findings.abilities = abilities.into_iter().filter(|(_, can)| *can).map(|(ability, _)| ability).collect();
        self.findings.version = agent["agentInfo"]["version"].as_str().map(str::to_owned);
        self.logins = Login::offered(agent);
        let params = json!({"cwd": self.folder, "mcpServers": []});
        Step::Say(vec![request(NEW_SESSION, "session/new", &params)])
    }

    fn opened(&self, session: &Value) -> Step {
        if session["sessionId"].as_str().is_none_or(str::is_empty) {
            return Step::Done(Err(Complaint::Refused(format!("its session has no id: {session}"))));
        }
        let or_option = |list: Vec<String>, category| if list.is_empty() { option(session, category) } else { list };
        Step::Done(Ok(Findings {
            reach: Reach::Answered,
            modes: or_option(texts(&session["modes"]["availableModes"], "id"), "mode"),
            models: or_option(texts(&session["models"]["availableModels"], "modelId"), "model"),
            ..self.findings.clone()
        }))
    }

    fn complaint(&self, error: &Value) -> Complaint {
        let error = Error::deserialize(error).unwrap_or_else(|_| Error::internal_error());
        let said = explain(&error, &self.logins);
        if needs_login(&error) { Complaint::NotLoggedIn(said) } else { Complaint::Refused(said) }
    }
}

/// The values of the option of this category, grouped or not.
fn option(session: &Value, category: &str) -> Vec<String> {
    let options = session["configOptions"].as_array().into_iter().flatten();
    let Some(option) = options.into_iter().find(|option| option["category"] == category) else { return Vec::new() };
    let plain = texts(&option["options"], "value");
    if !plain.is_empty() {
        return plain;
    }
    let groups = option["options"].as_array().into_iter().flatten();
    groups.flat_map(|group| texts(&group["options"], "value")).collect()
}

fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn greeted(session: &Value) -> Step {
        let mut acp = Acp::default();
        acp.begin("/empty").expect("a greeting");
        let can =
            json!({"loadSession": true, "promptCapabilities": {"image": true}, "sessionCapabilities": {"resume": {}}});
        let login = json!([{"id": "a", "name": "Log in", "description": "Run `agent login`"}]);
        let agent = json!({"protocolVersion": 1, "agentCapabilities": can, "authMethods": login, "agentInfo": {"name": "x", "version": "3.4"}});
        let Step::Say(lines) = acp.hear(&json!({"jsonrpc": "2.0", "id": "1", "result": agent})) else {
            panic!("a session is opened")
        };
        assert_eq!((&lines[0]["method"], &lines[0]["params"]["cwd"]), (&json!("session/new"), &json!("/empty")));
        assert_eq!(acp.hear(&json!({"method": "session/update", "params": {}})), Step::Listen);
        acp.hear(session)
    }

    #[rstest]
    #[case::listed(json!({"sessionId": "s", "modes": {"availableModes": [{"id": "plan"}]}, "models": {"availableModels": [{"modelId": "m"}]}}))]
    #[case::as_options(json!({"sessionId": "s", "configOptions": [
        {"category": "mode", "options": [{"value": "plan"}]},
        {"category": "model", "options": [{"group": "g", "options": [{"value": "m"}]}]},
    ]}))]
    fn what_it_can_do_is_told(#[case] session: Value) {
        let Step::Done(Ok(findings)) = greeted(&json!({"id": 2, "result": session})) else { panic!("it works") };
        let abilities = vec![Ability::Resume, Ability::Load, Ability::Images];
        assert_eq!((findings.version.as_deref(), findings.abilities), (Some("3.4"), abilities));
        assert_eq!((findings.modes, findings.models), (vec!["plan".to_owned()], vec!["m".to_owned()]));
    }

    #[test]
    fn who_is_not_logged_in_is_told_how() {
        let error = json!({"code": -32000, "message": "Authentication required"});
        let Step::Done(Err(Complaint::NotLoggedIn(said))) = greeted(&json!({"id": 2, "error": error})) else {
            panic!("nobody is logged in")
        };
        assert!(said.contains("agent login"), "{said}");
    }

    #[rstest]
    #[case::an_error(json!({"id": 2, "error": {"code": -32603, "message": "out of luck"}}), "out of luck")]
    #[case::no_session(json!({"id": 2, "result": {}}), "no id")]
    fn what_is_wrong_is_told(#[case] session: Value, #[case] said: &str) {
        let Step::Done(Err(Complaint::Refused(why))) = greeted(&session) else { panic!("it does not work") };
        assert!(why.contains(said), "{why}");
    }

    #[test]
    fn another_version_is_not_understood() {
        let step = Acp::default().hear(&json!({"id": 1, "result": {"protocolVersion": 2}}));
        assert!(matches!(step, Step::Done(Err(Complaint::Refused(why))) if why.contains("version 2")));
    }
}
