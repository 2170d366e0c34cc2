//! A server for uploads: reads a body to its end, and answers with its length. nginx would answer at once and discard the body
//! afterwards, or else write all of it to a file first.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::measure::BoxError;

pub(crate) fn serve(port: u16) -> Result<(), BoxError> {
    for stream in TcpListener::bind(("127.0.0.1", port))?.incoming() {
        let stream = stream?;
        std::thread::spawn(move || swallow(stream).unwrap_or_else(|error| eprintln!("sink: {error}")));
    }
    Ok(())
}

fn swallow(mut stream: TcpStream) -> Result<(), BoxError> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 256 * 1024];
    while let Some((mut read, length)) = head(&mut stream, &mut buffer)? {
        while read < length {
            match stream.read(&mut buffer)? {
                0 => return Err("the body ended early".into()),
                more => read += more,
            }
        }
        let answer = read.to_string();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
        stream.write_all((head + &answer).as_bytes())?;
    }
    Ok(())
}

/// How much of the body came with the head, and how long it will be; nothing at the end of the connection.
fn head(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<Option<(usize, usize)>, BoxError> {
    let mut filled = 0;
    loop {
        match stream.read(&mut buffer[filled..])? {
            0 => return Ok(None),
            read => filled += read,
        }
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut fields);
        if let httparse::Status::Complete(head) = request.parse(&buffer[..filled])? {
            let length = request.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
            let length = std::str::from_utf8(length.ok_or("no Content-Length")?.value)?.parse()?;
            return Ok(Some((filled - head, length)));
        }
    }
}
