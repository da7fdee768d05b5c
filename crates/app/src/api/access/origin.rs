//! Whether a request is meant for this server, and whether another page made it.

use std::net::SocketAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};

use crate::api::error::ApiError;

/// Browsers say with it whether the page that asks is ours.
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// The names under which this server is reached.
#[derive(Debug)]
pub(super) struct Origins {
    /// `host:port`, the one it is bound to first.
    hosts: Vec<String>,
}

impl Origins {
    /// The names of a server at `address`, which is of this machine alone.
    pub(super) fn of(address: SocketAddr) -> Self {
        let port = address.port();
        Self { hosts: vec![address.to_string(), format!("localhost:{port}")] }
    }

    /// Where a browser finds it.
    pub(super) fn canonical(&self) -> String {
        format!("http://{}", self.hosts[0])
    }

    /// Whether the request may be looked at further.
    pub(super) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let host = only(headers, HOST.as_str()).filter(|host| self.is_ours(host));
        let is_for_us = host.is_some() && uri.authority().is_none_or(|authority| self.is_ours(authority.as_str()));
        if !is_for_us {
            // A name that somebody else made point here: the page behind it is theirs.
            let message = "this request is meant for another server";
            return Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", message));
        }
        let foreign = || ApiError::new(StatusCode::FORBIDDEN, "wrong_origin", "another page made this request");
        if is_named(headers) {
            let origin = only(headers, ORIGIN.as_str()).and_then(|origin| origin.strip_prefix("http://"));
            if origin.is_none() || origin != host {
                return Err(foreign());
            }
        }
        match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
            None | Some(b"same-origin" | b"none") => Ok(()),
            Some(_) => Err(foreign()),
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        self.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host))
    }
}

/// Whether the request says which page made it.
pub(super) fn is_named(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN)
}

/// The header, if it is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn status(uri: &str, headers: &[(&'static str, &'static str)]) -> Option<u16> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a value"));
        }
        let origins = Origins::of("127.0.0.1:4000".parse().expect("an address"));
        let refused = origins.check(&uri.parse().expect("a uri"), &map).err()?;
        Some(axum::response::IntoResponse::into_response(refused).status().as_u16())
    }

    #[rstest]
    #[case::a_program("/", &[("host", "127.0.0.1:4000")], None)]
    #[case::by_name("/", &[("host", "LocalHost:4000")], None)]
    #[case::our_own_page("/", &[("host", "localhost:4000"), ("origin", "http://localhost:4000"), ("sec-fetch-site", "same-origin")], None)]
    #[case::typed_by_a_person("/", &[("host", "localhost:4000"), ("sec-fetch-site", "none")], None)]
    #[case::no_host("/", &[], Some(421))]
    #[case::a_rebound_name("/", &[("host", "evil.example:4000")], Some(421))]
    #[case::another_port("/", &[("host", "127.0.0.1:4001")], Some(421))]
    #[case::no_port("/", &[("host", "127.0.0.1")], Some(421))]
    #[case::a_name_that_begins_like_ours("/", &[("host", "localhost:4000.evil.example")], Some(421))]
    #[case::two_hosts("/", &[("host", "127.0.0.1:4000"), ("host", "evil.example")], Some(421))]
    #[case::another_host_in_the_line("http://evil.example/", &[("host", "127.0.0.1:4000")], Some(421))]
    #[case::the_same_host_in_the_line("http://127.0.0.1:4000/", &[("host", "127.0.0.1:4000")], None)]
    #[case::a_page_elsewhere("/", &[("host", "127.0.0.1:4000"), ("origin", "https://evil.example")], Some(403))]
    #[case::a_page_of_another_port("/", &[("host", "127.0.0.1:4000"), ("origin", "http://127.0.0.1:5000")], Some(403))]
    #[case::a_page_without_an_origin("/", &[("host", "127.0.0.1:4000"), ("origin", "null")], Some(403))]
    #[case::an_empty_origin("/", &[("host", "127.0.0.1:4000"), ("origin", "")], Some(403))]
    #[case::by_our_other_name("/", &[("host", "127.0.0.1:4000"), ("origin", "http://localhost:4000")], Some(403))]
    #[case::two_origins("/", &[("host", "localhost:4000"), ("origin", "http://localhost:4000"), ("origin", "null")], Some(403))]
    #[case::a_page_of_the_same_site("/", &[("host", "localhost:4000"), ("sec-fetch-site", "same-site")], Some(403))]
    #[case::a_picture_elsewhere("/", &[("host", "localhost:4000"), ("sec-fetch-site", "cross-site")], Some(403))]
    fn only_what_is_meant_for_us_and_made_by_us_is_looked_at(
        #[case] uri: &str,
        #[case] headers: &[(&'static str, &'static str)],
        #[case] refused: Option<u16>,
    ) {
        assert_eq!(status(uri, headers), refused);
    }
}
