//! What others test their clients with, as tables.

mod urls;
