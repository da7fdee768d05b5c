//! The program itself: what it is, how it is, and what it can run.

use axum::Json;
use axum::extract::State;
use switchboard_domain::{Cost, SessionStatus};

use crate::api::Api;
use crate::api::wire::{AgentView, HealthView, StatsView, VersionView};

/// List the agents that can be run
#[utoipa::path(get, path = "/agents", tag = "about", responses((status = 200, body = Vec<AgentView>)))]
pub(in crate::api) async fn agents(State(api): State<Api>) -> Json<Vec<AgentView>> {
    let view = |agent: &switchboard_sidecar::AgentSpec| AgentView {
        name: agent.name.clone(),
        protocol: agent.protocol.as_str().to_owned(),
        command: std::iter::once(agent.program.to_string_lossy().into_owned())
            .chain(agent.args.iter().map(|word| word.to_string_lossy().into_owned()))
            .collect(),
        is_default: agent.name == api.inner.config.default_agent,
    };
    Json(api.engine().agents().iter().map(view).collect())
}

/// Whether what is in memory gets to disk
#[utoipa::path(get, path = "/health", tag = "about", responses((status = 200, body = HealthView)))]
pub(in crate::api) async fn health(State(api): State<Api>) -> Json<HealthView> {
    Json(api.store().read(|state| state.health().into()))
}

/// Numbers about what there is and what goes on
#[utoipa::path(get, path = "/stats", tag = "about", responses((status = 200, body = StatsView)))]
pub(in crate::api) async fn stats(State(api): State<Api>) -> Json<StatsView> {
    Json(api.stats())
}

/// What this server is
#[utoipa::path(get, path = "/version", tag = "about", responses((status = 200, body = VersionView)))]
pub(in crate::api) async fn version(State(api): State<Api>) -> Json<VersionView> {
    Json(VersionView {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        epoch: api.epoch(),
        pid: std::process::id(),
    })
}

impl Api {
    /// Numbers about what there is and what goes on.
    pub(in crate::api) fn stats(&self) -> StatsView {
        let now = self.store().snapshot();
        let mut stats = StatsView {
            projects: now.projects().filter(|it| it.deleted_at.is_none()).count(),
            revision: self.store().revision().get(),
            durable: self.store().durable_revision().get(),
            streams: self.inner.streams.count(),
            orphans: now.orphans().count(),
            ..StatsView::default()
        };
        let mut cost = Cost::ZERO;
        for found in now.sessions() {
            stats.sessions += 1;
            *match found.session().status() {
                SessionStatus::Running => &mut stats.running,
                SessionStatus::Completed => &mut stats.completed,
                SessionStatus::Failed => &mut stats.failed,
                SessionStatus::Aborted => &mut stats.aborted,
                SessionStatus::Interrupted => &mut stats.interrupted,
            } += 1;
            stats.messages += found.transcript().last_seq().get();
            stats.queued += found.queue().len();
            stats.pending_approvals += found.pending_approvals().count();
            cost = cost + found.session().cost;
        }
        stats.cost = cost.as_usd();
        stats
    }
}
