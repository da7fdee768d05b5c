//! How the agent is set up: arguments and variables in, [`Settings`] out.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use switchboard_domain::Cost;
use thiserror::Error;

use super::budget::{Prices, TokenLimit};
use super::endpoint::{Endpoint, EndpointError};
use super::wire::Api;

/// What most models take in, less what they need room for to answer.
const CONTEXT_TOKENS_DEFAULT: u64 = 100_000;

/// The most one answer may have unless told otherwise: what every hosted model in use can write.
const OUTPUT_TOKENS_DEFAULT: u32 = 8_192;

/// Which model, where, and within what limits.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "With a model")]
pub(crate) struct CoderArgs {
    /// Be a coding agent with the model at this address: https, or http on this machine
    #[arg(long, value_name = "URL", env = "SWITCHBOARD_MODEL_URL")]
    pub(crate) endpoint: Option<String>,

    /// What the endpoint speaks
    #[arg(long, value_name = "API", env = "SWITCHBOARD_MODEL_API", default_value = "chat")]
    pub(crate) api: Api,

    /// The model, unless the session chooses one
    #[arg(long, value_name = "NAME", env = "SWITCHBOARD_MODEL")]
    pub(crate) model: Option<String>,

    /// The variable that holds the endpoint's key
    #[arg(long, value_name = "VARIABLE", env = "SWITCHBOARD_MODEL_KEY_ENV")]
    pub(crate) key_env: Option<String>,

    /// Dollars for a million tokens read
    #[arg(long, value_name = "USD", requires = "output_price", value_parser = price)]
    pub(crate) input_price: Option<Cost>,

    /// Dollars for a million tokens written
    #[arg(long, value_name = "USD", requires = "input_price", value_parser = price)]
    pub(crate) output_price: Option<Cost>,

    /// Stop a session when it has used this many tokens, read and written
    #[arg(long, value_name = "TOKENS")]
    pub(crate) token_budget: Option<u64>,

    /// Shorten the conversation when it has more tokens than this
    #[arg(long, value_name = "TOKENS", default_value_t = CONTEXT_TOKENS_DEFAULT)]
    pub(crate) context_tokens: u64,

    /// The most tokens of one answer
    #[arg(long, value_name = "TOKENS", default_value_t = OUTPUT_TOKENS_DEFAULT)]
    pub(crate) output_tokens: u32,

    /// Keep conversations in this folder, so that they can be resumed
    #[arg(long, value_name = "FOLDER")]
    pub(crate) memory: Option<PathBuf>,
}

fn price(text: &str) -> Result<Cost, String> {
    let dollars = text.parse::<f64>().ok().and_then(Cost::from_usd);
    dollars.ok_or_else(|| format!("`{text}` is not an amount of dollars"))
}

/// Why the agent cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum SettingsError {
    /// The address cannot be used.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// Better told at once than by the endpoint's refusal.
    #[error("the variable {0}, which shall hold the endpoint's key, is not set")]
    NoKey(String),
    /// It would break the request.
    #[error("the key in the variable {0} has characters that no key has")]
    OddKey(String),
}

/// A key. In no debug output and in no message.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// The variable it comes from, which no command sees.
    pub(super) variable: String,
    secret: String,
}

impl Key {
    /// For the request's headers, and for nothing else.
    pub(super) fn expose(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("variable", &self.variable).finish_non_exhaustive()
    }
}

/// How the agent is set up.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(super) endpoint: Endpoint,
    pub(super) api: Api,
    pub(super) model: Option<String>,
    pub(super) key: Option<Key>,
    pub(super) prices: Option<Prices>,
    pub(super) token_limit: Option<TokenLimit>,
    pub(super) context_tokens: u64,
    pub(super) output_tokens: u32,
    pub(super) memory: Option<PathBuf>,
}

impl Settings {
    /// What `args` say; `None` when they name no endpoint. Looks the key up with `variable`.
    ///
    /// # Errors
    /// When they make no sense, or the key is not there.
    pub(crate) fn new(
        args: &CoderArgs,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SettingsError> {
        let Some(address) = args.endpoint.as_deref().filter(|address| !address.is_empty()) else { return Ok(None) };
        let prices = args.input_price.zip(args.output_price);
        Ok(Some(Self {
            endpoint: Endpoint::parse(address)?,
            api: args.api,
            model: args.model.clone().filter(|model| !model.is_empty()),
            key: args
                .key_env
                .as_deref()
                .filter(|name| !name.is_empty())
                .map(|name| key(name, &variable))
                .transpose()?,
            prices: prices.map(|(input, output)| Prices { input, output }),
            token_limit: args.token_budget.map(TokenLimit),
            context_tokens: args.context_tokens,
            output_tokens: args.output_tokens,
            memory: args.memory.clone(),
        }))
    }
}

fn key(name: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<Key, SettingsError> {
    let secret = variable(name).map(|secret| secret.trim().to_owned()).filter(|secret| !secret.is_empty());
    let secret = secret.ok_or_else(|| SettingsError::NoKey(name.to_owned()))?;
    if !secret.chars().all(|char| char.is_ascii_graphic()) {
        return Err(SettingsError::OddKey(name.to_owned()));
    }
    Ok(Key { variable: name.to_owned(), secret })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use rstest::rstest;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        coder: CoderArgs,
    }

    fn settings(words: &[&str], key: Option<&str>) -> Result<Option<Settings>, SettingsError> {
        let program = Program::parse_from([&["program"], words].concat());
        Settings::new(&program.coder, |_| key.map(str::to_owned))
    }

    #[test]
    fn without_an_endpoint_there_is_no_model() {
        assert!(settings(&["--model", "m"], None).expect("sound").is_none());
    }

    #[test]
    fn no_key_is_ever_shown() {
        let words = ["--endpoint", "https://models.example", "--key-env", "MY_KEY"];
        let settings = settings(&words, Some("sk-secret\n")).expect("sound").expect("an endpoint");
        assert_eq!(settings.key.as_ref().map(Key::expose), Some("sk-secret"));
        assert!(!format!("{settings:?}").contains("secret"));
    }

    #[rstest]
    #[case::missing(None)]
    #[case::empty(Some(" "))]
    #[case::header_injection(Some("a\r\nhost: b"))]
    fn a_key_that_cannot_be_one_is_told_by_the_name_of_its_variable(#[case] key: Option<&str>) {
        let words = ["--endpoint", "https://models.example", "--key-env", "MY_KEY"];
        let error = settings(&words, key).expect_err("no key").to_string();
        assert!(error.contains("MY_KEY"), "{error}");
    }
}
