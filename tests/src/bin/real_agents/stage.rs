//! A data folder, a fake model and configured agents, for one scene.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use switchboard_domain::{Change, SessionChange};
use switchboard_tests::{Ended, FakeLlm, Home, Line, Running, Stream};

use crate::cast::Role;

/// All that one scene needs.
pub(crate) struct Stage<'a> {
    pub(crate) role: &'a Role,
    pub(crate) home: Home,
    pub(crate) llm: FakeLlm,
}

impl<'a> Stage<'a> {
    /// For the one agent `role`.
    pub(crate) fn new(role: &'a Role) -> Self {
        let stage = Self { role, home: Home::new(), llm: FakeLlm::new() };
        stage.home.configure(&stage.prepared(role));
        stage
    }

    /// The section of `role`, once its files are where it looks for them.
    pub(crate) fn prepared(&self, role: &Role) -> String {
        let url = self.llm.url();
        if let Some((file, text)) = role.settings(&url) {
            let path = self.own_home().join(file);
            fs::create_dir_all(path.parent().expect("a file in a folder")).expect("created");
            fs::write(path, text).expect("written");
        }
        role.section(&url, &self.own_home())
    }

    /// The home folder that agents see.
    pub(crate) fn own_home(&self) -> PathBuf {
        self.home.scratch("")
    }

    /// The file that the fake model's tool call makes.
    pub(crate) fn made_file(&self) -> PathBuf {
        self.home.project().join("hello.txt")
    }

    /// Begins `switchboard run PROMPT` with `args`.
    #[track_caller]
    pub(crate) fn start(&self, args: &[&str], prompt: &str) -> Running {
        let fixed = ["run", "--agent", self.role.name, "--jsonl"];
        self.home.start(fixed.iter().chain(args).copied().chain([prompt]))
    }

    /// Does it to the end, which must have this exit code.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str], prompt: &str, code: i32) -> Stream {
        self.start(args, prompt).wait().expect_stream(code)
    }

    /// Begins to go on with the newest session.
    #[track_caller]
    pub(crate) fn start_sending(&self, text: &str) -> Running {
        self.home.start(["send", "--jsonl", "last", text])
    }

    /// Goes on with the newest session, which must end well.
    #[track_caller]
    pub(crate) fn send(&self, text: &str) -> Stream {
        self.start_sending(text).wait().expect_stream(0)
    }

    /// The newest session, with its messages.
    #[track_caller]
    pub(crate) fn transcript(&self) -> Value {
        let shown = self.home.run(["show", "last", "--json"]).expect_code(0);
        serde_json::from_str(&shown.stdout).expect("JSON")
    }

    /// What the agent's last message says.
    #[track_caller]
    pub(crate) fn last_words(&self) -> String {
        let transcript = self.transcript();
        let messages = transcript["messages"].as_array().expect("messages");
        let last = messages.iter().rev().find(|message| message["role"] == "assistant" && message["content"] != "");
        last.and_then(|message| message["content"].as_str()).unwrap_or_default().to_owned()
    }

    /// The agent's own name of the newest session's conversation.
    #[track_caller]
    pub(crate) fn conversation(&self) -> String {
        self.transcript()["session"]["agent_session_id"].as_str().expect("a conversation").to_owned()
    }

    /// Whether a question to the model with the prompt `prompt` also had `word`, said in an earlier turn.
    pub(crate) fn model_was_told(&self, prompt: &str, word: &str) -> bool {
        let asked = self.llm.asked();
        asked.iter().any(|asked| asked.prompt.contains(prompt) && asked.body.to_string().contains(word))
    }
}

/// What can be asked of an ended run.
pub(crate) trait ExpectStream {
    /// What it said, when it ended with `code`.
    fn expect_stream(self, code: i32) -> Stream;
}

impl ExpectStream for Ended {
    #[track_caller]
    fn expect_stream(self, code: i32) -> Stream {
        Stream::parse(&self.expect_code(code).stdout)
    }
}

/// The changes of sessions in `stream`, in order.
pub(crate) fn changes(stream: &Stream) -> impl Iterator<Item = &SessionChange> {
    stream.lines.iter().filter_map(|line| match line {
        Line::Change { change, .. } => match &**change {
            Change::Session { change, .. } => Some(change),
            _ => None,
        },
        _ => None,
    })
}
