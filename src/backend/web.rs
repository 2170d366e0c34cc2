//! JavaScript hosts: browsers, Node, Deno, workers. Nothing but `globalThis` is assumed.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::error::{Error, ErrorKind, Result};

/// Nothing here: a JavaScript host has one thread for it all.
pub trait MaybeSend {}
impl<T: ?Sized> MaybeSend for T {}
/// Nothing here: a JavaScript host has one thread for it all.
pub trait MaybeSync {}
impl<T: ?Sized> MaybeSync for T {}
/// A boxed future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A response's body whose pieces stay JavaScript's.
pub(crate) type HostStream = Pin<Box<dyn HostPieces>>;

/// Reads a body piece by piece without copying it. Dropped before its end, it ends the request.
pub(crate) trait HostPieces {
    /// The next piece, `None` at the end.
    #[cfg_attr(not(feature = "npm"), expect(dead_code, reason = "only the JavaScript face reads without copying"))]
    fn poll_piece(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Option<Uint8Array>>>;
}

/// The URL as the host reads it. Hosts know the Unicode tables that internationalised names need, so that the npm package
/// can do without.
pub(crate) fn host_url(text: &str) -> Option<String> {
    HostUrl::new(text).ok().map(|url| url.href())
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = URL)]
    type HostUrl;
    #[wasm_bindgen(constructor, js_class = "URL", catch)]
    fn new(text: &str) -> std::result::Result<HostUrl, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn href(this: &HostUrl) -> String;
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn random_values(bytes: &Uint8Array) -> std::result::Result<JsValue, JsValue>;
}

/// A point of the host's monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Instant(Duration);

pub(crate) fn now() -> Instant {
    Instant(Duration::from_secs_f64((performance_now() / 1000.0).max(0.0)))
}

impl Instant {
    pub(crate) fn checked_add(&self, duration: Duration) -> Option<Self> {
        self.0.checked_add(duration).map(Self)
    }

    pub(crate) fn checked_sub(&self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(duration).map(Self)
    }

    pub(crate) fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

pub(crate) fn unix_time() -> Duration {
    Duration::from_millis(js_sys::Date::now() as u64)
}

/// Ends after its time; its timer is cleared when it is dropped earlier.
pub(crate) struct Sleep {
    promise: JsFuture,
    timer: JsValue,
    end: Function,
}

/// setTimeout counts milliseconds in 31 bits; a longer wait would end at once, so it ends after 24 days.
pub(crate) fn sleep(duration: Duration) -> Sleep {
    let milliseconds = i32::try_from(duration.as_millis()).unwrap_or(i32::MAX);
    let (mut timer, mut end) = (JsValue::UNDEFINED, JsValue::UNDEFINED);
    let promise = Promise::new(&mut |resolve, _| {
        timer = set_timeout(&resolve, milliseconds);
        end = resolve.into();
    });
    Sleep { promise: promise.into(), timer, end: end.unchecked_into() }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.promise).poll(cx).map(|_| ())
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
        // Its end is news for nobody any more: a task that drops a timer at each poll would wake itself forever.
        let _ = Pin::new(&mut self.promise).poll(&mut Context::from_waker(Waker::noop()));
        // A JsFuture is freed only once its promise is settled; a promise's own resolve function does not throw.
        let _ = self.end.call0(&JsValue::UNDEFINED);
    }
}

pub(crate) fn random() -> Result<[u8; 16]> {
    let bytes = Uint8Array::new_with_length(16);
    random_values(&bytes).map_err(|_| Error::new(ErrorKind::Unsupported, "This host has no crypto.getRandomValues"))?;
    let mut random = [0; 16];
    bytes.copy_to(&mut random);
    Ok(random)
}

/// What is only of use with one is left out of the program.
pub(crate) const HAS_ENVIRONMENT: bool = false;

/// Not every host has an environment, and those that have one keep it to themselves.
pub(crate) fn env_var(_: &str) -> Option<String> {
    None
}

/// Nor files.
pub(crate) fn read_file_at_most(_: &Path, _: usize) -> io::Result<Option<Vec<u8>>> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn file_length(_: &Path) -> io::Result<Option<u64>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "a JavaScript host shows no files"))
}

/// There is none.
pub(crate) enum FileReader {}

impl FileReader {
    pub(crate) fn open(_: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn poll_piece(&mut self, _: usize, _: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        match *self {}
    }
}

/// Blocking is impossible here.
pub(crate) enum Runtime {}

impl Runtime {
    pub(crate) fn new() -> Result<Self> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "A JavaScript host cannot block: use whimbrel::Client and await, or whimbrel::run for a whole program",
        ))
    }

    pub(crate) fn block_on<F: Future>(&self, _: F) -> Result<F::Output> {
        match *self {}
    }
}

/// Drives a program on the event loop; its error becomes an uncaught one, which hosts report and Node exits with.
pub(crate) fn run<E: std::fmt::Display>(program: impl Future<Output = std::result::Result<(), E>> + 'static) {
    let promise = wasm_bindgen_futures::future_to_promise(async move {
        match program.await {
            Ok(()) => Ok(JsValue::UNDEFINED),
            Err(error) => Err(js_sys::Error::new(&error.to_string()).into()),
        }
    });
    drop(promise);
}
