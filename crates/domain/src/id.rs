//! Identities: newtypes over UUIDv7, so that a session id can never be passed where a project id is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID. Ids order by creation when they are version 7, as all that Switchboard makes are.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside, for storage.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The last eight hex digits: the random end of a version 7 UUID, short enough to type.
            ///
            /// Not unique by construction; resolve it against the ids that exist.
            pub fn short(self) -> String {
                let hex = self.0.simple().to_string();
                hex[hex.len() - 8..].to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// Identifies a [`Project`](crate::Project).
    ProjectId
}
id! {
    /// Identifies a [`Session`](crate::Session).
    SessionId
}
id! {
    /// Identifies a [`Message`](crate::Message).
    MessageId
}
id! {
    /// Identifies a [`QueuedMessage`](crate::QueuedMessage).
    QueuedMessageId
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as the agent sent it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as the agent sent it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// The agent's own name for a conversation; what it needs to resume it.
    AgentSessionId
}
text_id! {
    /// The agent's name for one request for approval. Unique only within its session: two agents
    /// both start counting at `apr_1`, so it is never a key without a [`SessionId`].
    RequestId
}
text_id! {
    /// The agent's name for one tool call, which its result refers to.
    ToolCallId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_is_the_random_end() {
        let id: SessionId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("a uuid");
        assert_eq!(id.short(), "099a8057");
    }
}
