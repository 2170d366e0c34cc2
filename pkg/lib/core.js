// The WebAssembly module, compiled when it is first needed: importing the package costs nothing, and nobody calls an init.

import base64 from "../dist/base64.js";
import { Core, initSync } from "../dist/core.js";
import { InitError } from "./errors.js";

let ready = false;

/** A new core with these options in their plain form. */
export function core(options) {
  if (!ready) {
    start();
    ready = true;
  }
  return new Core(options);
}

function start() {
  if (typeof WebAssembly === "undefined") {
    throw new InitError("ERR_WASM_UNSUPPORTED", "This host has no WebAssembly");
  }
  try {
    initSync({ module: new WebAssembly.Module(bytes()) });
  } catch (cause) {
    throw new InitError("ERR_WASM_DISALLOWED", reason(cause), cause);
  }
}

function reason(cause) {
  return (
    `This host did not compile the package's WebAssembly: ${cause?.message ?? cause}. ` +
    "A Content-Security-Policy must allow it by script-src 'wasm-unsafe-eval'"
  );
}

function bytes() {
  return Uint8Array.fromBase64?.(base64) ?? Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
