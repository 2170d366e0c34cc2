// Responses: their bodies stay the host's bytes, and text and JSON are made by the host.

import { errorOf, fromFailure } from "./failure.js";

const REDIRECTS = [301, 302, 303, 307, 308];
const STATUS_CLASS = { 1: "Informational response", 3: "Redirect response", 4: "Client error", 5: "Server error" };

/** A line without end would be all of memory. */
const LONGEST_LINE = 64 << 20;

/** What a response shows before its body is read. */
class Head {
  constructor(head, defaultEncoding) {
    this.status = head.status;
    this.statusText = head.statusText;
    this.url = head.url;
    this.headers = new Headers(head.headers);
    this.history = (head.history ?? []).map((earlier) => new Response(earlier, earlier.body, earlier.elapsed, defaultEncoding));
    this.encoding = charset(this.headers) ?? defaultEncoding;
  }

  get ok() {
    return this.status >= 200 && this.status < 300;
  }

  get isRedirect() {
    return this.status >= 300 && this.status < 400;
  }

  get isClientError() {
    return this.status >= 400 && this.status < 500;
  }

  get isServerError() {
    return this.status >= 500 && this.status < 600;
  }

  raiseForStatus() {
    if (this.ok) return this;
    const location = REDIRECTS.includes(this.status) ? this.headers.get("location") : null;
    const message =
      `${STATUS_CLASS[Math.trunc(this.status / 100)] ?? "Invalid status code"} '${this.status} ${printable(this.statusText)}' for url ` +
      `'${withoutCredentials(this.url)}'${location === null ? "" : `\nRedirect location: '${printable(withoutCredentials(location))}'`}\n` +
      `For more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/${this.status}`;
    throw errorOf("Status", message, { url: withoutCredentials(this.url), response: this });
  }
}

/** A response with its whole body. */
export class Response extends Head {
  #body;

  constructor(head, body, elapsed, defaultEncoding) {
    super(head, defaultEncoding);
    this.#body = body;
    this.elapsed = elapsed;
  }

  bytes() {
    return this.#body;
  }

  text() {
    return decoder(this.encoding).decode(this.#body);
  }

  json() {
    try {
      // JSON is UTF-8 whatever the charset says (RFC 8259 8.1); the decoder drops a byte order mark.
      return JSON.parse(new TextDecoder().decode(this.#body));
    } catch (cause) {
      const url = withoutCredentials(this.url);
      throw errorOf("Decoding", `The body is not JSON: ${cause.message} (for ${url})`, { url, response: this, cause });
    }
  }
}

/** A response whose body is still to be read. */
export class StreamingResponse extends Head {
  #exchange;
  #call;
  #defaultEncoding;
  #head;
  #state = "unread";

  constructor(head, exchange, call, defaultEncoding) {
    super(head, defaultEncoding);
    this.#head = head;
    this.#exchange = exchange;
    this.#call = call;
    this.#defaultEncoding = defaultEncoding;
    this.bytesDownloaded = 0;
  }

  /** The pieces of the body as they come. Whoever stops early ends the request. */
  async *bytes() {
    this.#start();
    try {
      for (let piece; (piece = await this.#call.run(this.#exchange.next())) !== undefined; ) {
        this.bytesDownloaded += piece.byteLength;
        if (piece.byteLength > 0) yield piece;
      }
    } finally {
      await this.close();
    }
  }

  [Symbol.asyncIterator]() {
    return this.bytes();
  }

  async *text() {
    const text = decoder(this.encoding);
    for await (const piece of this.bytes()) yield text.decode(piece, { stream: true });
    const rest = text.decode();
    if (rest !== "") yield rest;
  }

  /** Split at `\n`, `\r\n` and `\r`. A `\r` at the end of a piece waits for what follows it. What is no line yet is not searched again. */
  async *lines() {
    let partial = "";
    let held = "";
    for await (const text of this.text()) {
      const lines = (held + text).split(/\r\n|\n|\r(?!$)/);
      held = lines.at(-1).endsWith("\r") ? "\r" : "";
      if (held) lines.push(lines.pop().slice(0, -1));
      lines[0] = partial + lines[0];
      partial = lines.pop();
      yield* lines;
      if (partial.length > LONGEST_LINE) throw errorOf("LimitExceeded", "The response has a line of more than 64 Mi characters; text() reads text of any length", { url: withoutCredentials(this.url) });
    }
    if (partial !== "" || held) yield partial;
  }

  /** The rest of the body, as a response. */
  async read() {
    this.#start();
    try {
      const body = await this.#call.run(this.#exchange.read());
      return new Response(this.#head, body, this.#exchange.elapsed(), this.#defaultEncoding);
    } finally {
      await this.close();
    }
  }

  /** Ends the request, wherever it is. */
  async close() {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#exchange.abort();
    this.#call.end();
  }

  #start() {
    if (this.#state !== "unread") throw errorOf("BodyConsumed", "The body was read or closed already", { url: withoutCredentials(this.url) });
    this.#state = "reading";
  }
}

if (Symbol.asyncDispose) {
  StreamingResponse.prototype[Symbol.asyncDispose] = StreamingResponse.prototype.close;
}

/** One request under way: turns failures into errors, and ends with its signal, whose reason is then what is thrown. */
export class Call {
  #signal;
  #stop;
  #aborted;

  constructor(exchange, signal) {
    this.#signal = signal;
    this.#stop = () => {
      this.#aborted = { reason: signal.reason };
      exchange.abort();
    };
    if (signal?.aborted) this.#stop();
    signal?.addEventListener("abort", this.#stop, { once: true });
  }

  async run(promise) {
    try {
      return await promise;
    } catch (failure) {
      if (this.#aborted) throw this.#aborted.reason;
      if (failure === undefined) throw errorOf("BodyConsumed", "The response was closed while it was read");
      throw fromFailure(failure);
    }
  }

  /** No more listener is left on a signal that may live long. */
  end() {
    this.#signal?.removeEventListener("abort", this.#stop);
  }
}

function charset(headers) {
  return headers.get("content-type")?.match(/;\s*charset\s*=\s*"?([^\s;"]+)/i)?.[1].toLowerCase();
}

/** A charset that the host does not know is read as UTF-8, with replacements. */
function decoder(encoding) {
  try {
    return new TextDecoder(encoding);
  } catch {
    return new TextDecoder();
  }
}

/** What the server wrote does not drive the terminal that an error ends up on. */
function printable(text) {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, (letter) => `\\u{${letter.codePointAt(0).toString(16)}}`);
}

/** As it is, if it is no absolute URL: a Location need not be one. */
function withoutCredentials(text) {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  url.username = url.password = "";
  return url.href;
}
