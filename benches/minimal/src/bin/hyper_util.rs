use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(get(std::env::args().nth(1).unwrap_or_default().parse()?))
}

async fn get(url: hyper::Uri) -> Result<(), Box<dyn std::error::Error>> {
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    println!("{}", client.get(url).await?.into_body().collect().await?.to_bytes().len());
    Ok(())
}
