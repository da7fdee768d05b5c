//! `/metrics`: the numbers, in the text format of Prometheus.

use std::fmt::Write;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use switchboard_domain::Health;

use crate::api::Api;
use crate::api::wire::StatsView;

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn show(State(api): State<Api>) -> impl IntoResponse {
    let unsaved = api.store().read(|state| match state.health() {
        Health::Healthy => None,
        Health::Degraded { unsaved, .. } => Some(*unsaved),
    });
    ([(CONTENT_TYPE, TEXT_FORMAT)], text(&api.stats(), unsaved))
}

fn text(stats: &StatsView, unsaved: Option<u64>) -> String {
    let mut page = Page::default();
    let by_status = [
        ("running", stats.running),
        ("completed", stats.completed),
        ("failed", stats.failed),
        ("aborted", stats.aborted),
        ("interrupted", stats.interrupted),
    ];
    page.head("sessions", "gauge", "Sessions by status.");
    for (status, count) in by_status {
        page.line(&format!("sessions{{status=\"{status}\"}}"), count);
    }
    page.one("projects", "gauge", "Projects that are not removed.", stats.projects);
    page.one("messages", "gauge", "Messages of all sessions.", stats.messages);
    page.one("queued_messages", "gauge", "Messages that wait in queues.", stats.queued);
    page.one("pending_approvals", "gauge", "Approvals that wait for an answer.", stats.pending_approvals);
    page.one("cost_usd", "gauge", "US dollars over all sessions.", stats.cost);
    page.one("revision", "counter", "Changes since the start.", stats.revision);
    page.one("durable_revision", "counter", "Changes since the start up to which facts are on disk.", stats.durable);
    page.one("event_streams", "gauge", "Event streams that are open.", stats.streams);
    page.one("orphans_total", "counter", "Events of agents whose session does not exist.", stats.orphans);
    page.one("healthy", "gauge", "Whether saving works.", u8::from(unsaved.is_none()));
    page.one("unsaved_changes", "gauge", "Changes that wait while saving does not work.", unsaved.unwrap_or(0));
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, kind, help);
        self.line(name, value);
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "# HELP switchboard_{name} {help}\n# TYPE switchboard_{name} {kind}\n");
    }

    fn line(&mut self, name: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "switchboard_{name} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_help_and_type() {
        let stats = StatsView { running: 2, cost: 0.25, ..StatsView::default() };
        let page = text(&stats, Some(7));
        let lines: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.contains(&"switchboard_sessions{status=\"running\"} 2"), "{page}");
        assert!(lines.contains(&"switchboard_cost_usd 0.25") && lines.contains(&"switchboard_healthy 0"), "{page}");
        assert_eq!(page.matches("# HELP").count(), page.matches("# TYPE").count());
    }
}
