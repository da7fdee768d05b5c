//! What an agent sees of our environment: an allow-list, and what its configuration adds.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fmt;

/// The names every agent inherits; one that ends in `*` stands for all that begin so.
///
/// What a command line program needs to find its programs, its files, its terminal's language, its way
/// to the network and the user's SSH agent. No name of a credential is among them: a key that an agent needs
/// is named in its configuration, so that no agent gets another one's.
pub const STANDARD_NAMES: [&str; 30] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "TERMINFO",
    "TERMINFO_DIRS",
    "TMPDIR",
    "XDG_*",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "SSH_AUTH_SOCK",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// The environment of an agent: names it inherits, and values of its own. Everything else stays away from it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    inherited: BTreeSet<String>,
    own: BTreeMap<String, OsString>,
}

impl Environment {
    /// Inherits nothing.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Inherits [`STANDARD_NAMES`].
    pub fn standard() -> Self {
        Self::empty().inherit(STANDARD_NAMES)
    }

    /// The same with more names to inherit; a `*` at the end stands for any rest.
    #[must_use]
    pub fn inherit(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.inherited.extend(names.into_iter().map(Into::into));
        self
    }

    /// The same with `name` set to `value`, inherited or not.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.own.insert(name.into(), value.into());
        self
    }

    /// What the agent gets out of `ours`.
    pub(crate) fn resolve(&self, ours: impl IntoIterator<Item = (OsString, OsString)>) -> BTreeMap<OsString, OsString> {
        let mut resolved: BTreeMap<_, _> = ours.into_iter().filter(|(name, _)| self.inherits(name)).collect();
        resolved.extend(self.own.iter().map(|(name, value)| (OsString::from(name), value.clone())));
        resolved
    }

    fn inherits(&self, name: &OsStr) -> bool {
        let Some(name) = name.to_str() else { return false };
        self.inherited.iter().any(|allowed| match allowed.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == allowed,
        })
    }
}

/// Shows names only: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("inherited", &self.inherited)
            .field("own", &self.own.keys().collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::standard("PATH", true)]
    #[case::by_prefix("LC_ALL", true)]
    #[case::a_prefix_is_not_a_name("LCD", false)]
    #[case::a_secret("ANTHROPIC_API_KEY", false)]
    #[case::a_named_secret("MY_KEY", true)]
    fn only_allowed_names_are_inherited(#[case] name: &str, #[case] inherited: bool) {
        let environment = Environment::standard().inherit(["MY_KEY"]);
        let resolved = environment.resolve([(name.into(), "value".into())]);
        assert_eq!(resolved.contains_key(OsStr::new(name)), inherited);
    }

    #[test]
    fn own_values_win() {
        let resolved = Environment::standard().set("PATH", "/own").resolve([("PATH".into(), "/ours".into())]);
        assert_eq!(resolved[OsStr::new("PATH")], "/own");
    }
}
