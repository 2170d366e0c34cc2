//! `peers-wasi PEER URL COUNT LENGTH`: so many GETs over one kept-alive connection, each with a body of that length.

mod bare;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [peer, url, count, length] = &arguments[..] else {
        return Err("usage: peers-wasi PEER URL COUNT LENGTH".into());
    };
    let (count, length) = (count.parse()?, length.parse()?);
    match peer.as_str() {
        // It says itself what went wrong.
        "wasi-whimbrel" => whimbrel::run(whimbrel(url.clone(), count, length)),
        "wasi-bare" => bare::run(url, count, length)?,
        other => return Err(format!("there is no peer '{other}'").into()),
    }
    Ok(())
}

async fn whimbrel(url: String, count: u32, length: usize) -> Result<(), BoxError> {
    let client = whimbrel::Client::new();
    for _ in 0..count {
        check(client.get(&url).send().await?.bytes().len(), length)?;
    }
    Ok(())
}

fn check(length: usize, expected: usize) -> Result<(), BoxError> {
    match length == expected {
        true => Ok(()),
        false => Err(format!("the body has {length} bytes, not {expected}").into()),
    }
}
