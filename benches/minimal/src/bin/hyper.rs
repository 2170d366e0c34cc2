use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(get(std::env::args().nth(1).unwrap_or_default().parse()?))
}

async fn get(url: hyper::Uri) -> Result<(), Box<dyn std::error::Error>> {
    let host = url.authority().ok_or("the URL has no host")?.as_str();
    let stream = hyper_util::rt::TokioIo::new(tokio::net::TcpStream::connect(host).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    let request = hyper::Request::get(url.path()).header("host", host).body(Empty::<Bytes>::new())?;
    println!("{}", sender.send_request(request).await?.into_body().collect().await?.to_bytes().len());
    Ok(())
}
