// The package's front door. The requests themselves are made by the WebAssembly core: redirects, auth, merging, timeouts.

import { core } from "./lib/core.js";
import { WhimbrelError } from "./lib/errors.js";
import { fromFailure } from "./lib/failure.js";
import { clientOptions, requestOptions } from "./lib/options.js";
import { Call, Response, StreamingResponse } from "./lib/response.js";

export * from "./lib/errors.js";
export { Response, StreamingResponse };

export class Client {
  #core;
  #timeout;
  #defaultEncoding;

  constructor(options = {}) {
    const plain = clientOptions(options);
    this.#timeout = plain.timeout;
    this.#defaultEncoding = options.defaultEncoding ?? "utf-8";
    try {
      this.#core = core(plain);
    } catch (failure) {
      throw fromFailure(failure);
    }
  }

  async request(method, url, options = {}) {
    const { exchange, call } = await this.#exchange(method, url, options);
    try {
      const head = await call.run(exchange.send());
      const body = await call.run(exchange.read());
      return new Response(head, body, exchange.elapsed(), this.#defaultEncoding);
    } finally {
      call.end();
      exchange.free();
    }
  }

  async stream(method, url, options = {}) {
    const { exchange, call } = await this.#exchange(method, url, options);
    try {
      const head = await call.run(exchange.send());
      return new StreamingResponse(head, exchange, call, this.#defaultEncoding);
    } catch (error) {
      call.end();
      throw error;
    }
  }

  async #exchange(method, url, options) {
    options ??= {};
    const { signal } = options;
    signal?.throwIfAborted();
    const plain = await requestOptions(options, this.#timeout);
    if (this.#core === undefined) throw new WhimbrelError("The client was closed");
    const exchange = this.#core.exchange(String(method), String(url), plain);
    return { exchange, call: new Call(exchange, signal) };
  }

  get(url, options) {
    return this.request("GET", url, options);
  }

  options(url, options) {
    return this.request("OPTIONS", url, options);
  }

  head(url, options) {
    return this.request("HEAD", url, options);
  }

  post(url, options) {
    return this.request("POST", url, options);
  }

  put(url, options) {
    return this.request("PUT", url, options);
  }

  patch(url, options) {
    return this.request("PATCH", url, options);
  }

  delete(url, options) {
    return this.request("DELETE", url, options);
  }

  /** Requests under way are not touched. */
  async close() {
    this.#core?.free();
    this.#core = undefined;
  }
}

if (Symbol.asyncDispose) Client.prototype[Symbol.asyncDispose] = Client.prototype.close;

/** What this does is done by a client of its own. */
async function once(use) {
  const client = new Client();
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

export const request = (method, url, options) => once((client) => client.request(method, url, options));
export const stream = (method, url, options) => once((client) => client.stream(method, url, options));

export const get = (url, options) => request("GET", url, options);
export const options = (url, options) => request("OPTIONS", url, options);
export const head = (url, options) => request("HEAD", url, options);
export const post = (url, options) => request("POST", url, options);
export const put = (url, options) => request("PUT", url, options);
export const patch = (url, options) => request("PATCH", url, options);
const delete_ = (url, options) => request("DELETE", url, options);
export { delete_ as delete };

export const basic = (user, password) => [String(user), String(password)];
export const bearer = (token) => [String(token)];
