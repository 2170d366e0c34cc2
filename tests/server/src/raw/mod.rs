//! The raw port: no HTTP library, so that a test decides every byte of an answer and sees every byte of a request.

mod answer;
mod inbound;
mod record;

use std::{io, ops::ControlFlow, sync::Arc, time::Duration};

use socket2::Socket;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split},
    time::{sleep, timeout},
};

use crate::{serve::reset_on_close, shared::Connection};

use answer::{Afterwards, Answer};
use inbound::{Head, Inbound, Reading};
pub(crate) use record::Records;

/// How long `hold` holds.
const HOLD: Duration = Duration::from_secs(60);
/// How long a closed connection still takes what the client sends: closing with unread bytes would reset it.
const LINGER: Duration = Duration::from_secs(1);
/// Time for the last bytes to arrive before a reset throws them away.
const DELIVERY: Duration = Duration::from_millis(50);

pub(crate) async fn serve<S>(stream: S, socket: Socket, connection: Arc<Connection>)
where
    S: AsyncRead + AsyncWrite + Send,
{
    let (reader, writer) = split(stream);
    let mut talk = Talk { inbound: Inbound::new(reader), writer, socket, connection };
    let end = loop {
        if let ControlFlow::Break(end) = talk.exchange().await {
            break end;
        }
    };
    let connection = &talk.connection;
    connection.shared.records.close(connection.number, end == End::Client);
}

/// Who ended a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Client,
    Server,
}

struct Talk<S> {
    inbound: Inbound<ReadHalf<S>>,
    writer: WriteHalf<S>,
    socket: Socket,
    connection: Arc<Connection>,
}

impl<S: AsyncRead + AsyncWrite> Talk<S> {
    /// One request, one answer.
    async fn exchange(&mut self) -> ControlFlow<End> {
        let Some(head) = self.inbound.head().await else {
            return ControlFlow::Break(self.inbound.end());
        };
        self.connection.count_request();
        let reading = head.reading();
        if reading == Reading::First {
            self.receive(&head).await?;
        }
        let answer = self.answer(&head);
        let begun = self.write(&answer).await;
        match reading {
            Reading::First => {}
            Reading::Late => self.receive(&head).await?,
            Reading::Never => self.record(&head, Some(head.length)),
        }
        if begun.is_err() || self.write_tail(&answer).await.is_err() {
            return ControlFlow::Break(End::Client);
        }
        if reading == Reading::Never && answer.afterwards == Afterwards::Hold {
            // Draining would be reading.
            sleep(HOLD).await;
            return ControlFlow::Break(End::Server);
        }
        self.finish(answer.afterwards).await
    }

    fn answer(&self, head: &Head) -> Answer {
        Answer::to(head, &self.connection.shared.records)
    }

    /// Reads the rest of the request and records what came, whole or not.
    async fn receive(&mut self, head: &Head) -> ControlFlow<End> {
        let end = self.inbound.end_of_body(head).await;
        self.record(head, end);
        match end {
            Some(_) => ControlFlow::Continue(()),
            None => ControlFlow::Break(self.inbound.end()),
        }
    }

    /// Takes the request, which ends there in the buffer, or what came of it.
    fn record(&mut self, head: &Head, end: Option<usize>) {
        let request = self.inbound.take(end);
        if let Some(id) = head.record_id() {
            self.connection.shared.records.add(id, self.connection.number, request);
        }
    }

    async fn write(&mut self, answer: &Answer) -> io::Result<()> {
        wait(answer.delay).await;
        for piece in answer.data.chunks(answer.step) {
            self.writer.write_all(piece).await?;
            self.writer.flush().await?;
            wait(answer.pause).await;
        }
        for block in answer.flood() {
            self.writer.write_all(&block).await?;
        }
        self.writer.flush().await
    }

    async fn write_tail(&mut self, answer: &Answer) -> io::Result<()> {
        self.writer.write_all(&answer.tail).await?;
        self.writer.flush().await
    }

    async fn finish(&mut self, afterwards: Afterwards) -> ControlFlow<End> {
        match afterwards {
            Afterwards::Keep => ControlFlow::Continue(()),
            Afterwards::Drop => ControlFlow::Break(End::Server),
            Afterwards::Close => self.close().await,
            Afterwards::Echo => self.echo().await,
            Afterwards::Hold => self.drain(HOLD).await,
            Afterwards::Reset => {
                sleep(DELIVERY).await;
                reset_on_close(&self.socket);
                ControlFlow::Break(End::Server)
            }
            Afterwards::CloseIdle(after) => match self.stays_idle(after).await {
                true => self.close().await,
                false => ControlFlow::Continue(()),
            },
            Afterwards::Speak(after, data) => self.speak(after, &data).await,
        }
    }

    /// Until the client closes.
    async fn echo(&mut self) -> ControlFlow<End> {
        while let Some(bytes) = self.inbound.some().await {
            if self.writer.write_all(&bytes).await.is_err() || self.writer.flush().await.is_err() {
                break;
            }
        }
        // The client may be gone.
        let _ = self.writer.shutdown().await;
        ControlFlow::Break(End::Client)
    }

    /// FIN (over TLS after close_notify), and then some patience.
    async fn close(&mut self) -> ControlFlow<End> {
        // The client may have been faster.
        let _ = self.writer.shutdown().await;
        let _ = self.drain(LINGER).await;
        ControlFlow::Break(End::Server)
    }

    /// Reads and forgets, until the client closes or `patience` is over.
    async fn drain(&mut self, patience: Duration) -> ControlFlow<End> {
        let ended = timeout(patience, self.inbound.discard()).await.is_ok();
        ControlFlow::Break(if ended { End::Client } else { End::Server })
    }

    async fn speak(&mut self, after: Duration, data: &[u8]) -> ControlFlow<End> {
        if self.stays_idle(after).await && self.writer.write_all(data).await.is_err() {
            return ControlFlow::Break(End::Client);
        }
        // Over TLS bytes may wait in the session; a failure shows at the next read.
        let _ = self.writer.flush().await;
        ControlFlow::Continue(())
    }

    /// Whether the client sends nothing for so long.
    async fn stays_idle(&mut self, duration: Duration) -> bool {
        timeout(duration, self.inbound.begin()).await.is_err()
    }
}

/// Tokio's shortest sleep is a millisecond, too long for every byte of a large answer.
async fn wait(duration: Duration) {
    if !duration.is_zero() {
        sleep(duration).await;
    }
}
