//! Without the feature `http2` there is no connection of this kind.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::Context;

use http::Method;

use super::multiplex::StreamLease;
use super::pool::Permit;
use super::stream::Stream;
use super::{Answer, Failure};
use crate::config::TransportConfig;
use crate::connection::Facts;
use crate::error::{Error, ErrorKind, Result};
use crate::request::Request;

#[derive(Clone)]
pub(super) struct Connection(Arc<Infallible>);

impl Connection {
    pub(super) async fn catch_up(&self) {
        match *self.0 {}
    }

    pub(super) fn is_over(&mut self) -> bool {
        match *self.0 {}
    }
}

pub(super) fn drive(_: impl FnOnce() -> Vec<Connection>, _: &mut Context<'_>) {}

pub(super) enum Begun {}

impl Begun {
    pub(super) fn open(self, _: Permit) -> StreamLease {
        match self {}
    }
}

#[derive(Clone, Copy)]
pub(super) struct Settings;

impl Settings {
    pub(super) fn of(_: &TransportConfig) -> Self {
        Self
    }
}

/// Nobody asks for it: it is neither offered nor accepted as a setting.
pub(super) async fn begin(_: Stream, _: Facts, _: Settings) -> Result<Begun> {
    Err(Error::new(ErrorKind::Unsupported, "HTTP/2 needs the feature 'http2'"))
}

pub(super) enum Exchange {}

impl Exchange {
    pub(super) async fn begin(lease: StreamLease, _: &mut Request) -> std::result::Result<Self, Failure> {
        match *lease.connection.0 {}
    }

    pub(super) async fn run(self, _: &Method) -> std::result::Result<Answer, Failure> {
        match self {}
    }
}
