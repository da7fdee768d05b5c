//! What others try, and what comes of it. Each attack stands beside what is allowed, which must work.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rstest::rstest;
use switchboard::api::{Access, bind_loopback};

use crate::raw::{ask, header, status};
use crate::server::{Server, Way};

/// A server on TCP, its address and its token.
async fn server() -> (Server, SocketAddr, String) {
    let mut server = Server::start(Way::InProcess).await;
    let (address, access) = server.serve_tcp().await;
    (server, address, token(&access))
}

fn token(access: &Access) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    access.write_token(&file).expect("written");
    let mode = std::fs::metadata(&file).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only its user can read the token");
    format!("Bearer {}", std::fs::read_to_string(&file).expect("readable"))
}

const SESSIONS: &str = "GET /api/v1/sessions";

#[tokio::test]
async fn a_name_that_was_made_to_point_here_opens_nothing() {
    let (_server, address, token) = server().await;
    let host = address.to_string();
    let ours = [("host", host.as_str()), ("authorization", &token)];
    assert_eq!(status(&ask(address, SESSIONS, &ours, "").await), 200);
    for wrong in ["evil.example", &format!("evil.example:{}", address.port()), "127.0.0.1", "127.0.0.1:1"] {
        let rebound = [("host", wrong), ("authorization", &token)];
        let answer = ask(address, SESSIONS, &rebound, "").await;
        assert_eq!(status(&answer), 421, "{wrong}: {answer}");
        // Before anything else: even a page that is not there is not talked about.
        assert_eq!(status(&ask(address, "GET /login?code=x", &[("host", wrong)], "").await), 421);
    }
    let absolute = format!("GET http://evil.example:{}/api/v1/sessions", address.port());
    assert_eq!(status(&ask(address, &absolute, &ours, "").await), 421);
}

/// A browser that is logged in: its cookie.
async fn logged_in(address: SocketAddr, access: &Access) -> String {
    let link = access.login_link().expect("random");
    let path = link.strip_prefix(&format!("http://{address}")).expect("an address of ours");
    let host = address.to_string();
    let answer = ask(address, &format!("GET {path}"), &[("host", &host)], "").await;
    assert_eq!((status(&answer), header(&answer, "location")), (303, Some("/")), "{answer}");
    let cookie = header(&answer, "set-cookie").expect("a cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let again = ask(address, &format!("GET {path}"), &[("host", &host)], "").await;
    assert_eq!(status(&again), 401, "a link works once");
    cookie.split(';').next().expect("a value").to_owned()
}

#[tokio::test]
async fn a_page_elsewhere_can_neither_change_nor_see_anything() {
    let mut server = Server::start(Way::InProcess).await;
    let (address, access) = server.serve_tcp().await;
    let cookie = logged_in(address, &access).await;
    let (host, origin) = (address.to_string(), format!("http://{address}"));
    let put = "PUT /api/v1/settings/theme";
    let from = async |headers: &[(&str, &str)]| {
        let mut all = vec![("host", host.as_str()), ("cookie", &cookie), ("content-type", "application/json")];
        all.extend(headers);
        status(&ask(address, put, &all, "{\"value\":1}").await)
    };
    let settings = || server.stage.store.read(|state| state.settings().len());
    for wrong in ["https://evil.example", "null", "http://localhost:1", "", &format!("https://{address}")] {
        assert_eq!(from(&[("origin", wrong)]).await, 403, "{wrong}");
    }
    assert_eq!(from(&[]).await, 403, "a browser says where it comes from");
    assert_eq!(from(&[("origin", &origin), ("sec-fetch-site", "cross-site")]).await, 403);
    assert_eq!(settings(), 0, "nothing was changed");
    assert_eq!(from(&[("origin", &origin)]).await, 204);
    assert_eq!(settings(), 1, "our own page may");

    // A form can be sent without asking first, but not as JSON.
    let form = [("host", host.as_str()), ("cookie", &cookie), ("origin", &origin), ("content-type", "text/plain")];
    assert_eq!(status(&ask(address, put, &form, "{\"value\":2}").await), 415);
    let preflight =
        [("host", host.as_str()), ("origin", "https://evil.example"), ("access-control-request-method", "PUT")];
    let answer = ask(address, "OPTIONS /api/v1/settings/theme", &preflight, "").await;
    assert!(status(&answer) == 403 && !answer.to_lowercase().contains("access-control-allow"), "{answer}");
}

#[tokio::test]
async fn without_the_right_secret_nothing_is_told() {
    let (server, address, token) = server().await;
    let host = address.to_string();
    // The secrets of the server that was here before.
    let old = Access::fresh(address).expect("random");
    let (old_token, old_link) = (self::token(&old), old.login_link().expect("random"));
    let cases = [
        vec![],
        vec![("authorization", "Bearer ")],
        vec![("authorization", "Bearer 0000000000000000000000000000000000000000000000000000000000000000")],
        vec![("authorization", &old_token[..])],
        vec![("authorization", &token[..token.len() - 1])],
        vec![("authorization", &token["Bearer ".len()..])],
        vec![("cookie", "switchboard=x")],
    ];
    let paths =
        ["/", "/api/v1/sessions", "/api/v1/version", "/api/v1/events", "/metrics", "/api/v1/openapi.json", "/x"];
    for headers in &cases {
        for path in paths {
            let mut all = vec![("host", host.as_str())];
            all.extend(headers);
            let answer = ask(address, &format!("GET {path}"), &all, "").await;
            assert_eq!(status(&answer), 401, "{path} {headers:?}: {answer}");
        }
    }
    let path = old_link.strip_prefix(&format!("http://{address}")).expect("the same address");
    assert_eq!(status(&ask(address, &format!("GET {path}"), &[("host", &host)], "").await), 401);
    assert_eq!(status(&ask(address, "POST /login-links", &[("host", &host)], "").await), 401);
    let known = [("host", host.as_str()), ("authorization", &token)];
    assert_eq!(status(&ask(address, "GET /metrics", &known, "").await), 200);
    assert_eq!(status(&ask(address, "POST /login-links", &known, "").await), 200);
    assert_eq!(server.stage.store.read(|state| state.sessions().count()), 0);
}

#[tokio::test]
async fn looking_changes_nothing() {
    let (server, address, token) = server().await;
    let host = address.to_string();
    let document = serde_json::to_value(switchboard::api::document()).expect("JSON");
    let before = server.stage.store.revision();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let path = path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057").replace("{name}", "x");
        for method in ["GET", "HEAD"] {
            // A stream has no end to wait for.
            if path.ends_with("/events") || operations.get("get").is_none() {
                continue;
            }
            let known = [("host", host.as_str()), ("authorization", &token)];
            assert_ne!(status(&ask(address, &format!("{method} {path}"), &known, "").await), 0, "{method} {path}");
        }
    }
    assert_eq!(server.stage.store.revision(), before);
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let (_server, address, token) = server().await;
    let host = address.to_string();
    let known = [("host", host.as_str()), ("authorization", &token)];
    let answers = [
        ask(address, SESSIONS, &known, "").await,
        ask(address, "GET /nothing", &known, "").await,
        ask(address, SESSIONS, &[("host", &host)], "").await,
        ask(address, SESSIONS, &[("host", "evil.example")], "").await,
        ask(address, "GET /login?code=x", &[("host", &host)], "").await,
    ];
    for answer in answers {
        let policy = header(&answer, "content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{answer}");
        assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"), "{answer}");
        assert_eq!(header(&answer, "cache-control"), Some("no-store"), "{answer}");
        assert!(!answer.to_lowercase().contains("access-control-allow"), "{answer}");
    }
}

#[rstest]
#[case("0.0.0.0:0")]
#[case("[::]:0")]
#[case("192.0.2.1:0")]
#[tokio::test]
async fn no_other_machine_is_ever_listened_to(#[case] address: SocketAddr) {
    let refused = bind_loopback(address).await.expect_err("not loopback");
    assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
}

/// Runs `curl` as a user who owns nothing; `None` when that cannot be tried here.
#[allow(clippy::print_stderr, reason = "what was not tried must not pass for tried")]
fn as_somebody_else(arguments: &[&str]) -> Option<(bool, String)> {
    let is_root = rustix::process::geteuid().is_root();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-sS", "--max-time", "30"]);
    let output = is_root.then(|| command.args(arguments).output().ok()).flatten();
    let Some(output) = output else {
        eprintln!("SKIPPED: another user is played only as root, and with setpriv and curl");
        return None;
    };
    Some((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn another_user_of_this_machine_gets_in_neither_by_socket_nor_by_tcp() {
    let mut server = Server::start(Way::Socket).await;
    let socket = server.socket();
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&socket), mode(server.folder.path())), (0o600, 0o700));
    let path = socket.to_str().expect("text");
    let url = "http://switchboard/api/v1/version";
    let ours = Command::new("curl").args(["-sS", "--unix-socket", path, url]).output();
    if let Ok(ours) = ours {
        assert!(String::from_utf8_lossy(&ours.stdout).contains("\"epoch\""), "its own user gets in: {ours:?}");
    }
    let Some((got_in, said)) = as_somebody_else(&["--unix-socket", path, url]) else { return };
    assert!(!got_in && said.is_empty(), "{said}");

    // Even if somebody opened the folder and the socket to all.
    std::fs::set_permissions(server.folder.path(), PermissionsExt::from_mode(0o755)).expect("opened");
    std::fs::set_permissions(&socket, PermissionsExt::from_mode(0o777)).expect("opened");
    let (got_in, said) = as_somebody_else(&["--unix-socket", path, url]).expect("tried before");
    assert!(!got_in && said.is_empty(), "{said}");

    server.shut_down().await;
    let mut server = Server::start(Way::InProcess).await;
    let (address, _access) = server.serve_tcp().await;
    let url = format!("http://{address}/api/v1/version");
    let (_, said) = as_somebody_else(&[&url]).expect("tried before");
    assert!(said.contains("not_logged_in") && !said.contains("epoch"), "{said}");
}
