//! Event hooks: what the user does with every request before it is sent, and with every response once its head is there.

use std::future::Future;
use std::sync::Arc;

use crate::backend::{BoxFuture, MaybeSend, MaybeSync};
use crate::error::Result;
use crate::request::{OnInformational, Request};
use crate::streaming::StreamingResponse;

/// What a hook may return: nothing, or a `Result` whose error ends the request.
pub trait IntoHookResult {
    /// As a `Result`.
    fn into_hook_result(self) -> Result<()>;
}

impl IntoHookResult for () {
    fn into_hook_result(self) -> Result<()> {
        Ok(())
    }
}

impl IntoHookResult for Result<()> {
    fn into_hook_result(self) -> Result<()> {
        self
    }
}

/// The hooks of a client, in the order in which they were added.
#[derive(Default)]
pub(super) struct Hooks {
    pub(super) request: Vec<Hook<Request>>,
    pub(super) response: Vec<Hook<StreamingResponse>>,
    pub(super) informational: Option<Arc<dyn OnInformational>>,
}

/// A function of the user's that sees a message, and may change it.
pub(super) enum Hook<M> {
    Sync(Box<dyn SyncHook<M>>),
    Async(Box<dyn AsyncHook<M>>),
}

impl<M: 'static> Hook<M> {
    pub(super) fn sync<R: IntoHookResult>(hook: impl Fn(&mut M) -> R + MaybeSend + MaybeSync + 'static) -> Self {
        Self::Sync(Box::new(move |message: &mut M| hook(message).into_hook_result()))
    }

    pub(super) fn future<F>(hook: impl Fn(M) -> F + MaybeSend + MaybeSync + 'static) -> Self
    where
        F: Future<Output = Result<M>> + MaybeSend + 'static,
    {
        Self::Async(Box::new(move |message| -> BoxFuture<'static, Result<M>> { Box::pin(hook(message)) }))
    }
}

/// Runs the hooks one after the other. The first error ends it, and drops the message: a response's connection is closed.
pub(super) async fn run<M>(hooks: &[Hook<M>], mut message: M) -> Result<M> {
    for hook in hooks {
        match hook {
            Hook::Sync(hook) => hook(&mut message)?,
            Hook::Async(hook) => message = hook(message).await?,
        }
    }
    Ok(message)
}

/// `dyn` allows one trait and the auto traits; these stand for the sum that the target needs.
pub(super) trait SyncHook<M>: Fn(&mut M) -> Result<()> + MaybeSend + MaybeSync {}
impl<M, F: Fn(&mut M) -> Result<()> + MaybeSend + MaybeSync> SyncHook<M> for F {}
pub(super) trait AsyncHook<M>: Fn(M) -> BoxFuture<'static, Result<M>> + MaybeSend + MaybeSync {}
impl<M, F: Fn(M) -> BoxFuture<'static, Result<M>> + MaybeSend + MaybeSync> AsyncHook<M> for F {}
