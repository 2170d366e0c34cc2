//! A client with no opinions, and the one server that the tests share.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::LazyLock,
    time::Duration,
};

use serde_json::Value;
use whimbrel_server::{Addresses, Options, Server, start_in_thread};

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let www = Some(env!("CARGO_MANIFEST_DIR").into());
    let options = Options { www, ..Options::default() };
    start_in_thread(options).expect("loopback ports are free")
});

pub fn server() -> &'static Addresses {
    SERVER.addresses()
}

pub fn socket_address(base: &str) -> SocketAddr {
    let (_, address) = base.split_once("://").expect("a base URL");
    address.parse().expect("an IP address and a port")
}

pub fn connect(base: &str) -> TcpStream {
    let stream = TcpStream::connect(socket_address(base)).expect("the port accepts");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("not zero");
    stream
}

/// One connection.
pub struct Wire<S>(pub BufReader<S>);

impl Wire<TcpStream> {
    pub fn open(base: &str) -> Self {
        Self(BufReader::new(connect(base)))
    }
}

impl<S: Read + Write> Wire<S> {
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).expect("the server reads");
    }

    /// A GET request with these field lines.
    pub fn get(&mut self, target: &str, fields: &str) -> Answer {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: test\r\n{fields}\r\n"));
        self.answer()
    }

    pub fn answer(&mut self) -> Answer {
        self.try_answer().expect("a whole answer")
    }

    pub fn try_answer(&mut self) -> io::Result<Answer> {
        let head = self.head()?;
        let mut answer = Answer { head, body: Vec::new() };
        if answer.field("transfer-encoding") == Some("chunked") {
            while self.chunk(&mut answer.body)? {}
            return Ok(answer);
        }
        let length = answer.field("content-length").map_or(0, |length| length.parse().expect("digits"));
        answer.body.resize(length, 0);
        self.0.read_exact(&mut answer.body)?;
        Ok(answer)
    }

    /// Everything up to the end of the connection.
    pub fn rest(&mut self) -> io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).map(|_| rest)
    }

    fn head(&mut self) -> io::Result<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            // As bytes, because a test of latin-1 values is not UTF-8.
            let mut line = Vec::new();
            if self.0.read_until(b'\n', &mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            head.extend(line.into_iter().map(char::from));
        }
        Ok(head)
    }

    /// Trailers count as the end of the body.
    fn chunk(&mut self, body: &mut Vec<u8>) -> io::Result<bool> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        if size == 0 {
            body.extend(self.head_or_blank()?.into_bytes());
            return Ok(false);
        }
        let start = body.len();
        body.resize(start + size + 2, 0);
        self.0.read_exact(&mut body[start..])?;
        body.truncate(start + size);
        Ok(true)
    }

    fn head_or_blank(&mut self) -> io::Result<String> {
        let mut trailers = String::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            if line == "\r\n" {
                return Ok(trailers);
            }
            trailers.push_str(&line);
        }
    }
}

#[derive(Debug)]
pub struct Answer {
    /// Status line and fields, as latin-1.
    pub head: String,
    /// With chunked framing the trailer lines are appended.
    pub body: Vec<u8>,
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.head[9..12].parse().expect("three digits")
    }

    /// The first field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields(name).next()
    }

    pub fn fields(&self, name: &str) -> impl Iterator<Item = &str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = pairs.filter(move |(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// One GET on a connection of its own.
pub fn get(target: &str) -> Answer {
    Wire::open(&server().http).get(target, "")
}

/// Every byte as an escape.
pub fn escape(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("%{byte:02X}")).collect()
}
