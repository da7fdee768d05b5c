//! Approvals: asking for them one at a time, and stopping sessions that nobody can answer.

use std::time::Duration;

use switchboard_domain::{Answer, Approval, RequestId, Rule, SessionId};

use super::{Conductor, Done};
use crate::cli::questions::lasting::{self, Lasting};
use crate::cli::questions::{PROMPT, Question, Questions, Typed, Verdict, question, verdict};
use crate::cli::run::job::{Job, Phase};
use crate::cli::{ExitCode, Failure, Output};
use crate::config::ApprovePolicy;
use crate::engine::ApprovalPolicy;
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
        if self.asked.is_some() || self.stopping {
            return Ok(());
        }
        let Some((job, approval)) = self.next_pending() else { return Ok(()) };
        match self.approving.policy {
            ApprovePolicy::All => self.answer(&approval, Answer::ALLOW),
            ApprovePolicy::None => self.answer(&approval, Answer::Deny),
            // Another question of this run has brought the rule.
            ApprovePolicy::Ask | ApprovePolicy::Edits if self.engine.is_allowed_by_rule(&approval) => {
                self.answer(&approval, Answer::ALLOW);
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
        self.engine.store().read(|state| {
            let pending = |(place, job): (usize, &Job)| {
                let session = state.session(job.session())?;
                let is_new = |approval: &&Approval| {
                    let key = (approval.session_id, approval.request.request_id.clone());
                    !self.answered.contains(&key)
                };
                Some((place, session.pending_approvals().find(is_new)?.clone()))
            };
            working.filter_map(pending).min_by_key(|(_, approval)| approval.requested_at)
        })
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
        let find = |state: &switchboard_store::State| state.session(session)?.approval(request).cloned();
        self.engine.store().read(find).filter(Approval::is_pending)
    }

    fn ask(&mut self, approval: &Approval, output: &mut Output) -> Result<(), Failure> {
        self.stage.step_aside(output)?;
        let title = self
            .engine
            .store()
            .read(|state| state.session(approval.session_id).map_or_else(String::new, |it| it.session().title.clone()));
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
            Verdict::Yes => self.settle_question(&asked, Answer::ALLOW),
            Verdict::No => self.settle_question(&asked, Answer::Deny),
            Verdict::Always => {
                let approval = self.pending(asked.session, &asked.request);
                let offers = approval.map_or_else(Vec::new, |approval| self.engine.rules_to_offer(&approval));
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
                self.settle_question(&asked, Answer::ALLOW);
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
        self.jobs.iter().for_each(|job| self.engine.set_policy(job.session(), ApprovalPolicy::AllowAll));
        self.settle_question(asked, Answer::ALLOW);
    }

    fn remember(&mut self, asked: &Question, rule: Rule) {
        let approval = self.pending(asked.session, &asked.request);
        let Some(project) = approval.and_then(|approval| self.engine.project_of(&approval)) else { return };
        let engine = self.engine.clone();
        self.errands.spawn(async move {
            let remembered = engine.remember_rule(project.id, rule.clone()).await;
            Done::Remembered(rule, remembered)
        });
    }

    fn settle_question(&mut self, asked: &Question, answer: Answer) {
        self.asked = None;
        if let Some(approval) = self.pending(asked.session, &asked.request) {
            self.answer(&approval, answer);
        }
    }

    fn answer(&mut self, approval: &Approval, answer: Answer) {
        let (engine, session, request) =
            (self.engine.clone(), approval.session_id, approval.request.request_id.clone());
        let pause = self.approving.pause;
        self.answered.push((session, request.clone()));
        self.errands.spawn(async move {
            tokio::time::sleep(pause).await;
            Done::Answered(engine.answer(session, &request, answer).await)
        });
    }

    /// Nobody can answer: the agent would wait for ever.
    fn give_up(&mut self, job: usize) {
        let (engine, session) = (self.engine.clone(), self.jobs[job].session());
        self.jobs[job].phase = Phase::Unanswered;
        self.errands.spawn(async move {
            if let Err(error) = engine.abort(session).await {
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
        Some(Failure::new(ExitCode::NeedsAnswer, message).hint(hint)).filter(|_| !self.stopping)
    }
}
