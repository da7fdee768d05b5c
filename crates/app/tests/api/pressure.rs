//! Clients that send too much, too slowly, or what has two meanings.

use std::net::SocketAddr;

use rstest::rstest;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::raw::{exchange, rest, status};
use crate::server::{Server, Way};

/// A server on TCP, and the head of a request that it would answer.
async fn server() -> (Server, SocketAddr, String) {
    let mut server = Server::start(Way::InProcess).await;
    let (address, access) = server.serve_tcp().await;
    let file = server.folder.path().join("token");
    access.write_token(&file).expect("written");
    let token = std::fs::read_to_string(&file).expect("readable");
    let head = format!("host: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    (server, address, head)
}

#[rstest]
#[case::said_ahead("content-length: 2000000\r\n", "")]
#[case::beyond_all_measure("content-length: 99999999999999999999\r\n", "")]
#[case::in_pieces("transfer-encoding: chunked\r\n", "100000\r\n")]
#[tokio::test]
async fn a_body_that_is_too_large_is_refused(#[case] length: &str, #[case] piece: &str) {
    let (server, address, head) = server().await;
    let mut request =
        format!("PUT /api/v1/settings/x HTTP/1.1\r\n{head}{length}connection: close\r\n\r\n").into_bytes();
    let megabyte = vec![b' '; 1 << 20];
    for _ in 0..2 {
        request.extend_from_slice(piece.as_bytes());
        request.extend_from_slice(&megabyte);
        request.extend_from_slice(if piece.is_empty() { b"" } else { b"\r\n" });
    }
    let answer = exchange(address, &request).await;
    // A reset may overtake the answer.
    assert!([0, 400, 413].contains(&status(&answer)), "{answer}");
    assert_eq!(server.stage.store.read(|state| state.settings().len()), 0);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let (_server, address, head) = server().await;
    let junk = "x".repeat(200_000);
    let answer = exchange(address, format!("GET / HTTP/1.1\r\n{head}junk: {junk}\r\n\r\n").as_bytes()).await;
    assert!([0, 431].contains(&status(&answer)), "{answer}");
    let many = "a: b\r\n".repeat(5_000);
    let answer = exchange(address, format!("GET / HTTP/1.1\r\n{head}{many}\r\n").as_bytes()).await;
    assert!([0, 431].contains(&status(&answer)), "{answer}");
}

/// Each takes as long as the server is patient.
#[rstest]
#[case::says_nothing("", false)]
#[case::half_a_line("GET /api/v1/ses", false)]
#[case::half_a_head("GET / HTTP/1.1\r\nhost: ", false)]
#[case::no_body("PUT /api/v1/settings/x HTTP/1.1\r\n{head}content-length: 100\r\n\r\n", true)]
#[case::half_a_body("PUT /api/v1/settings/x HTTP/1.1\r\n{head}content-length: 100\r\n\r\n{\"va", true)]
#[tokio::test]
async fn who_is_too_slow_is_not_waited_for(#[case] request: &str, #[case] is_told: bool) {
    let (_server, address, head) = server().await;
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(request.replace("{head}", &head).as_bytes()).await.expect("sent");
    let answer = rest(&mut stream).await;
    assert!(!is_told || status(&answer) == 408, "{answer}");
}

#[rstest]
#[case::two_lengths("content-length: 4\r\ncontent-length: 40\r\n")]
#[case::a_length_and_pieces("content-length: 4\r\ntransfer-encoding: chunked\r\n")]
#[case::pieces_and_a_length("transfer-encoding: chunked\r\ncontent-length: 4\r\n")]
#[case::pieces_of_something("transfer-encoding: chunked, identity\r\n")]
#[case::a_length_that_is_none("content-length: +4\r\n")]
#[case::a_folded_line("content-length: 4\r\n transfer-encoding: chunked\r\n")]
#[case::a_space_before_the_colon("transfer-encoding : chunked\r\n")]
#[tokio::test]
async fn no_request_is_hidden_in_another(#[case] ambiguity: &str) {
    let (server, address, head) = server().await;
    let hidden = format!("PUT /api/v1/settings/hidden HTTP/1.1\r\n{head}content-length: 11\r\n\r\n{{\"value\":1}}");
    let outer = format!("PUT /api/v1/settings/outer HTTP/1.1\r\n{head}{ambiguity}\r\n0\r\n\r\n{hidden}");
    let answer = exchange(address, outer.as_bytes()).await;
    assert_ne!(status(&answer), 204, "{answer}");
    assert_eq!(server.stage.store.read(|state| state.settings().len()), 0, "{answer}");
}
