//! One exchange, one fault, and what has to hold afterwards, whatever came of it.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Instant, timeout};
use whimbrel::{Client, Error, Result};

use crate::exchange::{Exchange, Got, Run, SECRETS, TIMEOUT};
use crate::fault::{Dropped, Fault, Manner};
use crate::site::body;
use crate::wire::Net;

pub(crate) struct Case {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) fault: Fault,
    pub(crate) manner: Manner,
    /// What this case alone has to come to.
    pub(crate) verdict: Verdict,
}

/// A complaint, if there is one.
pub(crate) type Verdict = Arc<dyn Fn(&Outcome, &Measure) -> Option<String> + Send + Sync>;

/// What became of the exchange: nothing, if it was dropped.
pub(crate) struct Outcome {
    pub(crate) result: Option<Result<Vec<Got>>>,
    pub(crate) elapsed: Duration,
    polls: usize,
}

/// How much there is to go wrong.
#[derive(Clone, Default)]
pub(crate) struct Measure {
    /// Bytes of responses and of requests, operations, and polls.
    pub(crate) given: usize,
    pub(crate) taken: usize,
    pub(crate) operations: usize,
    pub(crate) polls: usize,
    /// What each server was told.
    pub(crate) heard: Vec<Vec<u8>>,
}

/// More polls than any exchange takes: somebody wakes itself all the time (O7).
const MAX_POLLS: usize = 100_000;

impl Case {
    pub(crate) fn new(exchange: &Arc<Exchange>, fault: Fault, manner: Manner) -> Self {
        Self { exchange: exchange.clone(), fault, manner, verdict: Arc::new(|_, _| None) }
    }

    /// The name that runs it alone.
    pub(crate) fn name(&self) -> String {
        let Manner { read, write, blocks, seed, .. } = self.manner;
        let manner =
            if self.manner == Manner::FAST { String::new() } else { format!(", {read}/{write}/{blocks}/{seed}") };
        format!("{}: {}{manner}", self.exchange.name, self.fault)
    }

    /// Runs it, and checks everything. I2: nobody panics.
    pub(crate) fn run(&self) -> Result<Measure, String> {
        catch_unwind(AssertUnwindSafe(|| self.check())).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            Err(text.or(panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default())
        })
    }

    fn check(&self) -> Result<Measure, String> {
        let net = Net::new(self.exchange.reach, self.fault, self.manner);
        let mut client = Some(self.exchange.client(&net));
        let run = (self.exchange.run)(client.clone().expect("it was made just now"));
        if let Fault::Drop { at, what: Dropped::Runtime } = self.fault {
            abandon(run, at, self.exchange.is_shared);
            return runtime().block_on(self.settle(&net, client, None)).map(|()| Measure::default());
        }
        runtime().block_on(async {
            let outcome = watch(run, self.fault, self.exchange.is_shared, &mut client).await?;
            let measure = measure(&net, &outcome);
            self.judge(&outcome, &measure)?;
            self.settle(&net, client, outcome.result).await?;
            Ok(measure)
        })
    }

    /// I3, and I1 to the millisecond.
    fn judge(&self, outcome: &Outcome, measure: &Measure) -> Result<(), String> {
        let may_end = self.exchange.is_endless && self.fault.is_end();
        match &outcome.result {
            Some(Ok(got)) => got.iter().try_for_each(|got| got.check(may_end))?,
            Some(Err(error)) if self.fault == Fault::None && self.manner.pace.is_zero() && !self.exchange.fails => {
                return Err(format!("nothing was wrong: {error:?}"));
            }
            Some(Err(error)) => check_error(error, self.fault, outcome.elapsed, self.exchange.asking)?,
            None => {}
        }
        match (self.verdict)(outcome, measure) {
            Some(complaint) => Err(complaint),
            None => Ok(()),
        }
    }

    /// Afterwards everything is as before, but for connections that may serve again: and they do.
    async fn settle(&self, net: &Net, client: Option<Client>, result: Option<Result<Vec<Got>>>) -> Result<(), String> {
        self.check_secrets(net, result.as_ref())?;
        self.check_posts(net)?;
        let has_waited = matches!(&result, Some(Err(error)) if error.is_timeout());
        drop(result);
        net.calm();
        self.quiet().await;
        let is_usable = !matches!(self.fault, Fault::Drop { what: Dropped::Closed, .. });
        if let Some(client) = client {
            check_pool(net, &client)?;
            if is_usable {
                if self.exchange.is_shared && self.fault.is_stall() && !has_waited {
                    // Nothing shows that the connection is silent but that somebody waits for it.
                    let _ = timeout(TIMEOUT + SLACK, client.get(&self.exchange.next).send()).await;
                }
                self.ask_again(&client).await?;
                self.quiet().await;
                check_pool(net, &client)?;
            }
        }
        self.quiet().await;
        let (open, tasks) = (net.state().open, Handle::current().metrics().num_alive_tasks());
        expect(open == 0 && tasks == 0, || format!("I5: {open} streams and {tasks} tasks outlive the client"))
    }

    /// What drives shared connections has noticed what happened.
    async fn quiet(&self) {
        if self.exchange.is_shared {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// I7.
    async fn ask_again(&self, client: &Client) -> Result<(), String> {
        let asked = timeout(TIMEOUT + SLACK, client.get(&self.exchange.next).send()).await;
        let response = asked.map_err(|_| "I7: the next request never ends".to_owned())?;
        let response = response.map_err(|error| format!("I7: the next request fails: {error:?}"))?;
        let path = if self.exchange.is_shared { "its" } else { "/length" };
        let right = response.bytes() == &body(path, b"")[..];
        expect(right, || format!("I7: the next request gets {:?}", response.bytes()))
    }

    /// I8: nobody sees a POST twice, or the start of one. (A `P` alone may be that of a PUT.)
    fn check_posts(&self, net: &Net) -> Result<(), String> {
        let posts = self.exchange.posts;
        let is_post = |bytes: &[u8]| bytes.starts_with(b"POST ") || posts > 0 && b"POST ".starts_with(bytes);
        let posts = net.log.look(|heard| heard.iter().filter(|heard| is_post(&heard.bytes)).count());
        expect(posts <= self.exchange.posts, || format!("I8: {posts} POSTs"))
    }

    /// I9.
    fn check_secrets(&self, net: &Net, result: Option<&Result<Vec<Got>>>) -> Result<(), String> {
        if let Some(Err(error)) = result {
            let told = tell(error);
            expect(!SECRETS.iter().any(|(secret, _)| told.contains(secret)), || format!("I9: {told}"))?;
        }
        net.log.look(|heard| {
            heard.iter().try_for_each(|heard| {
                let text = String::from_utf8_lossy(&heard.bytes);
                let leaked = SECRETS.iter().find(|(secret, host)| *host != heard.host && text.contains(secret));
                expect(leaked.is_none(), || format!("I9: {} heard {leaked:?}", heard.host))
            })
        })
    }
}

impl Got {
    fn check(&self, may_end: bool) -> Result<(), String> {
        let right = self.got == self.want || may_end && self.want.starts_with(&self.got);
        let show = String::from_utf8_lossy;
        expect(right, || format!("I3: {:?} in place of {:?}", show(&self.got), show(&self.want)))
    }
}

/// Beyond the limit of a wait.
const SLACK: Duration = Duration::from_secs(1);

/// Drives it to its end, or to where it is dropped. I1: that is no later than a second after its deadline.
/// `each_turn`: a task beside it does the work, and it is polled all the while until it is dropped.
async fn watch(run: Run, fault: Fault, each_turn: bool, client: &mut Option<Client>) -> Result<Outcome, String> {
    let (start, mut run, mut polls) = (Instant::now(), Some(run), 0);
    let done = poll_fn(|cx| {
        polls += 1;
        if polls > MAX_POLLS {
            return Poll::Ready(Err("O7: it is polled all the time".to_owned()));
        }
        match fault {
            Fault::Drop { at, .. } if each_turn && at >= polls => cx.waker().wake_by_ref(),
            Fault::Drop { at, what } if at + 1 == polls => match what {
                Dropped::Future => run = None,
                Dropped::Closed => client.as_ref().into_iter().for_each(Client::close),
                Dropped::Client | Dropped::Runtime => *client = None,
            },
            _ => {}
        }
        match &mut run {
            Some(run) => run.as_mut().poll(cx).map(|result| Ok(Some(result))),
            None => Poll::Ready(Ok(None)),
        }
    });
    let result = timeout(LONGEST, done).await.map_err(|_| "I1: it never ends".to_owned())??;
    drop(run);
    // Tasks that were aborted end when they are next looked at.
    tokio::task::yield_now().await;
    Ok(Outcome { result, elapsed: start.elapsed(), polls })
}

/// No exchange waits twice; those at a slow pace have a total timeout that is less.
const LONGEST: Duration = Duration::from_secs(31);

/// Its runtime ends before it does.
fn abandon(mut run: Run, at: usize, each_turn: bool) {
    let first = runtime();
    let mut polls = 0;
    first.block_on(poll_fn(|cx| {
        polls += 1;
        if each_turn {
            cx.waker().wake_by_ref();
        }
        if polls > at { Poll::Ready(()) } else { run.as_mut().poll(cx).map(|_| ()) }
    }));
    drop(first);
    drop(run);
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime needs little")
}

fn measure(net: &Net, outcome: &Outcome) -> Measure {
    let state = net.state();
    let heard = net.log.look(|heard| heard.iter().map(|heard| heard.bytes.clone()).collect());
    Measure { given: state.given, taken: state.taken, operations: state.operations, polls: outcome.polls, heard }
}

/// Whoever waits does so for exactly its limit, and where nothing stands still nobody waits.
fn check_error(error: &Error, fault: Fault, elapsed: Duration, asking: Duration) -> Result<(), String> {
    let is_end_of = |limit: Duration| (limit..limit + Duration::from_millis(10)).contains(&elapsed);
    let on_time = is_end_of(TIMEOUT) || is_end_of(TIMEOUT + asking);
    match fault {
        Fault::Byte { .. } if fault.is_stall() => {
            expect(error.is_timeout() && on_time, || format!("I1: after {elapsed:?}: {error:?}"))
        }
        Fault::Byte { .. } | Fault::Operation { .. } => {
            let quick = !error.is_timeout() && elapsed < Duration::from_millis(100);
            expect(quick, || format!("I1: after {elapsed:?}: {error:?}"))
        }
        _ => Ok(()),
    }
}

/// I4 and the client's part of I5.
fn check_pool(net: &Net, client: &Client) -> Result<(), String> {
    let (stats, open) = (client.pool_stats().expect("these are sockets"), net.state().open);
    expect(stats.open == stats.idle && stats.waiting == 0, || format!("I4: {stats:?}"))?;
    expect(open == stats.idle, || format!("I5: {open} streams are open, and {stats:?}"))
}

/// All that an error says.
fn tell(error: &Error) -> String {
    let mut told = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        told += &format!(" {error} {error:?}");
        cause = error.source();
    }
    told
}

fn expect(holds: bool, complaint: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(complaint()) }
}
