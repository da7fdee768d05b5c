//! Approvals: asking for them one at a time, and stopping sessions that nobody can answer.

use std::time::Duration;

use switchboard_domain::{Approval, Project, RequestId, Rule, SessionId};

use super::{Conductor, Course, Done};
use crate::api::wire::{Decision, Policy};
use crate::cli::questions::lasting::{self, Lasting};
use crate::cli::questions::{PROMPT, Question, Questions, Typed, Verdict, question, verdict};
use crate::cli::run::job::{Job, Phase};
use crate::cli::signals::Signal;
use crate::cli::{ExitCode, Failure, Output};
use crate::config::ApprovePolicy;
use crate::engine::rules_in;
use crate::terminal::Style;

impl Conductor {
    /// Asks the next question, if there is one and nobody is being asked.
    pub(super) fn see_to_approvals(&mut self, output: &mut Output) -> Result<(), Failure> {
        self.forget_answered();
        if let Some(asked) = &self.asked
            && self.pending(asked.session, &asked.request).is_none()
        {
            self.asked = None;
            output.remark(&Style::DIM.paint("\n  no longer asked"));
        }
        if self.asked.is_some() || self.course != Course::On {
            return Ok(());
        }
        let Some((job, approval)) = self.next_pending() else { return Ok(()) };
        match self.approving.policy {
            ApprovePolicy::All => self.answer(&approval, Decision::Allow),
            ApprovePolicy::None => self.answer(&approval, Decision::Deny),
            // Another question of this run has brought the rule.
            ApprovePolicy::Ask | ApprovePolicy::Edits if self.is_allowed_by_rule(&approval) => {
                self.answer(&approval, Decision::Allow);
            }
            ApprovePolicy::Ask | ApprovePolicy::Edits if self.approving.questions.can_ask() => {
                self.ask(&approval, output)?;
            }
            ApprovePolicy::Ask | ApprovePolicy::Edits => self.give_up(job),
        }
        Ok(())
    }

    /// The oldest approval that waits in any job, and has no answer on its way.
    fn next_pending(&self) -> Option<(usize, Approval)> {
        let working = self.jobs.iter().enumerate().filter(|(_, job)| job.is_under_way());
        let state = self.feed.state();
        let pending = |(place, job): (usize, &Job)| {
            let session = state.session(job.session())?;
            let is_new = |approval: &&Approval| {
                let key = (approval.session_id, approval.request.request_id.clone());
                !self.answered.contains(&key)
            };
            Some((place, session.pending_approvals().find(is_new)?.clone()))
        };
        working.filter_map(pending).min_by_key(|(_, approval)| approval.requested_at)
    }

    /// A request id may come again, once it is settled.
    fn forget_answered(&mut self) {
        if !self.answered.is_empty() {
            let mut answered = std::mem::take(&mut self.answered);
            answered.retain(|(session, request)| self.pending(*session, request).is_some());
            self.answered = answered;
        }
    }

    fn pending(&self, session: SessionId, request: &RequestId) -> Option<Approval> {
        let approval = self.feed.state().session(session)?.approval(request).cloned();
        approval.filter(Approval::is_pending)
    }

    fn ask(&mut self, approval: &Approval, output: &mut Output) -> Result<(), Failure> {
        self.stage.step_aside(output)?;
        let session = self.feed.state().session(approval.session_id);
        let title = session.map_or_else(String::new, |it| it.session().title.clone());
        output.remark(&question(approval, &title));
        output.prompt(PROMPT);
        self.asked = Some(self.approving.questions.open(approval));
        Ok(())
    }

    pub(super) fn typed(&mut self, typed: &Typed, output: &mut Output) {
        let Some(asked) = self.asked.clone() else { return };
        let Some(line) = &typed.line else {
            // Standard input is closed: from now on there is nobody to ask.
            (self.approving.questions, self.asked) = (Questions::Nobody, None);
            if self.stopper.spares_agents(Signal::HangUp) {
                // The terminal is gone, or somebody leaves the question for later; another terminal may answer it.
                self.leave(Signal::HangUp);
                output.remark("\n  left; `switchboard approve` answers it later");
            }
            return;
        };
        if !asked.is_answered_by(typed) {
            return;
        }
        match asked.offers.clone() {
            None => self.answered_call(asked, line, output),
            Some(offers) => self.answered_lasting(asked, &offers, line, output),
        }
    }

    fn answered_call(&mut self, asked: Question, line: &str, output: &mut Output) {
        match verdict(line) {
            Verdict::Unclear => output.prompt(PROMPT),
            Verdict::Yes => self.settle_question(&asked, Decision::Allow),
            Verdict::No => self.settle_question(&asked, Decision::Deny),
            Verdict::Always => {
                let approval = self.pending(asked.session, &asked.request);
                let offers = approval.map_or_else(Vec::new, |approval| self.rules_to_offer(&approval));
                if offers.is_empty() {
                    return self.allow_the_rest(&asked);
                }
                output.remark(&lasting::menu(&offers));
                output.prompt(&lasting::prompt(offers.len()));
                self.asked = Some(self.approving.questions.go_on(asked, offers));
            }
        }
    }

    fn answered_lasting(&mut self, asked: Question, offers: &[Rule], line: &str, output: &mut Output) {
        match lasting::choice(line, offers.len()) {
            Lasting::Unclear => output.prompt(&lasting::prompt(offers.len())),
            Lasting::Run => self.allow_the_rest(&asked),
            Lasting::Rule(place) => {
                self.remember(&asked, offers[place].clone());
                self.settle_question(&asked, Decision::Allow);
            }
            Lasting::Back => {
                output.prompt(PROMPT);
                self.asked = Some(asked.again());
            }
        }
    }

    /// Allows this call and all that follow in this run.
    fn allow_the_rest(&mut self, asked: &Question) {
        (self.approving.policy, self.approving.pause) = (ApprovePolicy::All, Duration::ZERO);
        self.allow_all();
        self.settle_question(asked, Decision::Allow);
    }

    fn remember(&mut self, asked: &Question, rule: Rule) {
        let approval = self.pending(asked.session, &asked.request);
        let Some(project) = approval.and_then(|approval| self.project_of(&approval).map(|it| it.id)) else { return };
        let client = self.client.clone();
        self.errands.spawn(async move {
            let remembered = client.remember_rule(project, &rule).await;
            Done::Remembered(rule, remembered)
        });
    }

    fn settle_question(&mut self, asked: &Question, decision: Decision) {
        self.asked = None;
        if let Some(approval) = self.pending(asked.session, &asked.request) {
            self.answer(&approval, decision);
        }
    }

    // What the state says about a question

    fn project_of(&self, approval: &Approval) -> Option<&Project> {
        let session = self.feed.state().session(approval.session_id)?;
        self.feed.state().project(session.session().project_id)
    }

    fn rules_to_offer(&self, approval: &Approval) -> Vec<Rule> {
        self.project_of(approval).map_or_else(Vec::new, |project| Rule::offers(&approval.request, &project.path))
    }

    fn is_allowed_by_rule(&self, approval: &Approval) -> bool {
        let Some(project) = self.project_of(approval) else { return false };
        let rules = rules_in(self.feed.state().settings(), project.id);
        rules.iter().any(|rule| rule.allows(&approval.request, &project.path))
    }

    /// Further questions of this run need no answer.
    fn allow_all(&mut self) {
        for session in self.jobs.iter().map(Job::session).collect::<Vec<_>>() {
            let client = self.client.clone();
            self.errands.spawn(async move {
                if let Err(error) = client.set_policy(session, Policy::All).await {
                    tracing::debug!(%session, %error, "its questions are answered one by one");
                }
                Done::Nothing
            });
        }
    }

    fn answer(&mut self, approval: &Approval, decision: Decision) {
        let (client, session, request) =
            (self.client.clone(), approval.session_id, approval.request.request_id.clone());
        let pause = self.approving.pause;
        self.answered.push((session, request.clone()));
        self.errands.spawn(async move {
            tokio::time::sleep(pause).await;
            Done::Answered(client.answer(session, &request, decision).await)
        });
    }

    /// Nobody can answer: the agent would wait for ever.
    fn give_up(&mut self, job: usize) {
        let (client, session) = (self.client.clone(), self.jobs[job].session());
        self.jobs[job].phase = Phase::Unanswered;
        self.errands.spawn(async move {
            if let Err(error) = client.abort(session).await {
                tracing::debug!(%session, %error, "nothing was left to stop");
            }
            Done::GivenUp(job)
        });
    }

    pub(super) fn unanswered(&self) -> Option<Failure> {
        let job = self.jobs.iter().find(|job| job.phase == Phase::Unanswered)?;
        let id = job.session().short();
        let message = format!("session {id} was stopped: its agent asked for approval, and nobody is here to answer");
        let hint = format!(
            "decide ahead with `--approve all` or `--approve none`, or go on in a terminal: switchboard send {id} 'go on'"
        );
        Some(Failure::new(ExitCode::NeedsAnswer, message).hint(hint))
    }
}
