//! The agent's errors, in words for a person: what went wrong, and what to do.

use std::fmt::Write as _;

use agent_client_protocol_schema::v1::{AuthMethod, Error, ErrorCode};
use serde::Deserialize;
use serde_json::Value;

/// A way to log in.
#[derive(Debug, PartialEq)]
pub(crate) struct Login {
    name: String,
    how: String,
}

impl Login {
    /// The ways that `initialized`, the agent's first answer, offers.
    pub(crate) fn offered(initialized: &Value) -> Vec<Self> {
        let methods = initialized.get("authMethods").and_then(Value::as_array).into_iter().flatten();
        methods.filter_map(Self::read).collect()
    }

    fn read(method: &Value) -> Option<Self> {
        let (name, description, args) = match AuthMethod::deserialize(method).ok()? {
            AuthMethod::Terminal(method) => (method.name, method.description, method.args),
            AuthMethod::Agent(method) => (method.name, method.description, Vec::new()),
            _ => return None,
        };
        let mut how = description.unwrap_or_default();
        if !args.is_empty() {
            let _ = write!(how, " (run the agent with `{}`)", args.join(" "));
        }
        let variables = method.get("vars").and_then(Value::as_array).into_iter().flatten();
        let variables: Vec<&str> = variables.filter_map(|variable| variable.get("name")?.as_str()).collect();
        if !variables.is_empty() {
            let _ = write!(how, " (set {} in the agent's `env` or `pass_env`)", variables.join(" and "));
        }
        Some(Self { name, how: how.trim().to_owned() })
    }
}

/// Whether `error` says that nobody is logged in.
pub(crate) fn needs_login(error: &Error) -> bool {
    error.code == ErrorCode::AuthRequired
}

/// What `error` says, and what can be done when nobody is logged in.
pub(crate) fn explain(error: &Error, logins: &[Login]) -> String {
    let said = words(error);
    if !needs_login(error) {
        return said;
    }
    let mut text = format!("the agent is not logged in ({said}); log in with its own program first");
    let ways: Vec<String> = logins
        .iter()
        .map(|Login { name, how }| match how.as_str() {
            "" => name.clone(),
            how => format!("{name}: {how}"),
        })
        .collect();
    if !ways.is_empty() {
        let _ = write!(text, ". It offers:\n- {}", ways.join("\n- "));
    }
    text
}

/// The message, and the details that say more.
fn words(error: &Error) -> String {
    let mut text = plain(&error.message);
    let details = error.data.as_ref().and_then(|data| {
        data.as_str().or_else(|| ["message", "details", "error"].iter().find_map(|key| data.get(key)?.as_str()))
    });
    if let Some(details) = details.map(plain).filter(|details| !text.contains(details.as_str())) {
        let _ = write!(text, ": {details}");
    }
    text
}

/// The message inside of `text` when that is a model provider's error as JSON, else `text`.
fn plain(text: &str) -> String {
    let inner = || {
        let error = serde_json::from_str::<Value>(text).ok()?;
        let message = error.get("error")?.get("message")?.as_str()?;
        Some(message.to_owned())
    };
    inner().unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::message(json!({"code": -32603, "message": "Internal error: out of luck", "data": {"errorKind": "unknown"}}), "Internal error: out of luck")]
    #[case::details(json!({"code": -32603, "message": "Internal error", "data": {"message": "{\"error\": {\"message\": \"no luck\"}}"}}), "Internal error: no luck")]
    #[case::text_as_data(json!({"code": 1, "message": "no", "data": "really"}), "no: really")]
    #[case::said_twice(json!({"code": 1, "message": "no luck", "data": "luck"}), "no luck")]
    #[case::provider(json!({"code": 400, "message": "{\"error\":{\"code\":400,\"message\":\"no luck\"}}"}), "no luck")]
    fn an_error_is_told_in_its_own_words(#[case] error: Value, #[case] text: &str) {
        assert_eq!(explain(&Error::deserialize(&error).expect("an error"), &[]), text);
    }

    #[test]
    fn who_is_not_logged_in_is_told_how() {
        let initialized = json!({"authMethods": [
            {"id": "a", "name": "Login with opencode", "description": "Run `opencode auth login` in the terminal"},
            {"type": "env_var", "id": "b", "name": "Use OPENAI_API_KEY", "vars": [{"name": "OPENAI_API_KEY"}]},
            {"type": "terminal", "id": "c", "name": "Log in", "args": ["auth", "login"]},
            {"id": "d", "name": "By telepathy"},
        ]});
        insta::assert_snapshot!(explain(&Error::auth_required(), &Login::offered(&initialized)), @r"
        the agent is not logged in (Authentication required); log in with its own program first. It offers:
        - Login with opencode: Run `opencode auth login` in the terminal
        - Use OPENAI_API_KEY: (set OPENAI_API_KEY in the agent's `env` or `pass_env`)
        - Log in: (run the agent with `auth login`)
        - By telepathy
        ");
    }
}
