//! Who may ask over TCP, where everybody on this machine can knock and every page in a browser too.
//!
//! In this order: the request must be meant for us (`Host`), must not come from another page (`Origin`,
//! `Sec-Fetch-Site`), and must know a secret. Programs know the token, which lies in a file that only
//! its user can read; a browser gets a cookie of its own for a login code that works once.

mod browsers;
mod login;
mod origin;
mod secret;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::api::error::ApiError;
use crate::api::hardening::harden;
use crate::private_file;
use browsers::Browsers;
use origin::Origins;
use secret::Secret;

/// Who may ask over TCP. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct Access {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    origins: Origins,
    token: Secret,
    browsers: Browsers,
    cookie: String,
}

/// How a request showed that it may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Token,
    Cookie,
}

impl Access {
    /// Access to a server at `address`, with secrets that never were before: those of an earlier one
    /// open nothing here.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn fresh(address: SocketAddr) -> io::Result<Self> {
        let inner = Inner {
            origins: Origins::of(address),
            token: Secret::fresh()?,
            browsers: Browsers::default(),
            // Cookies know no ports: each server has one of its own name.
            cookie: format!("switchboard_{}", address.port()),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Puts the token where programs of this user find it, and nobody else does.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_token(&self, file: &Path) -> io::Result<()> {
        private_file::replace(file, self.inner.token.text().as_bytes())
    }

    /// An address that logs a browser in. Works once, and not for long.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn login_link(&self) -> io::Result<String> {
        let code = self.inner.browsers.new_code()?;
        Ok(format!("{}/login?code={}", self.inner.origins.canonical(), code.text()))
    }

    /// The router behind this access: what it does not let through never gets there.
    pub fn guard(&self, router: Router) -> Router {
        let guarded = router.layer(middleware::from_fn_with_state(self.clone(), admit));
        let open = login::routes().with_state(self.clone());
        open.fallback_service(guarded)
            .layer(middleware::from_fn_with_state(self.clone(), meant_for_us))
            .layer(middleware::from_fn(harden))
    }

    fn shown(&self, headers: &HeaderMap) -> Option<Shown> {
        if self.knows_token(headers) {
            return Some(Shown::Token);
        }
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let is_ours = |(name, value): (&str, &str)| name == self.inner.cookie && self.inner.browsers.know(value);
        pairs.any(is_ours).then_some(Shown::Cookie)
    }

    fn knows_token(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.split_once(' '));
        token.is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && self.inner.token.is(token.trim()))
    }
}

/// Before anything else: whether the request is meant for us, and not made by another page.
async fn meant_for_us(State(access): State<Access>, request: Request, next: Next) -> Response {
    match access.inner.origins.check(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Whoever asks must know a secret.
async fn admit(State(access): State<Access>, request: Request, next: Next) -> Response {
    match access.shown(request.headers()) {
        // Browsers name the page behind whatever is more than a look; one that does not is none.
        Some(Shown::Cookie) if !request.method().is_safe() && !origin::is_named(request.headers()) => {
            ApiError::new(StatusCode::FORBIDDEN, "no_origin", "a request with a cookie must say where it comes from")
                .into_response()
        }
        Some(_) => next.run(request).await,
        None => stranger().into_response(),
    }
}

fn stranger() -> impl IntoResponse {
    let error = ApiError::new(StatusCode::UNAUTHORIZED, "not_logged_in", "the token is missing or wrong")
        .hint("send `authorization: Bearer TOKEN`, or open a login link in the browser");
    ([(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))], error)
}
