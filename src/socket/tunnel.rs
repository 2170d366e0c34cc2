//! Tunnels through a proxy (RFC 9110 9.3.6): CONNECT, then the connection belongs to both ends.

use bytes::BytesMut;
use http::{Method, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use url::{Position, Url};

use super::http1::{HeadLimits, HeadReader, MAX_INTERIM, write_field};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::response::Head;

/// Asks the proxy for a tunnel to the URL's host. The fields are what it is to be told, and all that it is (H12).
pub(super) async fn open<S>(stream: &mut S, target: &Url, fields: &Headers, limits: HeadLimits) -> Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let asked = async {
        stream.write_all(&request(target, fields)).await?;
        stream.flush().await
    };
    asked.await.map_err(|error| broken(&error))?;
    for _ in 0..=MAX_INTERIM {
        let head = answer(stream, limits).await?;
        if !head.status.is_informational() {
            return judge(&head);
        }
    }
    Err(refused("it sent more than 16 interim responses"))
}

/// HTTPX's order: Host, Accept, what the proxy is to be told. The target always names its port.
fn request(target: &Url, fields: &Headers) -> Vec<u8> {
    let host = &target[Position::BeforeHost..Position::AfterHost];
    let authority = format!("{host}:{}", target.port_or_known_default().unwrap_or(443));
    let mut out = format!("CONNECT {authority} HTTP/1.1\r\n").into_bytes();
    write_field("host", authority.as_bytes(), &mut out);
    write_field("accept", b"*/*", &mut out);
    for (name, value) in fields.iter() {
        write_field(name.as_str(), value.as_bytes(), &mut out);
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// Byte by byte: what follows the head is not ours to read but TLS's.
async fn answer(stream: &mut (impl AsyncRead + Unpin), limits: HeadLimits) -> Result<Head> {
    let (mut reader, mut buffer) = (HeadReader::new(limits), BytesMut::new());
    loop {
        let byte = stream.read_u8().await.map_err(|error| broken(&error))?;
        buffer.extend_from_slice(&[byte]);
        let parsed = reader.read(&mut buffer, &Method::CONNECT).map_err(|error| refused(&error.to_string()))?;
        if let Some(parsed) = parsed {
            return Ok(*parsed.head);
        }
    }
}

/// Only 2xx opens the tunnel. A redirect from a proxy is not followed: it is not the origin that speaks (CVE-2020-8231).
fn judge(head: &Head) -> Result<()> {
    if head.status.is_success() {
        return Ok(());
    }
    let hint = match head.status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => "; Proxy::auth or the proxy's URL take user and password",
        _ => "",
    };
    let reason = head.reason_phrase();
    Err(refused(&format!("it answered '{} {reason}'{hint}", head.status.as_u16())).with_status(head.status))
}

fn refused(reason: &str) -> Error {
    Error::new(ErrorKind::Proxy, format!("The proxy opened no tunnel: {reason}"))
}

fn broken(error: &std::io::Error) -> Error {
    refused(&format!("the connection to it broke ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::proxy::Proxy;
    use crate::socket::proxy::ProxySettings;

    fn fields() -> Headers {
        ProxySettings::new(&Proxy::new("http://u:p@proxy:1").header("x-trace", "1")).unwrap().headers
    }

    /// What comes of this answer, given in pieces of one byte, and what is left for TLS.
    fn tunnel(answer: &'static str) -> (Result<()>, String) {
        let mut rest = String::new();
        let opened = crate::block_on(async {
            let (mut client, mut proxy) = tokio::io::duplex(1 << 20);
            proxy.write_all(answer.as_bytes()).await.unwrap();
            proxy.shutdown().await.unwrap();
            let opened =
                open(&mut client, &"https://example.com/x".parse().unwrap(), &fields(), Limits::default().into()).await;
            client.read_to_string(&mut rest).await.unwrap();
            opened
        });
        (opened.unwrap(), rest)
    }

    // H12: nothing of the request's own is in it.
    #[test]
    fn the_request_is_httpxs() {
        let lines = |url: &str| String::from_utf8(request(&url.parse().unwrap(), &fields())).unwrap();
        assert_eq!(
            lines("https://user:secret@example.com/path"),
            "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nAccept: */*\r\n\
             Proxy-Authorization: Basic dTpw\r\nX-Trace: 1\r\n\r\n"
        );
    }

    // H5: what a URL's parser takes for a host is one, and an address of IPv6 is in brackets.
    #[test]
    fn the_target_is_a_host_and_a_port() {
        for (url, target) in [
            ("https://[::1]:8443/", "[::1]:8443"),
            ("https://[0:0::1]/", "[::1]:443"),
            ("https://user@other.invalid:x@host/", "host:443"),
            ("https://a@b@host:444/", "host:444"),
            ("https://host%0d%0aX:y/", ""),
            ("https://ho%20st/", ""),
            ("https://ho st/", ""),
            ("https://ho%00st/", ""),
            ("https://ho\r\nst/", "host:443"),
            ("https://::1/", ""),
            ("https://[fe80::1%25eth0]/", ""),
            ("https://ho%40st/", ""),
        ] {
            let Ok(url) = url.parse::<Url>() else {
                assert_eq!(target, "", "{url}");
                continue;
            };
            let asked = String::from_utf8(request(&url, &fields())).unwrap();
            let start = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nAccept: */*\r\nProxy-Authorization: ");
            assert!(asked.starts_with(&start), "{asked}");
        }
    }

    // H6: once, and then never again.
    #[test]
    fn credentials_of_the_url_are_decoded_once() {
        let proxy = ProxySettings::new(&Proxy::new("http://us%2540er:p%253A%20w@proxy:1")).unwrap();
        let expected = crate::credentials::Credentials::new("us%40er", "p%3A w").basic().unwrap();
        assert_eq!(proxy.headers.get("proxy-authorization"), Some(&expected));
    }

    // H4.
    #[test]
    fn only_success_opens_a_tunnel() {
        for (answer, words) in [
            ("HTTP/1.1 407 Nope\r\nContent-Length: 3\r\n\r\nabc", "'407 Nope'; Proxy::auth"),
            ("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n", "'401 No'"),
            ("HTTP/1.1 302 Found\r\nLocation: https://evil/\r\n\r\n", "'302 Found'"),
            ("HTTP/1.1 101 Switching\r\n\r\n", "broke"),
            ("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n", "'500 Oops'"),
            ("HTTP/1.0 403 Forbidden\r\n\r\nendless", "'403 Forbidden'"),
            ("\x15\x03\x01", "does not speak HTTP"),
            ("SSH-2.0\r\n", "does not speak HTTP"),
            // Q1: such reasons are none.
            ("HTTP/1.1 403 \u{9b}2J\u{202e}\r\n\r\n", "'403 '"),
            // H10: it went away.
            ("", "broke"),
            ("HTTP/1.1 200 OK\r\nX: y\r\n", "broke"),
        ] {
            let error = tunnel(answer).0.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Proxy);
            assert!(error.to_string().contains(words), "{error}");
        }
        assert_eq!(tunnel("HTTP/1.1 407 Nope\r\n\r\n").0.unwrap_err().status().unwrap(), 407);
    }

    // H4: early bytes are the origin's, or TLS's to refuse.
    #[test]
    fn what_follows_the_answer_is_left_for_tls() {
        for answer in [
            "HTTP/1.1 200 Connection established\r\n\r\nTLS",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nTLS",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\nHTTP/1.1 204 x\r\n\r\nTLS",
        ] {
            let (opened, rest) = tunnel(answer);
            assert!(opened.is_ok(), "{answer}");
            assert_eq!(rest, "TLS");
        }
    }

    // H4.
    #[test]
    fn endless_answers_end() {
        let many: &'static str = Box::leak("HTTP/1.1 103 x\r\n\r\n".repeat(18).into_boxed_str());
        assert!(tunnel(many).0.unwrap_err().to_string().contains("interim"));
        let long: &'static str =
            Box::leak(format!("HTTP/1.1 200 OK\r\n{}", "x: y\r\n".repeat(100_000)).into_boxed_str());
        assert!(tunnel(long).0.unwrap_err().to_string().contains("too large"));
    }
}
