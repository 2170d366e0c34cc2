//! The JavaScript face that the npm package stands on: `pkg/index.js` gives options their plain form and wraps what comes
//! back; what a request means is decided below, as for Rust programs.
//!
//! Bodies stay JavaScript's where only JavaScript reads them. No borrow is held while JavaScript runs, so that a callback
//! may use the client again.

mod exchange;
mod failure;
mod options;
mod upload;

use wasm_bindgen::prelude::*;

use self::exchange::Exchange;
use self::failure::failure;
use self::options::{ClientOptions, RequestOptions, client, request};

/// The client, to JavaScript a `Core`.
#[wasm_bindgen(js_name = Core)]
#[derive(Debug)]
pub struct Core {
    client: crate::Client,
}

#[wasm_bindgen(js_class = Core)]
impl Core {
    /// A client with these options. Throws a failure.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &ClientOptions) -> Result<Core, JsValue> {
        Ok(Self { client: client(options).map_err(failure)? })
    }

    /// A request that is not sent yet.
    pub fn exchange(&self, method: &str, url: &str, options: &RequestOptions) -> Exchange {
        Exchange::new(request(&self.client, method, url, options))
    }
}
