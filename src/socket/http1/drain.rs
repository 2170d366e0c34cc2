//! The rest of a body that nobody wants, out of the way of the next request.

use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::body::Decoded;
use crate::deadline::{timed_out, within};
use crate::error::{Error, ErrorKind, Result};
use crate::socket::pool::Connection;

/// More is not read for the sake of a connection: a new one costs less.
pub(super) const MAX_DRAINED: u64 = 64 * 1024;
const PATIENCE: Duration = Duration::from_millis(50);

/// Reads the body to its end; false if that is far away, or does not come.
pub(in crate::socket) async fn drain(connection: &mut Connection) -> bool {
    let late = |limit| timed_out(ErrorKind::ReadTimeout, "The rest did not come", limit);
    within(Some(PATIENCE), late, read(connection)).await.is_ok()
}

async fn read(connection: &mut Connection) -> Result<()> {
    let Some(mut body) = connection.unread.take() else { return Ok(()) };
    let gone = || Error::new(ErrorKind::Read, "The rest of the body is lost");
    let mut drained = 0;
    loop {
        match body.decode(&mut connection.read)? {
            Decoded::End => return Ok(()),
            Decoded::Data(bytes) => drained += bytes.len() as u64,
            Decoded::NeedMore if connection.stream.read_buf(&mut connection.read).await.map_err(|_| gone())? == 0 => {
                return Err(gone());
            }
            Decoded::NeedMore => {}
        }
        if drained > MAX_DRAINED {
            return Err(gone());
        }
    }
}
