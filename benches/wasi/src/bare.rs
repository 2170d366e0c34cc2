//! The least that a client on wasi:sockets can do: the same bytes each time, one buffer, a parsed head, a counted body.

use wasip2::io::streams::{InputStream, OutputStream};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

use crate::{BoxError, check};

pub(crate) fn run(url: &str, count: u32, length: usize) -> Result<(), BoxError> {
    let (host, path) =
        url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or("not http://HOST/PATH")?;
    let mut bare = Bare::connect(host.parse()?)?;
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for _ in 0..count {
        check(bare.get(request.as_bytes())?, length)?;
    }
    Ok(())
}

struct Bare {
    // In this order, for streams must go before their socket.
    input: InputStream,
    output: OutputStream,
    _socket: TcpSocket,
    buffer: Vec<u8>,
}

impl Bare {
    fn connect(address: std::net::SocketAddrV4) -> Result<Self, BoxError> {
        let socket = create_tcp_socket(IpAddressFamily::Ipv4)?;
        let [a, b, c, d] = address.ip().octets();
        let address = Ipv4SocketAddress { port: address.port(), address: (a, b, c, d) };
        socket.start_connect(&instance_network(), IpSocketAddress::Ipv4(address))?;
        let (input, output) = loop {
            match socket.finish_connect() {
                Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
                done => break done?,
            }
        };
        Ok(Self { input, output, _socket: socket, buffer: Vec::with_capacity(8 * 1024) })
    }

    fn get(&mut self, request: &[u8]) -> Result<usize, BoxError> {
        self.output.blocking_write_and_flush(request)?;
        self.buffer.clear();
        let (head, length) = loop {
            self.read_more()?;
            if let Some(parsed) = parse(&self.buffer)? {
                break parsed;
            }
        };
        while self.buffer.len() < head + length {
            self.read_more()?;
        }
        Ok(self.buffer.len() - head)
    }

    fn read_more(&mut self) -> Result<(), BoxError> {
        self.buffer.extend_from_slice(&self.input.blocking_read(8 * 1024)?);
        Ok(())
    }
}

/// The lengths of the head and of the body that it announces, if the head is complete.
fn parse(buffer: &[u8]) -> Result<Option<(usize, usize)>, BoxError> {
    let mut fields = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(head) = response.parse(buffer)? else { return Ok(None) };
    let length = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
    let length = std::str::from_utf8(length.ok_or("no Content-Length")?.value)?.parse()?;
    Ok(Some((head, length)))
}
