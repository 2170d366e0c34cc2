//! What others test their clients with, as tables.

mod cookies;
mod urls;
