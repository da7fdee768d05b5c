//! Tells a session as it happens: turns its changes into text for a reader.
//!
//! Pure: changes in, text out. It remembers only what it has said, so as not to say it twice.

mod audience;
mod draft;

use serde_json::Value;
use switchboard_domain::{Message, Role, SessionChange, ToolCall, ToolCallId};

pub(crate) use audience::Audience;
use draft::Told;

use super::tool_summary::{call_summary, input_summary, output_summary};
use crate::terminal::{Sanitizer, Style, Wrapper, single_line, waits_for};

/// Whether unfinished text is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Piece by piece, as it comes.
    AsItComes,
    /// Message by message, for readers of several sessions at once.
    Whole,
}

/// Whether it is told that an agent asks for approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Questions {
    Told,
    /// Somebody else puts the whole question to the person.
    LeftOut,
}

/// A piece of text for a reader: clean, styled, with the line ends it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Utterance {
    /// Who speaks.
    pub(crate) voice: Voice,
    /// The text.
    pub(crate) text: String,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The agent, to the person: what a program that reads the output wants.
    Speech,
    /// Everything around it: thinking, tools, approvals, notes.
    Aside,
}

/// What stands at the end of the text so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    Nothing,
    Speech,
    Thinking,
    Tool,
    Note,
    /// Something that is complete: what follows stands apart from it.
    Closed,
}

/// Where the text so far ends.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    block: Block,
    at_line_start: bool,
}

const START: Cursor = Cursor { block: Block::Nothing, at_line_start: true };

/// Tells one session to one reader.
#[derive(Debug)]
pub(crate) struct Narrator {
    pace: Pace,
    audience: Audience,
    /// What the person has just typed, which is not repeated to them.
    typed: Option<String>,
    questions: Questions,
    /// One for each voice, since each is a stream of its own.
    sanitizers: [Sanitizer; 2],
    wrappers: [Wrapper; 2],
    /// A program reads speech and asides from two streams, so each has its own end.
    cursors: [Cursor; 2],
    draft: Told,
    told_calls: Vec<ToldCall>,
    said: Vec<Utterance>,
}

/// A tool call that was told and belongs to no message yet.
#[derive(Debug)]
struct ToldCall {
    call: ToolCall,
    answered: bool,
}

impl Narrator {
    /// Tells a session to `audience`.
    pub(crate) fn new(audience: Audience, pace: Pace) -> Self {
        Self {
            pace,
            audience,
            typed: None,
            questions: Questions::Told,
            sanitizers: [audience.sanitizer(), audience.sanitizer()],
            wrappers: [audience.wrapper(), audience.wrapper()],
            cursors: [START; 2],
            draft: Told::default(),
            told_calls: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Does not repeat what the person has just typed; other messages of theirs, such as queued ones, are told.
    pub(crate) fn leave_out_prompt(mut self, prompt: &str) -> Self {
        self.typed = Some(prompt.to_owned());
        self
    }

    /// Leaves the agent's questions to whoever puts them to the person.
    pub(crate) fn leave_out_questions(mut self) -> Self {
        self.questions = Questions::LeftOut;
        self
    }

    /// What there is to say about a change.
    pub(crate) fn tell(&mut self, change: &SessionChange) -> Vec<Utterance> {
        match change {
            SessionChange::ContentStreamed { text } => self.content_piece(text),
            SessionChange::ThinkingStreamed { text } => self.thinking_piece(text),
            SessionChange::ToolCalled { call } => self.call(call),
            SessionChange::ToolAnswered { result } => {
                self.answer(result.id.as_ref(), &result.name, &result.output, result.is_error);
            }
            SessionChange::MessageAppended { message } => self.message(message),
            SessionChange::ToolCallsSet { tool_calls, takes_pending, .. } => {
                self.calls_of_message(tool_calls);
                if *takes_pending {
                    self.told_calls.clear();
                }
            }
            SessionChange::DraftDropped => self.end_message(),
            SessionChange::ApprovalRequested { approval } if self.questions == Questions::Told => {
                let what = input_summary(&approval.request.input);
                let tool = single_line(&approval.request.tool_name);
                self.note(Style::ATTENTION, &format!("? {tool} {what}"));
            }
            SessionChange::ApprovalAnswered { answer, .. } if answer.is_allow() => self.note(Style::DIM, "  allowed"),
            SessionChange::ApprovalAnswered { .. } => self.note(Style::DIM, "  refused"),
            SessionChange::WaitingSet { waiting: Some(waiting) } => self.note(Style::DIM, &waits_for(&waiting.reason)),
            SessionChange::ApprovalEnded { .. } => self.note(Style::DIM, "  no longer asked"),
            _ => {}
        }
        std::mem::take(&mut self.said)
    }

    /// Tells a finished message, as in a transcript.
    pub(crate) fn recount(&mut self, message: &Message) -> Vec<Utterance> {
        self.message(message);
        std::mem::take(&mut self.said)
    }

    /// Ends the line under way, before somebody else writes to the same place.
    pub(crate) fn pause(&mut self) -> Vec<Utterance> {
        self.flush();
        for voice in [Voice::Speech, Voice::Aside] {
            if !self.cursor(voice).at_line_start {
                self.put(voice, "\n");
            }
        }
        std::mem::take(&mut self.said)
    }

    fn content_piece(&mut self, text: &str) {
        if self.pace == Pace::AsItComes {
            self.draft.content.push_str(text);
            self.speak(text);
        }
    }

    fn thinking_piece(&mut self, text: &str) {
        if self.pace == Pace::AsItComes {
            self.draft.thinking.push_str(text);
            self.think(text);
        }
    }

    fn message(&mut self, message: &Message) {
        let body = &message.body;
        match body.role {
            Role::User => self.prompt(&body.content),
            Role::System => self.note(Style::DIM, &single_line(&body.content)),
            Role::Assistant => {
                if let Some(thinking) = body.thinking.as_deref().filter(|_| self.draft.thinking.is_empty()) {
                    self.think(thinking);
                }
                self.rest_of_content(&body.content);
                self.calls_of_message(&body.tool_calls);
                self.told_calls.clear();
                self.end_message();
            }
        }
    }

    /// The final text, as far as it was not told piece by piece.
    fn rest_of_content(&mut self, content: &str) {
        let told = std::mem::take(&mut self.draft.content);
        if let Some(rest) = content.strip_prefix(told.as_str()) {
            self.speak(rest);
        } else if told.trim_end() != content.trim_end() {
            // The agent said it otherwise in the end; the transcript has these words, so the reader gets them.
            self.end_message();
            self.speak(content);
        }
    }

    fn prompt(&mut self, text: &str) {
        if self.typed.as_deref() == Some(text) {
            self.typed = None;
            return;
        }
        let clean = self.audience.sanitizer().push(text);
        let lines = clean.trim_end().lines().map(|line| Style::STRONG.paint(&format!("> {line}")));
        let text = lines.collect::<Vec<_>>().join("\n");
        self.open(Voice::Aside, Block::Note);
        self.put(Voice::Aside, &format!("{text}\n"));
        self.close(Voice::Aside);
    }

    fn speak(&mut self, text: &str) {
        let clean = self.sanitizers[0].push(text);
        if !clean.is_empty() {
            self.open(Voice::Speech, Block::Speech);
            let placed = self.wrappers[0].push(&clean);
            self.put(Voice::Speech, &placed);
        }
    }

    fn think(&mut self, text: &str) {
        if self.audience == Audience::Program {
            return;
        }
        let clean = self.sanitizers[1].push(text);
        if !clean.is_empty() {
            self.open(Voice::Aside, Block::Thinking);
            let placed = self.wrappers[1].push(&clean);
            self.put_dimmed(&placed);
        }
    }

    fn note(&mut self, style: Style, text: &str) {
        self.open(Voice::Aside, Block::Note);
        self.put(Voice::Aside, &format!("{}\n", style.paint(text)));
    }

    /// Calls of a message, as far as they were not told when they were made.
    fn calls_of_message(&mut self, calls: &[ToolCall]) {
        for call in calls {
            if !self.told_calls.iter().any(|told| is_same(&told.call, call)) {
                self.call(call);
            }
            if let Some(output) = &call.output {
                self.answer(call.id.as_ref(), &call.name, output, call.is_error);
            }
        }
    }

    fn call(&mut self, call: &ToolCall) {
        let (name, input) = call_summary(call);
        self.open(Voice::Aside, Block::Tool);
        let line = self.audience.fit(&format!("  {name} {input}"));
        let painted = line.replacen(&name, &Style::ACCENT.paint(&name), 1);
        self.put(Voice::Aside, &format!("{painted}\n"));
        self.told_calls.push(ToldCall { call: call.clone(), answered: false });
        if let Some(output) = &call.output {
            self.answer(call.id.as_ref(), &call.name, output, call.is_error);
        }
    }

    fn answer(&mut self, id: Option<&ToolCallId>, name: &str, output: &Value, is_error: bool) {
        let is_it = |told: &&mut ToldCall| match (id, &told.call.id) {
            (Some(id), Some(told_id)) => id == told_id,
            _ => told.call.name == name && !told.answered,
        };
        let told = self.told_calls.iter_mut().find(is_it);
        if told.is_some_and(|told| std::mem::replace(&mut told.answered, true)) {
            return;
        }
        self.open(Voice::Aside, Block::Tool);
        let failed = if is_error { "failed: " } else { "" };
        let line = self.audience.fit(&format!("  └ {failed}{}", output_summary(output)));
        self.put(Voice::Aside, &format!("{}\n", Style::DIM.paint(&line)));
    }

    /// The message is complete: the next one begins a paragraph of its own.
    fn end_message(&mut self) {
        self.flush();
        self.draft = Told::default();
        self.sanitizers = [self.audience.sanitizer(), self.audience.sanitizer()];
        for voice in [Voice::Speech, Voice::Aside] {
            if !self.cursor(voice).at_line_start {
                self.put(voice, "\n");
            }
            self.close(voice);
        }
    }

    /// Begins a block, a blank line behind another one. Text of the same kind goes on where it was.
    fn open(&mut self, voice: Voice, block: Block) {
        let Cursor { block: last, at_line_start } = *self.cursor(voice);
        if block == Block::Tool {
            // In a pipe words go another way than tools: those held back belong before the call.
            self.flush();
        }
        if last == block {
            return;
        }
        self.flush();
        let at_line_start = at_line_start && self.cursor(voice).at_line_start;
        if !at_line_start {
            self.put(voice, "\n");
        }
        if last != Block::Nothing {
            self.put(voice, "\n");
        }
        self.cursor(voice).block = block;
    }

    /// Whatever comes next begins a new block, even if it is of the same kind.
    fn close(&mut self, voice: Voice) {
        let cursor = self.cursor(voice);
        // Tools go on in one list, whatever message they belong to.
        if !matches!(cursor.block, Block::Nothing | Block::Tool) {
            cursor.block = Block::Closed;
        }
    }

    /// Says the words that were held back to be placed.
    fn flush(&mut self) {
        let speech = self.wrappers[0].flush();
        self.put(Voice::Speech, &speech);
        let thinking = self.wrappers[1].flush();
        self.put_dimmed(&thinking);
        self.wrappers = [self.audience.wrapper(), self.audience.wrapper()];
    }

    fn put_dimmed(&mut self, text: &str) {
        if !text.is_empty() {
            self.put(Voice::Aside, &Style::DIM.paint(text));
            self.cursor(Voice::Aside).at_line_start = text.ends_with('\n');
        }
    }

    fn put(&mut self, voice: Voice, text: &str) {
        if text.is_empty() {
            return;
        }
        self.cursor(voice).at_line_start = text.ends_with('\n');
        match self.said.last_mut() {
            Some(last) if last.voice == voice => last.text.push_str(text),
            _ => self.said.push(Utterance { voice, text: text.to_owned() }),
        }
    }

    fn cursor(&mut self, voice: Voice) -> &mut Cursor {
        match (self.audience, voice) {
            (Audience::Program, Voice::Aside) => &mut self.cursors[1],
            _ => &mut self.cursors[0],
        }
    }
}

fn is_same(a: &ToolCall, b: &ToolCall) -> bool {
    match (&a.id, &b.id) {
        (Some(a), Some(b)) => a == b,
        _ => a.name == b.name && a.input == b.input,
    }
}

#[cfg(test)]
mod tests;
