/** The stable codes of errors that a caller can cause or must hear of. */
export type ErrorCode =
  /** An argument has the wrong type or is out of range. */
  | 'ERR_INVALID_ARGUMENT'
  /** The call is not allowed in the present state. */
  | 'ERR_INVALID_STATE'
  /** The call asks for something that does not exist or is not allowed. */
  | 'ERR_INVALID_ACCESS'
  /** What was asked for changes what must not change (W3C `InvalidModificationError`). */
  | 'ERR_INVALID_MODIFICATION'
  /** A session description or candidate does not parse; the message names the line. */
  | 'ERR_SDP_SYNTAX'
  /** A session description is well formed but cannot be applied. */
  | 'ERR_OPERATION'
  /** A message is larger than the peer accepts (`a=max-message-size`). */
  | 'ERR_MESSAGE_TOO_LARGE'
  /** The object was closed. */
  | 'ERR_CLOSED'
  /** No stream id, buffer or slot is left. */
  | 'ERR_RESOURCE'
  /** The connection or channel failed; the message says why. */
  | 'ERR_NETWORK'
  /** The crypto provider or runtime cannot do what was asked for. */
  | 'ERR_NOT_SUPPORTED'
  /** A key, signature or certificate is not valid. */
  | 'ERR_CRYPTO'
  /** Something took longer than its limit. */
  | 'ERR_TIMEOUT';

/**
 * An error for the caller: misuse of an interface, or a failure that ends a call. What the network sends never causes one.
 *
 * @example
 * try { channel.trySend(huge); } catch (error) { if (error instanceof RtcError && error.code === 'ERR_MESSAGE_TOO_LARGE') split(huge); }
 */
export class RtcError extends Error {
  override readonly name = 'RtcError';
  readonly code: ErrorCode;
  /** The line of the session description that the error is about, counted from 1. */
  readonly line: number | undefined;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown; readonly line?: number }) {
    super(message, options && 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.line = options?.line;
  }
}

/** What the network sent cannot be decoded. Thrown by decoders only; a machine turns it into a counted drop. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  /** What was being decoded, for the name of the drop counter, as in `stun.attribute`. */
  readonly what: string;

  constructor(what: string, message: string) {
    super(`${what}: ${message}`);
    this.what = what;
  }
}
