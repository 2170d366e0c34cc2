// Options in the plain form that the core reads (src/js/options.rs): names and values as strings, one after the other.

const CLIENT = ["baseUrl", "params", "headers", "cookies", "auth", "timeout", "followRedirects", "maxRedirects", "defaultEncoding", "fetch"];
const REQUEST = ["params", "headers", "cookies", "auth", "timeout", "followRedirects", "signal", "content", "json", "data"];
const PHASES = ["connect", "read", "write", "pool", "total"];
const DEFAULTS = { connect: 5_000, read: 5_000, write: 5_000, pool: 5_000, total: null };

/** The options of a client. */
export function clientOptions(options) {
  known(options, CLIENT);
  return {
    baseUrl: options.baseUrl?.toString(),
    ...shared(options, DEFAULTS),
    timeout: timeouts(options.timeout ?? (options.timeout === null ? null : DEFAULTS), DEFAULTS),
    maxRedirects: options.maxRedirects,
    fetch: options.fetch,
  };
}

/** The options of a request by a client with these timeouts. A body that is read asynchronously makes a promise of it. */
export async function requestOptions(options, defaults) {
  known(options, REQUEST);
  return { ...shared(options, defaults), ...(await body(options)) };
}

function shared(options, defaults) {
  return {
    params: options.params === undefined ? undefined : pairs(options.params),
    headers: wellFormed(pairs(options.headers)),
    cookies: pairs(options.cookies),
    auth: credentials(options.auth),
    timeout: options.timeout === undefined ? undefined : timeouts(options.timeout, defaults),
    followRedirects: options.followRedirects,
  };
}

/** What is not known would be ignored, and the request another one than was meant. */
function known(options, names) {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw new TypeError(`Unknown option '${name}'; there are ${names.join(", ")}`);
  }
}

/** Auth as basic and bearer make it, or a pair; null is none, not even the client's. */
function credentials(auth) {
  if (auth === undefined) return undefined;
  if (auth === null) return [];
  if (Array.isArray(auth) && (auth.length === 1 || auth.length === 2)) return auth.map(String);
  throw new TypeError("auth is [user, password], basic(user, password), bearer(token) or null");
}

function timeouts(timeout, defaults) {
  if (timeout === null) return Object.fromEntries(PHASES.map((phase) => [phase, null]));
  if (typeof timeout === "number") return timeouts({ connect: timeout, read: timeout, write: timeout, pool: timeout }, defaults);
  known(timeout, PHASES);
  const merged = { ...defaults, ...timeout };
  for (const [phase, limit] of Object.entries(merged)) {
    if (limit !== null && !(limit >= 0)) throw new TypeError(`timeout.${phase} is milliseconds, or null for no limit`);
  }
  return merged;
}

/** Names and values, flat: of an object (with lists as values), of anything that iterates over pairs, or of a query. */
export function pairs(given) {
  if (given === undefined || given === null) return [];
  if (typeof given === "string") given = new URLSearchParams(given);
  const entries = typeof given[Symbol.iterator] === "function" ? [...given] : Object.entries(given);
  return entries.flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return values.filter((value) => value !== undefined).flatMap((value) => [String(name), value === null ? "" : String(value)]);
  });
}

/** Half of a surrogate pair is no character: UTF-8 has another one in its place, which nobody wrote. */
function wellFormed(texts) {
  if (texts.some((text) => /\p{Surrogate}/u.test(text))) throw new TypeError("A header has half of a surrogate pair in it");
  return texts;
}

async function body({ content, json, data }) {
  const given = [content, json, data].filter((body) => body !== undefined);
  if (given.length > 1) throw new TypeError("A request has one body: content, json or data");
  if (json !== undefined) return { content: utf8(JSON.stringify(json)), contentType: "application/json" };
  // A form with files is the host's to encode: it chooses the boundary, and reads the files.
  if (brand(data) === "FormData") return encoded(data, true);
  if (data !== undefined) return { form: pairs(data) };
  return content === undefined || content === null ? {} : contentOf(content);
}

function contentOf(content) {
  if (typeof content === "string") return { content: utf8(content) };
  if (ArrayBuffer.isView(content)) return { content: new Uint8Array(content.buffer, content.byteOffset, content.byteLength) };
  if (["ArrayBuffer", "SharedArrayBuffer"].includes(brand(content))) return { content: new Uint8Array(content) };
  if (["Blob", "File"].includes(brand(content))) return encoded(content, content.type !== "");
  if (content[Symbol.asyncIterator] || content[Symbol.iterator] || content.getReader) return { stream: pieces(content) };
  throw new TypeError("content is text, bytes, a Blob, a ReadableStream or an iterable of text or bytes");
}

/** By name: classes of another realm are none of this one's. */
function brand(value) {
  return value?.[Symbol.toStringTag];
}

async function encoded(body, typed) {
  const host = new Response(body);
  const contentType = typed ? (host.headers.get("content-type") ?? undefined) : undefined;
  return { content: new Uint8Array(await host.arrayBuffer()), contentType };
}

/** Pieces of bytes, one call at a time. */
function pieces(content) {
  const iterator = content[Symbol.asyncIterator]?.() ?? content[Symbol.iterator]?.() ?? reading(content);
  return {
    async next() {
      const { done, value } = await iterator.next();
      if (done) return undefined;
      return typeof value === "string" ? utf8(value) : contentOf(value).content;
    },
  };
}

/** Not every browser's streams can be iterated. */
function reading(stream) {
  const reader = stream.getReader();
  return { next: () => reader.read() };
}

function utf8(text) {
  return new TextEncoder().encode(text);
}
