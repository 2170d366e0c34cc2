//! Servers and proxies that others wrote, natively, so that not only our own are talked to. (`scripts/setup` installs them.)
#![cfg(not(target_family = "wasm"))]

mod apache;
mod certificates;
mod http2;
mod nginx;
mod nginx_tls;
mod proxies;
mod running;
mod site;
