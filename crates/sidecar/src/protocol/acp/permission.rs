//! Requests for permission, and the option that stands for an answer.
//!
//! Each agent has its own ids for its options, so they are chosen by kind. What an agent has us do without having asked
//! waits here too.

use agent_client_protocol_schema::v1::{
    PermissionOption, PermissionOptionKind, RequestId as RpcId, RequestPermissionOutcome, RequestPermissionResponse,
    SelectedPermissionOutcome,
};
use serde::Deserialize;
use serde_json::Value;
use switchboard_domain::{Answer, RequestId};

use super::grants::Subject;
use crate::protocol::Errand;

/// Requests that may wait at once. No agent runs that many tools side by side.
const OPEN_MAX: usize = 256;

/// Requests that wait for an answer, oldest first.
#[derive(Debug, Default)]
pub(super) struct Permissions {
    open: Vec<Permission>,
}

/// One request.
#[derive(Debug)]
pub(super) struct Permission {
    /// What it is called outside of the protocol.
    pub(super) request_id: RequestId,
    /// The request to answer.
    pub(super) rpc_id: RpcId,
    pub(super) wants: Wants,
}

/// What is asked.
#[derive(Debug)]
pub(super) enum Wants {
    /// The agent wants to know which of its options it is.
    Choice { options: Options, subject: Subject },
    /// The agent wants this done, and did not ask whether it may.
    Errand(Errand),
}

/// What the agent offers to choose from.
#[derive(Debug)]
pub(super) struct Options(Vec<PermissionOption>);

/// What the agent is told.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) response: RequestPermissionResponse,
    /// Whether it allows, and if so, whether for good.
    pub(super) allows: Option<bool>,
    /// Whether that grants more or less than was meant.
    pub(super) remark: Option<&'static str>,
}

impl Permission {
    /// The request `rpc_id` about the tool call `call`, with the agent's `options`; those of an unknown kind
    /// are left out.
    pub(super) fn new(rpc_id: RpcId, call: &str, options: &Value, subject: Subject) -> Self {
        let options = options.as_array().into_iter().flatten();
        let options = options.filter_map(|option| PermissionOption::deserialize(option).ok()).collect();
        let options = Options(options);
        Self { request_id: request_id(&rpc_id, call), rpc_id, wants: Wants::Choice { options, subject } }
    }

    /// The request `rpc_id` for `errand`, made while the tool call `call` was the newest.
    pub(super) fn for_errand(rpc_id: RpcId, call: &str, errand: Errand) -> Self {
        Self { request_id: request_id(&rpc_id, call), rpc_id, wants: Wants::Errand(errand) }
    }

    /// The options that are remembered by the agent, for a person to choose from.
    pub(super) fn suggestions(&self) -> Option<Value> {
        let Wants::Choice { options, .. } = &self.wants else { return None };
        let lasting = options.0.iter().filter(|option| option.kind == PermissionOptionKind::AllowAlways);
        let lasting: Vec<Value> = lasting.filter_map(|option| serde_json::to_value(option).ok()).collect();
        (!lasting.is_empty()).then(|| Value::Array(lasting))
    }
}

/// Numbers start over in each process, and a session outlives its processes: the call makes it unique.
fn request_id(rpc_id: &RpcId, call: &str) -> RequestId {
    RequestId::new(match rpc_id {
        RpcId::Number(number) => format!("{call}#{number}"),
        RpcId::Str(text) => format!("{call}/{text}"),
        RpcId::Null => call.to_owned(),
    })
}

impl Options {
    /// What to tell the agent.
    pub(super) fn choose(&self, answer: &Answer) -> Choice {
        use PermissionOptionKind::{AllowAlways, AllowOnce, RejectAlways, RejectOnce};
        let (choice, remark) = match answer {
            Answer::Deny => (self.first(RejectOnce).or_else(|| self.first(RejectAlways)), None),
            Answer::Allow { updated_permissions: Some(accepted) } if !is_empty(accepted) => {
                (self.named(accepted).or_else(|| self.first(AllowAlways)).or_else(|| self.first(AllowOnce)), None)
            }
            Answer::Allow { .. } => match self.first(AllowOnce) {
                Some(once) => (Some(once), None),
                None => (self.first(AllowAlways), Some("the agent can only be allowed this for good, and now it is")),
            },
        };
        let Some(option) = choice else {
            let remark = answer.is_allow().then_some("the agent offers no way to allow this, so it was not");
            return Choice { response: cancelled(), allows: None, remark };
        };
        let allows = answer.is_allow().then_some(option.kind == AllowAlways);
        Choice { response: select(option), allows, remark }
    }

    /// The lasting option that `accepted` names by its id.
    fn named(&self, accepted: &Value) -> Option<&PermissionOption> {
        let accepted = accepted.as_array().map_or(std::slice::from_ref(accepted), Vec::as_slice);
        let ids: Vec<&str> = accepted.iter().filter_map(|one| one.get("optionId").unwrap_or(one).as_str()).collect();
        let mut lasting = self.0.iter().filter(|option| option.kind == PermissionOptionKind::AllowAlways);
        lasting.find(|option| ids.contains(&&*option.option_id.0))
    }

    fn first(&self, kind: PermissionOptionKind) -> Option<&PermissionOption> {
        self.0.iter().find(|option| option.kind == kind)
    }
}

impl Permissions {
    /// Whether no more can wait.
    pub(super) fn is_full(&self) -> bool {
        self.open.len() >= OPEN_MAX
    }

    pub(super) fn open(&mut self, permission: Permission) {
        self.open.push(permission);
    }

    /// The youngest.
    #[cfg(test)]
    pub(super) fn last(&self) -> Option<&Permission> {
        self.open.last()
    }

    /// Takes out the request called `request_id`.
    pub(super) fn close(&mut self, request_id: &RequestId) -> Option<Permission> {
        let place = self.open.iter().position(|permission| permission.request_id == *request_id)?;
        Some(self.open.remove(place))
    }

    /// Takes out the request with the agent's own id `rpc_id`.
    pub(super) fn close_rpc(&mut self, rpc_id: &RpcId) -> Option<Permission> {
        let place = self.open.iter().position(|permission| permission.rpc_id == *rpc_id)?;
        Some(self.open.remove(place))
    }

    /// Takes out all.
    pub(super) fn close_all(&mut self) -> Vec<Permission> {
        std::mem::take(&mut self.open)
    }
}

/// The answer to a request whose turn was cancelled.
pub(super) fn cancelled() -> RequestPermissionResponse {
    RequestPermissionResponse::new(RequestPermissionOutcome::Cancelled)
}

fn select(option: &PermissionOption) -> RequestPermissionResponse {
    let selected = SelectedPermissionOutcome::new(option.option_id.clone());
    RequestPermissionResponse::new(RequestPermissionOutcome::Selected(selected))
}

fn is_empty(accepted: &Value) -> bool {
    accepted.is_null() || accepted.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn permission(kinds: &[&str]) -> Permission {
        let options = kinds.iter().map(|kind| json!({"optionId": format!("id of {kind}"), "name": "x", "kind": kind}));
        Permission::new(RpcId::Number(1), "call", &options.collect(), Subject::default())
    }

    fn always(accepted: Value) -> Answer {
        Answer::Allow { updated_permissions: Some(accepted) }
    }

    #[rstest]
    #[case::once(&["allow_always", "allow_once", "reject_once"], Answer::ALLOW, Some("allow_once"), false)]
    #[case::for_good(&["allow_once", "allow_always"], always(json!([{"optionId": "id of allow_always"}])), Some("allow_always"), false)]
    #[case::for_good_by_any_name(&["allow_once", "allow_always"], always(json!(true)), Some("allow_always"), false)]
    #[case::nothing_accepted(&["allow_once", "allow_always"], always(json!([])), Some("allow_once"), false)]
    #[case::named_but_not_lasting(&["allow_once", "reject_once"], always(json!("id of reject_once")), Some("allow_once"), false)]
    #[case::only_for_good(&["allow_always"], Answer::ALLOW, Some("allow_always"), true)]
    #[case::no(&["reject_always", "reject_once", "allow_once"], Answer::Deny, Some("reject_once"), false)]
    #[case::only_no_for_good(&["reject_always", "allow_once"], Answer::Deny, Some("reject_always"), false)]
    #[case::no_way_to_say_no(&["allow_once"], Answer::Deny, None, false)]
    #[case::no_way_to_say_yes(&["reject_once", "allow_maybe"], Answer::ALLOW, None, true)]
    fn an_answer_is_chosen_by_kind(
        #[case] kinds: &[&str],
        #[case] answer: Answer,
        #[case] chosen: Option<&str>,
        #[case] remarked: bool,
    ) {
        let permission = permission(kinds);
        let Wants::Choice { options, .. } = permission.wants else { panic!("it has options") };
        let Choice { response, allows, remark } = options.choose(&answer);
        let expected = chosen.map_or(
            json!({"outcome": "cancelled"}),
            |kind| json!({"outcome": "selected", "optionId": format!("id of {kind}")}),
        );
        assert_eq!(serde_json::to_value(response).expect("JSON"), json!({"outcome": expected}));
        assert_eq!(allows, chosen.filter(|kind| kind.starts_with("allow")).map(|kind| kind == "allow_always"));
        assert_eq!(remark.is_some(), remarked);
    }

    #[test]
    fn numbers_and_texts_are_different_requests_to_the_agent() {
        let mut permissions = Permissions::default();
        permissions.open(Permission::new(RpcId::Number(1), "a", &Value::Null, Subject::default()));
        assert!(permissions.close_rpc(&RpcId::Str("1".into())).is_none());
        assert!(permissions.close_rpc(&RpcId::Number(1)).is_some());
    }
}
