//! What an agent offers to choose from when a session is opened: modes and models.

use agent_client_protocol_schema::v1::{
    AGENT_METHOD_NAMES, SessionConfigKind, SessionConfigOption, SessionConfigOptionCategory as Category,
    SessionConfigSelectOptions, SessionModeState,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// How a model is set by agents that list `models`, as the protocol had it before configuration options.
const SET_MODEL: &str = "session/set_model";

/// A list in an error names at most this many choices; some agents have hundreds of models.
const NAMED_MAX: usize = 20;

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Mode,
    Model,
}

/// A request that makes a choice.
#[derive(Debug, PartialEq)]
pub(super) struct Step {
    pub(super) method: &'static str,
    /// All but the session's id.
    pub(super) params: Value,
    /// What it does, for a person.
    pub(super) purpose: String,
}

/// One way to choose: what there is, and the request that takes it.
struct Offer {
    method: &'static str,
    current: String,
    /// Ids and names.
    choices: Vec<(String, String)>,
    params: Box<dyn Fn(&str) -> Value>,
}

impl Choice {
    /// The request that chooses `wanted` among what `opened`, the agent's answer to opening a session, offers;
    /// `None` when that is chosen already.
    ///
    /// # Errors
    /// Words for a person when it is not offered.
    pub(super) fn step(self, wanted: &str, opened: &Value) -> Result<Option<Step>, String> {
        let what = self.noun();
        let offer = self.offer(opened).ok_or_else(|| {
            format!("the agent lets nobody choose its {what} over this protocol, and \"{wanted}\" was asked for")
        })?;
        let found = offer.choices.iter().find(|(id, _)| id == wanted);
        let found = found.or_else(|| offer.choices.iter().find(|(_, name)| name.eq_ignore_ascii_case(wanted)));
        let Some((id, _)) = found else { return Err(self.not_offered(wanted, &offer)) };
        if *id == offer.current {
            return Ok(None);
        }
        let purpose = format!("choose the {what} \"{wanted}\"");
        Ok(Some(Step { method: offer.method, params: (offer.params)(id), purpose }))
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Mode => "mode",
            Self::Model => "model",
        }
    }

    fn not_offered(self, wanted: &str, offer: &Offer) -> String {
        let ids: Vec<&str> = offer.choices.iter().map(|(id, _)| id.as_str()).take(NAMED_MAX).collect();
        let more = if offer.choices.len() > NAMED_MAX { " and more" } else { "" };
        format!("the agent offers no {} \"{wanted}\"; it offers {}{more}", self.noun(), ids.join(", "))
    }

    fn offer(self, opened: &Value) -> Option<Offer> {
        match self {
            Self::Mode => modes(opened).or_else(|| option(opened, &Category::Mode)),
            Self::Model => option(opened, &Category::Model).or_else(|| models(opened)),
        }
    }
}

fn modes(opened: &Value) -> Option<Offer> {
    let state = SessionModeState::deserialize(opened.get("modes")?).ok()?;
    let choices = state.available_modes.into_iter().map(|mode| (mode.id.0.to_string(), mode.name)).collect();
    let params = Box::new(|id: &str| json!({"modeId": id}));
    let current = state.current_mode_id.0.to_string();
    Some(Offer { method: AGENT_METHOD_NAMES.session_set_mode, current, choices, params })
}

fn option(opened: &Value, category: &Category) -> Option<Offer> {
    let options = opened.get("configOptions")?.as_array()?.iter();
    let mut options = options.filter_map(|option| SessionConfigOption::deserialize(option).ok());
    let option = options.find(|option| option.category.as_ref() == Some(category))?;
    let SessionConfigKind::Select(select) = option.kind else { return None };
    let choices = match select.options {
        SessionConfigSelectOptions::Ungrouped(options) => options,
        SessionConfigSelectOptions::Grouped(groups) => groups.into_iter().flat_map(|group| group.options).collect(),
        _ => Vec::new(),
    };
    let choices = choices.into_iter().map(|choice| (choice.value.0.to_string(), choice.name)).collect();
    let config_id = option.id.0;
    let params = Box::new(move |id: &str| json!({"configId": config_id, "value": id}));
    let current = select.current_value.0.to_string();
    Some(Offer { method: AGENT_METHOD_NAMES.session_set_config_option, current, choices, params })
}

fn models(opened: &Value) -> Option<Offer> {
    let models = opened.get("models")?;
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let choice = |model: &Value| Some((text(model, "modelId")?, text(model, "name").unwrap_or_default()));
    let choices = models.get("availableModels")?.as_array()?.iter().filter_map(choice).collect();
    let params = Box::new(|id: &str| json!({"modelId": id}));
    let current = text(models, "currentModelId").unwrap_or_default();
    Some(Offer { method: SET_MODEL, current, choices, params })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn opened() -> Value {
        json!({
            "modes": {"currentModeId": "ask", "availableModes": [{"id": "ask", "name": "Ask"}, {"id": "ro", "name": "Read Only"}]},
            "models": {"currentModelId": "auto", "availableModels": [{"modelId": "auto", "name": "Auto"}, {"modelId": "pro", "name": "Pro"}]},
        })
    }

    fn with_options() -> Value {
        let select = |options: Value| json!({"id": "m", "name": "Model", "category": "model", "type": "select", "currentValue": "a", "options": options});
        let grouped = select(
            json!([{"group": "g", "name": "G", "options": [{"value": "a", "name": "A"}, {"value": "b", "name": "B"}]}]),
        );
        json!({"configOptions": [{"id": "x", "type": "hologram"}, grouped]})
    }

    #[rstest]
    #[case::mode(Choice::Mode, "ro", opened(), Some(("session/set_mode", json!({"modeId": "ro"}))))]
    #[case::by_name(Choice::Mode, "read only", opened(), Some(("session/set_mode", json!({"modeId": "ro"}))))]
    #[case::current(Choice::Mode, "ask", opened(), None)]
    #[case::listed_model(Choice::Model, "pro", opened(), Some(("session/set_model", json!({"modelId": "pro"}))))]
    #[case::option(Choice::Model, "b", with_options(), Some(("session/set_config_option", json!({"configId": "m", "value": "b"}))))]
    fn what_is_offered_can_be_chosen(
        #[case] choice: Choice,
        #[case] wanted: &str,
        #[case] opened: Value,
        #[case] expected: Option<(&str, Value)>,
    ) {
        let step = choice.step(wanted, &opened).expect("offered").map(|step| (step.method, step.params));
        assert_eq!(step, expected);
    }

    #[rstest]
    #[case(Choice::Model, "c", with_options(), "the agent offers no model \"c\"; it offers a, b")]
    #[case(Choice::Mode, "ro", json!({}), "the agent lets nobody choose its mode over this protocol, and \"ro\" was asked for")]
    fn what_is_not_offered_is_said_so(
        #[case] choice: Choice,
        #[case] wanted: &str,
        #[case] opened: Value,
        #[case] reason: &str,
    ) {
        assert_eq!(choice.step(wanted, &opened), Err(reason.to_owned()));
    }
}
