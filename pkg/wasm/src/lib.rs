//! Links whimbrel, whose exports to JavaScript are all that is wanted.

extern crate whimbrel;
