//! Remembered answers, per project: a tool call that a rule allows needs no question.

use std::collections::BTreeMap;

use serde_json::Value;
use switchboard_domain::{Approval, ApprovalRequest, Project, ProjectId, Rule};
use switchboard_store::State;

use crate::engine::{Engine, EngineError};

/// The setting that holds a project's rules.
fn setting(project_id: ProjectId) -> String {
    format!("rules.{project_id}")
}

/// The rules of a project among all settings, in the order in which they were remembered.
pub fn rules_in(settings: &BTreeMap<String, Value>, project_id: ProjectId) -> Vec<Rule> {
    let saved = settings.get(&setting(project_id));
    // What is no rule (any more) allows nothing.
    saved.and_then(|rules| serde_json::from_value(rules.clone()).ok()).unwrap_or_default()
}

/// Whether a rule of the project allows the call.
pub(super) fn allow(state: &State, project: &Project, request: &ApprovalRequest) -> bool {
    rules_in(state.settings(), project.id).iter().any(|rule| rule.allows(request, &project.path))
}

impl Engine {
    /// The rules of a project, in the order in which they were remembered.
    pub fn rules(&self, project_id: ProjectId) -> Vec<Rule> {
        self.store().read(|state| rules_in(state.settings(), project_id))
    }

    /// Whether a rule of the session's project allows the call by now.
    pub fn is_allowed_by_rule(&self, approval: &Approval) -> bool {
        let of_project = |project: &Project| self.store().read(|state| allow(state, project, &approval.request));
        self.project_of(approval).as_ref().is_some_and(of_project)
    }

    /// Rules that would allow the call, to be offered for remembering: the narrowest first.
    pub fn rules_to_offer(&self, approval: &Approval) -> Vec<Rule> {
        self.project_of(approval).map_or_else(Vec::new, |project| Rule::offers(&approval.request, &project.path))
    }

    /// The project that the call is made in.
    pub fn project_of(&self, approval: &Approval) -> Option<Project> {
        let project = |state: &State| {
            let session = state.session(approval.session_id)?;
            state.project(session.session().project_id).cloned()
        };
        self.store().read(project)
    }

    /// Remembers a rule for a project; it is on disk when this returns. Remembering one twice is fine.
    ///
    /// # Errors
    /// When it could not be saved in time; it holds all the same until the app ends.
    pub async fn remember_rule(&self, project_id: ProjectId, rule: Rule) -> Result<(), EngineError> {
        let mut rules = self.rules(project_id);
        if !rules.contains(&rule) {
            rules.push(rule);
        }
        self.save_rules(project_id, &rules).await
    }

    /// Forgets a rule; `false` when the project has no such rule.
    ///
    /// # Errors
    /// When that could not be saved in time.
    pub async fn forget_rule(&self, project_id: ProjectId, rule: &Rule) -> Result<bool, EngineError> {
        let mut rules = self.rules(project_id);
        let before = rules.len();
        rules.retain(|known| known != rule);
        let known = rules.len() < before;
        if known {
            self.save_rules(project_id, &rules).await?;
        }
        Ok(known)
    }

    async fn save_rules(&self, project_id: ProjectId, rules: &[Rule]) -> Result<(), EngineError> {
        let texts = rules.iter().map(|rule| rule.to_string().into()).collect();
        let value = (!rules.is_empty()).then_some(Value::Array(texts));
        let receipt = self.store().set_setting(&setting(project_id), value)?;
        self.saved(receipt).await
    }
}
