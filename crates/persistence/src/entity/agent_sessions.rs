//! Conversations with agents.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use serde::Deserialize;
use switchboard_domain::{
    AgentSessionId, Cost, NewSession, ProjectId, Session, SessionId, Timestamp, Usage, WorkerProcess,
};

use super::unreadable;
use crate::json;
use crate::upsert::Upsert;

/// The order of the fields is that of the columns, which reading all sessions relies on.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "agent_sessions")]
#[expect(clippy::struct_field_names, reason = "the language model of a session is not the row type's own name")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) agent: String,
    pub(crate) prompt: String,
    pub(crate) title: String,
    pub(crate) model: Option<String>,
    pub(crate) agent_session_id: Option<String>,
    pub(crate) status: String,
    pub(crate) created_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) turn_started_at: Option<i64>,
    pub(crate) elapsed_micros: i64,
    /// Millionths of a dollar: an unsigned number, kept bit by bit.
    pub(crate) cost_micro_usd: i64,
    pub(crate) error: Option<String>,
    pub(crate) worker_pid: Option<i64>,
    /// An unsigned number, kept bit by bit.
    pub(crate) worker_started: Option<i64>,
    /// JSON; none while nothing was used.
    pub(crate) usage: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Session> for Model {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.uuid(),
            project_id: session.project_id.uuid(),
            agent: session.agent.clone(),
            prompt: session.prompt.clone(),
            title: session.title.clone(),
            model: session.model.clone(),
            agent_session_id: session.agent_session_id.as_ref().map(|id| id.as_str().to_owned()),
            status: session.status().as_str().to_owned(),
            created_at: session.created_at.as_micros(),
            ended_at: session.ended_at().map(Timestamp::as_micros),
            turn_started_at: session.turn_started_at.map(Timestamp::as_micros),
            elapsed_micros: i64::try_from(session.elapsed.as_micros()).unwrap_or(i64::MAX),
            cost_micro_usd: session.cost.as_micro_usd().cast_signed(),
            error: session.error.clone(),
            worker_pid: session.worker.map(|worker| i64::from(worker.pid)),
            worker_started: session.worker.map(|worker| worker.started.cast_signed()),
            usage: usage_text(session.usage),
        }
    }
}

impl TryFrom<Model> for Session {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let worker = worker(&row)?;
        let usage = row.usage.as_deref().map(json::from_text).transpose();
        let new = NewSession {
            id: SessionId::new(row.id),
            project_id: ProjectId::new(row.project_id),
            agent: row.agent,
            prompt: row.prompt,
            title: Some(row.title),
            model: row.model,
        };
        let created_at = Timestamp::from_micros(row.created_at);
        let mut session = Self::create(new, created_at);
        let status = row.status.parse().map_err(|error| unreadable("status", error))?;
        session.set_status(status, row.ended_at.map_or(created_at, Timestamp::from_micros));
        session.agent_session_id = row.agent_session_id.map(AgentSessionId::new);
        session.turn_started_at = row.turn_started_at.map(Timestamp::from_micros);
        session.elapsed = Duration::from_micros(row.elapsed_micros.unsigned_abs());
        session.cost = Cost::from_micro_usd(row.cost_micro_usd.cast_unsigned());
        session.error = row.error;
        session.worker = worker;
        session.usage = usage.map_err(|error| unreadable("usage", error))?.unwrap_or_default();
        Ok(session)
    }
}

fn usage_text(usage: Usage) -> Option<String> {
    // Four numbers always have a text.
    (usage != Usage::default()).then(|| json::to_text(&usage).ok()).flatten()
}

fn worker(row: &Model) -> Result<Option<WorkerProcess>, DbErr> {
    let Some((pid, started)) = row.worker_pid.zip(row.worker_started) else { return Ok(None) };
    let pid = u32::try_from(pid).map_err(|error| unreadable("worker_pid", error))?;
    Ok(Some(WorkerProcess { pid, started: started.cast_unsigned() }))
}

impl Upsert for Model {
    type Entity = Entity;
    const KEY: &'static [Column] = &[Column::Id];
    const COLUMNS: &'static [Column] = &[
        Column::Id,
        Column::ProjectId,
        Column::Agent,
        Column::Prompt,
        Column::Title,
        Column::Model,
        Column::AgentSessionId,
        Column::Status,
        Column::CreatedAt,
        Column::EndedAt,
        Column::TurnStartedAt,
        Column::ElapsedMicros,
        Column::CostMicroUsd,
        Column::Error,
        Column::WorkerPid,
        Column::WorkerStarted,
        Column::Usage,
    ];

    fn push_values(self, values: &mut Vec<Value>) {
        values.extend([
            self.id.into(),
            self.project_id.into(),
            self.agent.into(),
            self.prompt.into(),
            self.title.into(),
            self.model.into(),
            self.agent_session_id.into(),
            self.status.into(),
            self.created_at.into(),
            self.ended_at.into(),
            self.turn_started_at.into(),
            self.elapsed_micros.into(),
            self.cost_micro_usd.into(),
            self.error.into(),
            self.worker_pid.into(),
            self.worker_started.into(),
            self.usage.into(),
        ]);
    }
}
