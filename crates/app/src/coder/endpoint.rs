//! Where a model is to be found.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;
use thiserror::Error;

use super::wire::Api;

/// The address of a model endpoint: encrypted, or on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    url: Url,
    is_local: bool,
}

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum EndpointError {
    /// Not an address at all.
    #[error("`{0}` is not the address of an endpoint: give one such as http://127.0.0.1:11434/v1")]
    NoAddress(String),
    /// Keys and code would be readable on the way.
    #[error("`{0}` would be spoken to unencrypted: only https goes to other machines")]
    Unencrypted(String),
    /// It would be shown wherever the address is.
    #[error("an address must not contain a user name or a password: name a variable with --key-env instead")]
    HasPassword,
}

impl Endpoint {
    /// Reads an address: of the server, of its version's folder (`…/v1`), or of the very thing to ask.
    ///
    /// # Errors
    /// When it is no address, or one to which nothing should be sent.
    pub(crate) fn parse(address: &str) -> Result<Self, EndpointError> {
        let no_address = || EndpointError::NoAddress(address.to_owned());
        let url = Url::parse(address).map_err(|_| no_address())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(no_address());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::HasPassword);
        }
        let is_local = url.host_str().is_some_and(is_loopback);
        if url.scheme() == "http" && !is_local {
            return Err(EndpointError::Unencrypted(address.to_owned()));
        }
        Ok(Self { url, is_local })
    }

    /// Whether it is on this machine.
    pub(crate) const fn is_local(&self) -> bool {
        self.is_local
    }

    /// Whether what goes there is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The address as it was given.
    pub(crate) fn into_url(self) -> Url {
        self.url
    }

    /// Where to ask in the format of `api`.
    pub(super) fn url(&self, api: Api) -> Url {
        let mut url = self.url.clone();
        let path = url.path().trim_end_matches('/');
        let path = match path {
            given if given.ends_with(api.path()) => given.to_owned(),
            "" => format!("/v1/{}", api.path()),
            folder => format!("{folder}/{}", api.path()),
        };
        url.set_path(&path);
        url
    }
}

/// Shows where it is without what may be a secret in its query.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.url.clone();
        url.set_query(None);
        url.fmt(f)
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    // Browsers and resolvers agree that this name, and no other, never leaves the machine.
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::server("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/chat/completions")]
    #[case::folder("http://localhost:11434/v1/", "http://localhost:11434/v1/chat/completions")]
    #[case::folder_of_its_own("https://gateway.example/openai", "https://gateway.example/openai/chat/completions")]
    #[case::exact("https://a.example/v1/chat/completions?v=2", "https://a.example/v1/chat/completions?v=2")]
    #[case::newer_address("http://[::1]:1", "http://[::1]:1/v1/chat/completions")]
    fn the_thing_to_ask_is_found(#[case] address: &str, #[case] url: &str) {
        assert_eq!(Endpoint::parse(address).expect("usable").url(Api::Chat).as_str(), url);
    }

    #[rstest]
    #[case::unencrypted("http://models.example/v1")]
    #[case::unencrypted_neighbour("http://192.168.1.5:11434")]
    #[case::a_name_that_looks_local("http://localhost.example/v1")]
    #[case::password("https://me:secret@models.example")]
    #[case::other_scheme("file:///etc/passwd")]
    #[case::no_address("models")]
    fn nothing_is_sent_to_an_address_that_is_not_safe(#[case] address: &str) {
        let error = Endpoint::parse(address).expect_err("unsafe").to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
