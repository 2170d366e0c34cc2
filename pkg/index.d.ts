/**
 * One HTTP client for browsers, Node and every other host that has `fetch`, with HTTPX's semantics.
 *
 * There is nothing to initialise: the WebAssembly inside is compiled when the first client is made.
 *
 * @example
 * import { Client, get } from "whimbrel";
 *
 * const users = (await get("https://api.example.org/users", { params: { limit: 10 } })).raiseForStatus().json();
 *
 * await using client = new Client({ baseUrl: "https://api.example.org/v1", timeout: 10_000 });
 * await client.post("/users", { json: { name: "Numenius" } });
 *
 * @module
 */

/** A value in a query, a form or a header. `null` is the empty text; `undefined` leaves the name out. */
export type Scalar = string | number | bigint | boolean | null | undefined;

/**
 * Names and values in order: an object, whose values may be lists, or anything that iterates over pairs (`URLSearchParams`,
 * `Map`, `Headers`, a list of pairs).
 */
export type Pairs = Readonly<Record<string, Scalar | readonly Scalar[]>> | Iterable<readonly [string, Scalar | readonly Scalar[]]>;

/** Query parameters: pairs, or a query such as `"a=1&b=2"`. */
export type Params = Pairs | string;

/** How long each phase may take, in milliseconds; `null` is no limit. What is left out stays as it was. */
export interface TimeoutOptions {
  /** Making the connection. Hosts with `fetch` do not show it: `read` covers it there, `connect` counts if `read` is `null`. */
  connect?: number | null;
  /** Waiting for the response's head, and for each piece of its body. */
  read?: number | null;
  /** Waiting until more of the request can be written. Has no meaning with `fetch`. */
  write?: number | null;
  /** Waiting for a free connection. Has no meaning with `fetch`. */
  pool?: number | null;
  /** The whole request, redirects and the body included. `null` by default. */
  total?: number | null;
}

/** Milliseconds for each phase but `total`, a limit for each, or `null` for no limit at all. 5,000 by default. */
export type Timeout = number | TimeoutOptions | null;

/** Credentials: `[user, password]` for Basic, {@link basic}, {@link bearer}; `null` for none. */
export type Auth = readonly [user: string, password: string] | readonly [token: string] | null;

/** What a {@link Client} and a request can both be told. */
export interface SharedOptions {
  /** Query parameters. A request's are merged over the client's, and together they replace the query of the URL. */
  params?: Params;
  /** Header fields. A request's stand in place of the client's of the same name. */
  headers?: Pairs;
  /** Cookies to send. In a browser, which keeps the cookies itself, they are {@link UnsupportedOnPlatform}. */
  cookies?: Pairs;
  /** Authentication. A request's stands in place of the client's; `null` is none, not even the URL's. */
  auth?: Auth;
  /** Timeouts in milliseconds. A request's are merged over the client's. */
  timeout?: Timeout;
  /** Follows redirects; off by default. A browser always follows them, so `false` is {@link UnsupportedOnPlatform} there. */
  followRedirects?: boolean;
}

/** What a {@link Client} is configured with. An option that is not listed here is a `TypeError`. */
export interface ClientOptions extends SharedOptions {
  /** Requests with a relative URL are appended to this one; never joined as RFC 3986 would. */
  baseUrl?: string | URL;
  /** The most redirects that are followed: 20 by default. In a browser it is {@link UnsupportedOnPlatform}. */
  maxRedirects?: number;
  /** The charset of text whose Content-Type names none: `"utf-8"` by default. Any label that `TextDecoder` knows. */
  defaultEncoding?: string;
  /** Another function in place of the global `fetch`. */
  fetch?: (url: string, init: RequestInit) => Promise<globalThis.Response>;
}

/** What a body can be produced from while it is sent. */
export type ContentStream =
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>;

/** What a single request can be told. It has one body at most. An option that is not listed here is a `TypeError`. */
export interface RequestOptions extends SharedOptions {
  /** Ends the request; what was awaited then throws the signal's reason itself. */
  signal?: AbortSignal;
  /**
   * Text, bytes, a Blob or a stream as they are. Only a Blob with a type brings a Content-Type. A stream can be sent once, and
   * where the browser cannot send it, it is {@link UnsupportedOnPlatform}.
   */
  content?: string | ArrayBuffer | ArrayBufferView | Blob | ContentStream;
  /** A JSON body. */
  json?: unknown;
  /** A form, `application/x-www-form-urlencoded`; a `FormData`, which may have files, is sent as `multipart/form-data`. */
  data?: Params | FormData;
}

/** What a response shows before its body is read. */
interface ResponseHead {
  /** The status code. */
  readonly status: number;
  /** The reason as the host tells it; it may be empty. */
  readonly statusText: string;
  /** The URL that answered. */
  readonly url: string;
  /** The header fields, as far as the host shows them. */
  readonly headers: Headers;
  /** The redirects before this response, oldest first. Empty where the host follows them by itself. */
  readonly history: readonly Response[];
  /** The charset in which text is read: Content-Type's, else the client's default. It can be set. */
  encoding: string;
  /** 2xx. */
  readonly ok: boolean;
  /** 3xx. */
  readonly isRedirect: boolean;
  /** 4xx. */
  readonly isClientError: boolean;
  /** 5xx. */
  readonly isServerError: boolean;
  /**
   * The response itself if it is a success.
   * @throws {HTTPStatusError} on anything but 2xx.
   */
  raiseForStatus(): this;
}

/** A response with its whole body: nothing is left to await. */
export class Response implements ResponseHead {
  private constructor();
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly headers: Headers;
  readonly history: readonly Response[];
  encoding: string;
  readonly ok: boolean;
  readonly isRedirect: boolean;
  readonly isClientError: boolean;
  readonly isServerError: boolean;
  raiseForStatus(): this;
  /** Milliseconds from sending the request to the end of the body. */
  readonly elapsed: number;
  /** The body, decoded by its Content-Encoding. */
  bytes(): Uint8Array;
  /** The body as text in `encoding`, with replacements where it is not valid. */
  text(): string;
  /**
   * The body as JSON.
   * @throws {DecodingError} if it is not.
   */
  json<T = unknown>(): T;
}

/**
 * A response whose head is there and whose body is read as it comes, once: by `bytes`, `text`, `lines` or `read`. Iterating
 * over it gives bytes. Stopping early ends the request, and so does leaving an `await using`.
 */
export class StreamingResponse implements ResponseHead, AsyncIterable<Uint8Array> {
  private constructor();
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly headers: Headers;
  readonly history: readonly Response[];
  encoding: string;
  readonly ok: boolean;
  readonly isRedirect: boolean;
  readonly isClientError: boolean;
  readonly isServerError: boolean;
  raiseForStatus(): this;
  /** How many bytes of the body, decoded by the host, `bytes`, `text` and `lines` have given so far. */
  readonly bytesDownloaded: number;
  /** The pieces of the body. */
  bytes(): AsyncGenerator<Uint8Array, void, void>;
  /** The body as text, piece by piece. */
  text(): AsyncGenerator<string, void, void>;
  /** The lines of the body without their ends, which are `\n`, `\r\n` or `\r`. One of more than 64 Mi characters is a `LimitExceeded` error. */
  lines(): AsyncGenerator<string, void, void>;
  /** Reads the whole body. */
  read(): Promise<Response>;
  /** Ends the request. What is not read then stays unread. */
  close(): Promise<void>;
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes requests that share configuration and cookies. A cookie goes back to the host that set it, whatever its `Domain` says. In a
 * browser the cookies are the browser's.
 *
 * @example
 * await using client = new Client({ baseUrl: "https://api.example.org/v1", auth: bearer("token") });
 * const response = await client.get("/users", { params: { limit: 10 } });
 */
export class Client {
  /**
   * @throws {InvalidURL} if `baseUrl` is none.
   * @throws {UnsupportedOnPlatform} if the host cannot honour an option.
   * @throws {InitError} if the host does not run the package's WebAssembly.
   */
  constructor(options?: ClientOptions);
  /**
   * Sends a request and reads its response. A status such as 404 is no error: see {@link Response.raiseForStatus}.
   * @throws {WhimbrelError} one of its descendants; or the reason of the signal.
   */
  request(method: string, url: string | URL, options?: RequestOptions): Promise<Response>;
  /** Sends a request and returns as soon as the response's head is there. */
  stream(method: string, url: string | URL, options?: RequestOptions): Promise<StreamingResponse>;
  /** A `GET` request. See {@link Client.request}. */
  get(url: string | URL, options?: RequestOptions): Promise<Response>;
  /** An `OPTIONS` request. See {@link Client.request}. */
  options(url: string | URL, options?: RequestOptions): Promise<Response>;
  /** A `HEAD` request. See {@link Client.request}. */
  head(url: string | URL, options?: RequestOptions): Promise<Response>;
  /** A `POST` request. See {@link Client.request}. */
  post(url: string | URL, options?: RequestOptions): Promise<Response>;
  /** A `PUT` request. See {@link Client.request}. */
  put(url: string | URL, options?: RequestOptions): Promise<Response>;
  /** A `PATCH` request. See {@link Client.request}. */
  patch(url: string | URL, options?: RequestOptions): Promise<Response>;
  /** A `DELETE` request. See {@link Client.request}. */
  delete(url: string | URL, options?: RequestOptions): Promise<Response>;
  /** Sends no more requests. Those under way go on. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A request with a client of its own. See {@link Client.request}. */
export function request(method: string, url: string | URL, options?: RequestOptions): Promise<Response>;
/** A streamed request with a client of its own. See {@link Client.stream}. */
export function stream(method: string, url: string | URL, options?: RequestOptions): Promise<StreamingResponse>;
/** A `GET` request with a client of its own. */
export function get(url: string | URL, options?: RequestOptions): Promise<Response>;
/** An `OPTIONS` request with a client of its own. */
export function options(url: string | URL, options?: RequestOptions): Promise<Response>;
/** A `HEAD` request with a client of its own. */
export function head(url: string | URL, options?: RequestOptions): Promise<Response>;
/** A `POST` request with a client of its own. */
export function post(url: string | URL, options?: RequestOptions): Promise<Response>;
/** A `PUT` request with a client of its own. */
export function put(url: string | URL, options?: RequestOptions): Promise<Response>;
/** A `PATCH` request with a client of its own. */
export function patch(url: string | URL, options?: RequestOptions): Promise<Response>;
/** A `DELETE` request with a client of its own; import it by another name: `import { delete as del } from "whimbrel"`. */
declare function delete_(url: string | URL, options?: RequestOptions): Promise<Response>;
export { delete_ as delete };

/** Basic authentication (RFC 7617), in UTF-8. */
export function basic(user: string, password: string): Auth;
/** A bearer token (RFC 6750). */
export function bearer(token: string): Auth;

/** The kinds of errors, the same on every target of whimbrel. */
export type ErrorKind =
  | "BodyConsumed" | "Close" | "Connect" | "ConnectTimeout" | "CookieConflict" | "Decoding" | "Dns" | "Init" | "InvalidUrl"
  | "LimitExceeded" | "LocalProtocol" | "PoolTimeout" | "Proxy" | "Read" | "ReadTimeout" | "RemoteProtocol" | "Status" | "Tls"
  | "TooManyRedirects" | "TotalTimeout" | "Unsupported" | "UnsupportedProtocol" | "Write" | "WriteTimeout";

/** What everything that this package throws by itself descends from. Wrong arguments are a `TypeError`. */
export class WhimbrelError extends Error {
  protected constructor();
  /** The class's name, which no minifier changes. */
  override name: string;
  /** What kind of error it is. Errors of a closed client have none. */
  readonly kind?: ErrorKind;
  /** The kind in Node's way, such as `"ERR_CONNECT_TIMEOUT"`. */
  readonly code?: string;
  /** The URL of the request, without credentials. */
  readonly url?: string;
  /** The response, where the error is about one that arrived. */
  readonly response?: Response | StreamingResponse;
}

/** The package's WebAssembly did not start; `code` is `ERR_WASM_UNSUPPORTED` or `ERR_WASM_DISALLOWED`. */
export class InitError extends WhimbrelError {
  override readonly kind: "Init";
}
/** A request failed, or its response's status was no success. */
export class HTTPError extends WhimbrelError {}
/** A request failed. */
export class RequestError extends HTTPError {}
/** Something failed between the client and the server. */
export class TransportError extends RequestError {}
/** A timeout. */
export class TimeoutException extends TransportError {
  override readonly kind: "ConnectTimeout" | "ReadTimeout" | "WriteTimeout" | "PoolTimeout" | "TotalTimeout";
}
/** No connection within `timeout.connect`. */
export class ConnectTimeout extends TimeoutException {
  override readonly kind: "ConnectTimeout";
}
/** Nothing arrived within `timeout.read`. */
export class ReadTimeout extends TimeoutException {
  override readonly kind: "ReadTimeout";
}
/** Nothing could be written within `timeout.write`. */
export class WriteTimeout extends TimeoutException {
  override readonly kind: "WriteTimeout";
}
/** No connection became free within `timeout.pool`. */
export class PoolTimeout extends TimeoutException {
  override readonly kind: "PoolTimeout";
}
/** The whole request took longer than `timeout.total`. */
export class TotalTimeout extends TimeoutException {
  override readonly kind: "TotalTimeout";
}
/** The network failed. */
export class NetworkError extends TransportError {
  override readonly kind: "Connect" | "Dns" | "Tls" | "Read" | "Write" | "Close";
}
/** No connection could be made. Browsers tell no more than that. */
export class ConnectError extends NetworkError {
  override readonly kind: "Connect" | "Dns" | "Tls";
}
/** The host name could not be resolved. */
export class DnsError extends ConnectError {
  override readonly kind: "Dns";
}
/** TLS could not be set up, for example with a certificate that is not trusted. */
export class TlsError extends ConnectError {
  override readonly kind: "Tls";
}
/** The response broke off. */
export class ReadError extends NetworkError {
  override readonly kind: "Read";
}
/** The request could not be written. */
export class WriteError extends NetworkError {
  override readonly kind: "Write";
}
/** Closing a connection failed. */
export class CloseError extends NetworkError {
  override readonly kind: "Close";
}
/** One side broke HTTP's rules. */
export class ProtocolError extends TransportError {
  override readonly kind: "LocalProtocol" | "RemoteProtocol";
}
/** The request breaks HTTP's rules, such as a header with a line break. */
export class LocalProtocolError extends ProtocolError {
  override readonly kind: "LocalProtocol";
}
/** The response breaks HTTP's rules. */
export class RemoteProtocolError extends ProtocolError {
  override readonly kind: "RemoteProtocol";
}
/** The proxy refused or failed. */
export class ProxyError extends TransportError {
  override readonly kind: "Proxy";
}
/** The URL has no scheme, or one that is neither `http` nor `https`. */
export class UnsupportedProtocol extends TransportError {
  override readonly kind: "UnsupportedProtocol";
}
/** The body is not what its headers say, or not the JSON that was asked for. */
export class DecodingError extends RequestError {
  override readonly kind: "Decoding";
}
/** More redirects than `maxRedirects`. */
export class TooManyRedirects extends RequestError {
  override readonly kind: "TooManyRedirects";
}
/** A limit was exceeded. */
export class LimitExceeded extends RequestError {
  override readonly kind: "LimitExceeded";
}
/** {@link Response.raiseForStatus} met a response that is no success. */
export class HTTPStatusError extends HTTPError {
  override readonly kind: "Status";
}
/** The URL cannot be parsed. */
export class InvalidURL extends WhimbrelError {
  override readonly kind: "InvalidUrl";
}
/** Several cookies have the name that was asked for. */
export class CookieConflict extends WhimbrelError {
  override readonly kind: "CookieConflict";
}
/** A body that can be read or sent only once was needed again. */
export class StreamConsumed extends WhimbrelError {
  override readonly kind: "BodyConsumed";
}
/** The host cannot do what was asked. The message says why, and what to do. */
export class UnsupportedOnPlatform extends WhimbrelError {
  override readonly kind: "Unsupported";
}
