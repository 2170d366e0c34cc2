//! Mounts: which URLs a transport is for, and which a proxy of the environment is for.

mod environment;
mod pattern;

pub(crate) use environment::{EnvironmentProxies, proxies};
pub(crate) use pattern::UrlPattern;
