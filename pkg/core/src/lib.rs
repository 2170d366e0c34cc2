//! Links whimbrel's JavaScript face, whose exports `pkg/index.js` calls.

extern crate whimbrel as _;
