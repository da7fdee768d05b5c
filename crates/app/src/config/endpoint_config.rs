//! Agents that are this program with a model: what is set about the model's endpoint.

use switchboard_domain::Cost;
use toml::Value as Toml;

use super::document::Section;
use super::setting::{Kind, Lookup, Raw, from_raw};
use super::{ConfigError, Origin, Sourced};
use crate::coder::{Api, Endpoint};

/// A model's endpoint, and the limits within which it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointConfig {
    /// Where it is; checked to be an address that may be used.
    pub(crate) url: String,
    /// What it speaks.
    pub(crate) api: Api,
    /// The variable of our own environment that holds its key.
    pub(crate) key_env: Option<String>,
    /// Dollars for a million tokens read and written.
    pub(crate) prices: Option<(Cost, Cost)>,
    /// The most tokens a session may use.
    pub(crate) token_budget: Option<u64>,
    /// The most tokens of a conversation before it is shortened.
    pub(crate) context_tokens: Option<u64>,
    /// The most tokens of one answer.
    pub(crate) output_tokens: Option<u64>,
}

impl EndpointConfig {
    /// What the section of an agent says; `None` when it has no endpoint.
    pub(super) fn read(section: &Section<'_>) -> Result<Option<Self>, ConfigError> {
        let Some(Sourced { value: Address(url), .. }) = section.get("endpoint")? else { return Ok(None) };
        section.allow(&[
            "account",
            "api",
            "context_tokens",
            "endpoint",
            "input_price",
            "key_env",
            "model",
            "output_price",
            "output_tokens",
            "token_budget",
        ])?;
        let tokens = |key| Ok(section.get(key)?.map(|Sourced { value: Tokens(count), .. }| count));
        let input = section.get("input_price")?.map(|price: Sourced<Price>| price.value.0);
        let output = section.get("output_price")?.map(|price: Sourced<Price>| price.value.0);
        Ok(Some(Self {
            url,
            api: section.get("api")?.map_or(Api::Chat, |api| api.value),
            key_env: section.get("key_env")?.map(|name| name.value),
            // One alone would count half of what is spent; what is left out is taken to be free.
            prices: (input.is_some() || output.is_some())
                .then(|| (input.unwrap_or_default(), output.unwrap_or_default())),
            token_budget: tokens("token_budget")?,
            context_tokens: tokens("context_tokens")?,
            output_tokens: tokens("output_tokens")?,
        }))
    }

    /// What the environment says; `None` when it names no endpoint.
    pub(super) fn from_environment(variables: Lookup<'_>) -> Result<Option<Sourced<Self>>, ConfigError> {
        let Some(url) = variable::<Address>("SWITCHBOARD_MODEL_URL", variables)? else { return Ok(None) };
        let api = variable("SWITCHBOARD_MODEL_API", variables)?.map_or(Api::Chat, |api| api.value);
        let key_env = variable("SWITCHBOARD_MODEL_KEY_ENV", variables)?.map(|name| name.value);
        let (prices, token_budget, context_tokens, output_tokens) = (None, None, None, None);
        let value = Self { url: url.value.0, api, key_env, prices, token_budget, context_tokens, output_tokens };
        Ok(Some(Sourced { value, origin: url.origin }))
    }

    /// The options of `switchboard worker` that say the same.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let option = |name: &str, value: Option<String>| value.map(|value| [format!("--{name}"), value]);
        let usd = |cost: Cost| cost.as_usd().to_string();
        let options = [
            option("endpoint", Some(self.url.clone())),
            option("api", Some(api_name(self.api).to_owned())),
            option("key-env", self.key_env.clone()),
            option("input-price", self.prices.map(|(input, _)| usd(input))),
            option("output-price", self.prices.map(|(_, output)| usd(output))),
            option("token-budget", self.token_budget.map(|count| count.to_string())),
            option("context-tokens", self.context_tokens.map(|count| count.to_string())),
            option("output-tokens", self.output_tokens.map(|count| count.to_string())),
        ];
        options.into_iter().flatten().flatten().collect()
    }

    /// Each setting as the file would have it.
    pub(super) fn settings(&self) -> Vec<(&'static str, Toml)> {
        let tokens = |count: Option<u64>| count.map(|count| Toml::Integer(i64::try_from(count).unwrap_or(i64::MAX)));
        let usd = |cost: Cost| Toml::from(cost.as_usd());
        let all = [
            ("endpoint", Some(self.url.as_str().into())),
            ("api", Some(api_name(self.api).into())),
            ("key_env", self.key_env.as_deref().map(Toml::from)),
            ("input_price", self.prices.map(|(input, _)| usd(input))),
            ("output_price", self.prices.map(|(_, output)| usd(output))),
            ("token_budget", tokens(self.token_budget)),
            ("context_tokens", tokens(self.context_tokens)),
            ("output_tokens", tokens(self.output_tokens)),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

fn variable<T: Kind>(name: &'static str, variables: Lookup<'_>) -> Result<Option<Sourced<T>>, ConfigError> {
    let text = variables(name).filter(|text| !text.is_empty());
    text.map(|text| from_raw(&Raw::Text(&text), name, Origin::Environment { variable: name })).transpose()
}

const fn api_name(api: Api) -> &'static str {
    match api {
        Api::Anthropic => "anthropic",
        Api::Responses => "responses",
        Api::Chat => "chat",
    }
}

impl Kind for Api {
    const EXPECTED: &'static str = "\"anthropic\", \"responses\" or \"chat\"";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        let text = String::read(raw)?;
        [Self::Anthropic, Self::Responses, Self::Chat].into_iter().find(|api| api_name(*api) == text)
    }
}

/// An address that something may be sent to.
pub(super) struct Address(pub(super) String);

impl Kind for Address {
    const EXPECTED: &'static str = "an https address without a password, or http on this machine";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        String::read(raw).filter(|text| Endpoint::parse(text).is_ok()).map(Self)
    }
}

/// A number of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tokens(pub(crate) u64);

impl Kind for Tokens {
    const EXPECTED: &'static str = "a number of tokens from 1 to 1000000000";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        raw.number().filter(|count| (1..=1_000_000_000).contains(count)).map(Self)
    }
}

/// What a million tokens cost; nothing on a machine of one's own.
struct Price(Cost);

impl Kind for Price {
    const EXPECTED: &'static str = "an amount of dollars for a million tokens, 0 or more";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        raw.number().and_then(Cost::from_usd).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rstest::rstest;

    use super::*;
    use crate::config::Config;

    fn config(text: &str, variables: Lookup<'_>) -> Result<Config, String> {
        Config::parse(text, Path::new("config.toml"), variables).map_err(|error| error.to_string())
    }

    #[test]
    fn an_agent_with_an_endpoint_is_this_program_with_options() {
        let text = "[agents.local]\nendpoint = \"http://127.0.0.1:11434/v1\"\nmodel = \"m\"\nkey_env = \"MY_KEY\"\n\
                    input_price = 0.25\ncontext_tokens = 8000";
        let config = config(text, &|_| None).expect("sound");
        let agent = &config.agents["local"].value;
        let arguments = agent.endpoint.as_ref().expect("it has one").arguments();
        assert_eq!(
            arguments.join(" "),
            "--endpoint http://127.0.0.1:11434/v1 --api chat --key-env MY_KEY --input-price 0.25 --output-price 0 \
             --context-tokens 8000"
        );
        assert_eq!((agent.model.as_deref(), agent.command.len()), (Some("m"), 0));
    }

    #[test]
    fn the_environment_makes_an_agent_in_place_of_the_file_s() {
        let text = "[agents.coder]\nendpoint = \"https://a.example\"\nkey_env = \"KEY_OF_A\"";
        let variables = |name: &str| match name {
            "SWITCHBOARD_MODEL_URL" => Some("https://b.example".to_owned()),
            "SWITCHBOARD_MODEL_API" => Some("anthropic".to_owned()),
            _ => None,
        };
        let config = config(text, &variables).expect("sound");
        let endpoint = config.agents["coder"].value.endpoint.clone().expect("it has one");
        // The file's key is for the file's address alone.
        assert_eq!((endpoint.url.as_str(), endpoint.key_env), ("https://b.example", None));
        assert_eq!(endpoint.api, Api::Anthropic);
    }

    #[rstest]
    #[case::unencrypted("endpoint = \"http://models.example\"", "must be an https address")]
    #[case::format("endpoint = \"https://a.example\"\napi = \"gopher\"", "\"anthropic\", \"responses\" or \"chat\"")]
    #[case::negative_price("endpoint = \"https://a.example\"\ninput_price = -1", "an amount of dollars")]
    #[case::both("endpoint = \"https://a.example\"\ncommand = [\"x\"]", "unknown key `command`")]
    fn mistakes_are_explained(#[case] lines: &str, #[case] reason: &str) {
        let error = config(&format!("[agents.mine]\n{lines}"), &|_| None).expect_err("a mistake");
        assert!(error.contains(reason), "{error}");
    }
}
