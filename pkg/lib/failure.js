// From kinds and failures, which the core tells, to errors.

import * as errors from "./errors.js";

const BY_KIND = {
  BodyConsumed: errors.StreamConsumed,
  Close: errors.CloseError,
  Connect: errors.ConnectError,
  ConnectTimeout: errors.ConnectTimeout,
  CookieConflict: errors.CookieConflict,
  Decoding: errors.DecodingError,
  Dns: errors.DnsError,
  InvalidUrl: errors.InvalidURL,
  LimitExceeded: errors.LimitExceeded,
  LocalProtocol: errors.LocalProtocolError,
  PoolTimeout: errors.PoolTimeout,
  Proxy: errors.ProxyError,
  Read: errors.ReadError,
  ReadTimeout: errors.ReadTimeout,
  RemoteProtocol: errors.RemoteProtocolError,
  Status: errors.HTTPStatusError,
  Tls: errors.TlsError,
  TooManyRedirects: errors.TooManyRedirects,
  TotalTimeout: errors.TotalTimeout,
  Unsupported: errors.UnsupportedOnPlatform,
  UnsupportedProtocol: errors.UnsupportedProtocol,
  Write: errors.WriteError,
  WriteTimeout: errors.WriteTimeout,
};

/** An error of this kind, in the class that belongs to it. */
export function errorOf(kind, message, details) {
  return new (BY_KIND[kind] ?? errors.WhimbrelError)(message, { kind, ...details });
}

/** The core's failure as an error; what is none stays what it is. */
export function fromFailure(failure) {
  const { kind, message, url } = Object(failure);
  return typeof kind === "string" && !(failure instanceof Error) ? errorOf(kind, message, { url }) : failure;
}
