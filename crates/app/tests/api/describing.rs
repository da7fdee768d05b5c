//! The API's description of itself.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::server::{Server, Way};

#[test]
fn the_description_changes_only_when_somebody_means_it() {
    let document = switchboard::api::document().to_pretty_json().expect("JSON");
    insta::assert_snapshot!("openapi", document);
}

#[test]
fn every_operation_says_what_it_does_and_how_it_fails() {
    let document = serde_json::to_value(switchboard::api::document()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.values().flat_map(|path| path.as_object().expect("operations").values());
    for operation in operations {
        assert!(operation["summary"].is_string(), "{operation}");
        let reference = &operation["responses"]["default"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(reference, "#/components/schemas/ErrorBody", "{operation}");
    }
}

async fn ask(server: &Server, method: &str, path: &str) -> (u16, String, Value) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
    let response = server.api.router().oneshot(request).await.expect("infallible");
    let kind = response.headers().get("content-type").map(|it| it.to_str().expect("text").to_owned());
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.expect("whole").to_bytes();
    (status, kind.unwrap_or_default(), serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn the_description_is_served() {
    let server = Server::start(Way::InProcess).await;
    let (status, kind, document) = ask(&server, "GET", "/api/v1/openapi.json").await;
    assert_eq!((status, kind.as_str()), (200, "application/json"));
    assert_eq!(document, serde_json::to_value(switchboard::api::document()).expect("JSON"));
}

#[tokio::test]
async fn everything_that_is_not_there_says_so_in_one_shape() {
    let server = Server::start(Way::InProcess).await;
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let cases = [
        ("GET", "/".to_owned(), 404, "no_such_page"),
        ("GET", "/api/v1/nothing".to_owned(), 404, "no_such_page"),
        ("GET", "/api/v1/../../etc/passwd".to_owned(), 404, "no_such_page"),
        ("GET", "/api/v1/%2e%2e/%2e%2e/etc/passwd".to_owned(), 404, "no_such_page"),
        ("PATCH", "/api/v1/sessions".to_owned(), 405, "method_not_allowed"),
        ("GET", "/api/v1/sessions/x".to_owned(), 400, "invalid_path"),
        ("GET", "/api/v1/sessions?limit=x".to_owned(), 400, "invalid_query"),
        ("GET", "/api/v1/sessions?colour=red".to_owned(), 400, "invalid_query"),
        ("GET", format!("/api/v1/sessions/{unknown}"), 404, "session_not_found"),
        ("GET", format!("/api/v1/sessions/{unknown}/messages?before=1&after=2"), 422, "invalid_query"),
        ("GET", format!("/api/v1/projects/{unknown}/rules"), 404, "project_not_found"),
        ("POST", "/api/v1/sessions".to_owned(), 415, "not_json"),
        ("GET", "/api/v1/events?session=x".to_owned(), 400, "invalid_query"),
    ];
    for (method, path, status, code) in cases {
        let (told, kind, body) = ask(&server, method, &path).await;
        assert_eq!((told, body["error"]["code"].as_str()), (status, Some(code)), "{method} {path}: {body}");
        assert!(kind == "application/json" && body["error"]["message"].is_string(), "{body}");
    }
}
