//! A SOCKS proxy to loopback: RFC 1928 with RFC 1929, and the older version 4 with names (4a).

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xFF;

const SUCCEEDED: u8 = 0;
const NOT_ALLOWED: u8 = 2;
const REFUSED: u8 = 5;
const NO_SUCH_COMMAND: u8 = 7;

/// Accepts for ever. The tunnels are children of this future: they end when it is dropped.
pub(crate) async fn open(listener: TcpListener) {
    let mut tunnels = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        // A client that goes away or talks nonsense is done with; there is nobody to tell.
        tunnels.spawn(async move { serve(client).await.ok() });
        while tunnels.try_join_next().is_some() {}
    }
}

async fn serve(mut client: TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    let origin = match client.read_u8().await? {
        5 => version_5(&mut client).await?,
        4 => version_4(&mut client).await?,
        _ => None,
    };
    if let Some(mut origin) = origin {
        copy_bidirectional(&mut client, &mut origin).await?;
    }
    Ok(())
}

async fn version_5(client: &mut TcpStream) -> io::Result<Option<TcpStream>> {
    if !login(client).await? {
        return Ok(None);
    }
    let [_, command, _, kind] = bytes(client).await?;
    let target = address(client, kind).await?;
    let (reply, origin) = if command == 1 { connect(target).await } else { (NO_SUCH_COMMAND, None) };
    client.write_all(&[5, reply, 0, 1, 127, 0, 0, 1, 0, 0]).await?;
    Ok(origin)
}

/// Credentials are not needed, but asked for if offered, and wrong ones are refused.
async fn login(client: &mut TcpStream) -> io::Result<bool> {
    let methods = prefixed(client).await?;
    let known = [USER_AND_PASSWORD, NO_AUTHENTICATION].into_iter().find(|method| methods.contains(method));
    client.write_all(&[5, known.unwrap_or(NO_METHOD)]).await?;
    if known != Some(USER_AND_PASSWORD) {
        return Ok(known.is_some());
    }
    let _version = client.read_u8().await?;
    let given = (prefixed(client).await?, prefixed(client).await?);
    let right = given == (b"user".to_vec(), b"pass".to_vec());
    client.write_all(&[1, u8::from(!right)]).await?;
    Ok(right)
}

/// `None` for names that lead nowhere.
async fn address(client: &mut TcpStream, kind: u8) -> io::Result<Option<SocketAddr>> {
    let host = match kind {
        1 => Some(Ipv4Addr::from(bytes::<4>(client).await?).into()),
        4 => Some(Ipv6Addr::from(bytes::<16>(client).await?).into()),
        _ => resolve(&prefixed(client).await?),
    };
    let port = client.read_u16().await?;
    Ok(host.map(|host| SocketAddr::new(host, port)))
}

/// Names below `.invalid`, which no other resolver knows, so that a test sees who resolved them.
fn resolve(name: &[u8]) -> Option<std::net::IpAddr> {
    (name == b"localhost" || name.ends_with(b".invalid")).then_some(Ipv4Addr::LOCALHOST.into())
}

async fn version_4(client: &mut TcpStream) -> io::Result<Option<TcpStream>> {
    let _command = client.read_u8().await?;
    let port = client.read_u16().await?;
    let address = Ipv4Addr::from(bytes::<4>(client).await?);
    let _user = terminated(client).await?;
    let host = match address.octets() {
        [0, 0, 0, last] if last > 0 => resolve(&terminated(client).await?),
        _ => Some(address.into()),
    };
    let (reply, origin) = connect(host.map(|host| SocketAddr::new(host, port))).await;
    let reply = if reply == SUCCEEDED { 90 } else { 91 };
    client.write_all(&[0, reply, 0, 0, 0, 0, 0, 0]).await?;
    Ok(origin)
}

async fn connect(target: Option<SocketAddr>) -> (u8, Option<TcpStream>) {
    let Some(target) = target.filter(|target| target.ip().is_loopback()) else { return (NOT_ALLOWED, None) };
    match TcpStream::connect(target).await {
        Ok(origin) => (SUCCEEDED, Some(origin)),
        Err(_) => (REFUSED, None),
    }
}

async fn bytes<const N: usize>(client: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// So many bytes as the first one says.
async fn prefixed(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(client.read_u8().await?)];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// The bytes up to a NUL.
async fn terminated(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        match client.read_u8().await? {
            0 => return Ok(bytes),
            byte => bytes.push(byte),
        }
    }
}
