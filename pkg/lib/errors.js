// The errors, a tree with HTTPX's names. Names are literals, because minifiers rename classes.

/** What everything that this package throws by itself descends from. */
export class WhimbrelError extends Error {
  name = "WhimbrelError";

  constructor(message, { kind, url, response, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.code = kind && `ERR_${kind.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase()}`;
    this.url = url;
    // Not enumerable: what is logged of an error must not be a whole response.
    Object.defineProperty(this, "response", { value: response, configurable: true });
  }
}

/** The package's WebAssembly did not start. */
export class InitError extends WhimbrelError {
  name = "InitError";

  constructor(code, message, cause) {
    super(message, { kind: "Init", cause });
    this.code = code;
  }
}

export class HTTPError extends WhimbrelError { name = "HTTPError"; }
export class RequestError extends HTTPError { name = "RequestError"; }
export class TransportError extends RequestError { name = "TransportError"; }

export class TimeoutException extends TransportError { name = "TimeoutException"; }
export class ConnectTimeout extends TimeoutException { name = "ConnectTimeout"; }
export class ReadTimeout extends TimeoutException { name = "ReadTimeout"; }
export class WriteTimeout extends TimeoutException { name = "WriteTimeout"; }
export class PoolTimeout extends TimeoutException { name = "PoolTimeout"; }
export class TotalTimeout extends TimeoutException { name = "TotalTimeout"; }

export class NetworkError extends TransportError { name = "NetworkError"; }
export class ConnectError extends NetworkError { name = "ConnectError"; }
export class DnsError extends ConnectError { name = "DnsError"; }
export class TlsError extends ConnectError { name = "TlsError"; }
export class ReadError extends NetworkError { name = "ReadError"; }
export class WriteError extends NetworkError { name = "WriteError"; }
export class CloseError extends NetworkError { name = "CloseError"; }

export class ProtocolError extends TransportError { name = "ProtocolError"; }
export class LocalProtocolError extends ProtocolError { name = "LocalProtocolError"; }
export class RemoteProtocolError extends ProtocolError { name = "RemoteProtocolError"; }

export class ProxyError extends TransportError { name = "ProxyError"; }
export class UnsupportedProtocol extends TransportError { name = "UnsupportedProtocol"; }
export class DecodingError extends RequestError { name = "DecodingError"; }
export class TooManyRedirects extends RequestError { name = "TooManyRedirects"; }
export class LimitExceeded extends RequestError { name = "LimitExceeded"; }
export class HTTPStatusError extends HTTPError { name = "HTTPStatusError"; }

export class InvalidURL extends WhimbrelError { name = "InvalidURL"; }
export class CookieConflict extends WhimbrelError { name = "CookieConflict"; }
export class StreamConsumed extends WhimbrelError { name = "StreamConsumed"; }
export class UnsupportedOnPlatform extends WhimbrelError { name = "UnsupportedOnPlatform"; }
