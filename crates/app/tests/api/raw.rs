//! HTTP by hand, as attackers speak it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::within;

/// What came back for the bytes of a request, up to the end of the connection.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // The server may have closed its side before it read all of it.
    let _ = stream.write_all(request).await;
    rest(&mut stream).await
}

/// Everything that comes until the connection ends.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset ends it as well.
    let _ = within("the end of the connection", stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request with these headers, on a connection of its own.
pub(crate) async fn ask(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut request = format!("{line} HTTP/1.1\r\nconnection: close\r\n");
    let length = body.len().to_string();
    let length = (!body.is_empty()).then_some(("content-length", length.as_str()));
    for (name, value) in headers.iter().copied().chain(length) {
        request.extend([name, ": ", value, "\r\n"]);
    }
    exchange(address, format!("{request}\r\n{body}").as_bytes()).await
}

/// The status of an answer; 0 when there is none.
pub(crate) fn status(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).map_or(0, |code| code.parse().expect("a status"))
}

/// The value of a header of an answer.
pub(crate) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
