//! Questions of the agent: showing them, and answering the one that the person has read.

use std::time::{Duration, Instant};

use switchboard_domain::{Approval, RequestId};

use super::{Asked, Done, Live};
use crate::api::wire::{Decision, Policy};
use crate::cli::attach::order::Order;
use crate::cli::questions::question;
use crate::terminal::{Style, cut};

/// Whatever came faster than this was not typed: a terminal that does not mark what is pasted sends it as keys.
const TYPED_IN_MIN: Duration = Duration::from_millis(50);

/// The person knows which session this is; its title is only a reminder.
const TITLE_COLUMNS: usize = 30;

const HOW: &str = "  /approve, /deny, or /always (this one and all that follow in this session)";

impl Live {
    /// Shows the next question when nobody is asked, and takes back one that was settled elsewhere.
    pub(super) fn see_to_questions(&mut self) {
        self.answered = self.answered.iter().filter(|request| self.is_pending(request)).cloned().collect();
        if let Some(asked) = &self.asked
            && !self.is_pending(&asked.request)
        {
            self.asked = None;
            self.is_stale = true;
        }
        if self.asked.is_some() || self.feed.is_behind() {
            return;
        }
        let Some(approval) = self.next_question() else { return };
        let title = self.feed.state().session(self.id).map_or_else(String::new, |it| it.session().title.clone());
        let question = question(&approval, &cut(&title, TITLE_COLUMNS));
        self.note(&format!("{question}\n{}", Style::ATTENTION.paint(HOW)));
        self.asked = Some(Asked { request: approval.request.request_id, shown_at: Instant::now() });
    }

    fn next_question(&self) -> Option<Approval> {
        let it = self.feed.state().session(self.id)?;
        it.pending_approvals().find(|approval| !self.answered.contains(&approval.request.request_id)).cloned()
    }

    fn is_pending(&self, request: &RequestId) -> bool {
        let approval = self.feed.state().session(self.id).and_then(|it| it.approval(request));
        approval.is_some_and(Approval::is_pending)
    }

    /// Answers the question that was shown before the answer was begun; no other.
    pub(super) fn answer(&mut self, order: &Order, began: Instant) {
        let Some(asked) = self.asked.clone() else {
            return self.note(&Style::DIM.paint("nothing waits for an answer"));
        };
        if began <= asked.shown_at {
            return self.note(&Style::ATTENTION.paint("the question came while you wrote: read it, then answer again"));
        }
        if began.elapsed() < TYPED_IN_MIN {
            return self.note(&Style::ATTENTION.paint("that came too fast to be typed: answer again by hand"));
        }
        let decision = if *order == Order::Deny { Decision::Deny } else { Decision::Allow };
        let is_for_all = *order == Order::Always;
        self.asked = None;
        self.answered.push(asked.request.clone());
        let (client, id) = (self.client.clone(), self.id);
        self.errands.spawn(async move {
            let mut answered = client.answer(id, &asked.request, decision).await;
            if is_for_all && answered.is_ok() {
                answered = client.set_policy(id, Policy::All).await;
            }
            Done::Answered(asked.request, answered)
        });
    }
}
