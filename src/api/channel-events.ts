import type { RtcError } from '../core/index.ts';

/** What arrives: text as a string, binary as bytes that belong to the receiver. */
export type DataChannelMessage = string | Uint8Array;

/** What {@link DataChannel.poll} reports. */
export type DataChannelEvent =
  | { readonly type: 'open' }
  | { readonly type: 'message'; readonly data: DataChannelMessage }
  | { readonly type: 'bufferedamountlow' }
  | { readonly type: 'closing' }
  | { readonly type: 'error'; readonly error: RtcError }
  | { readonly type: 'close' };

/**
 * Takes what a channel reports, as it comes: the quickest way to receive. While a handler with `onMessage` is set,
 * messages go to it and not to `receive()`, `poll()` or iterators. Methods may be async, and are never waited for. What a method
 * throws is reported to the connection's `onError`.
 *
 * @example
 * channel.handler = { onMessage: (data) => console.log(data), onClose: () => console.log('over') };
 */
export interface DataChannelHandler {
  /** Messages can be sent from now on (W3C `open`). */
  onOpen?(): void | Promise<void>;
  /** A message came (W3C `message`). */
  onMessage?(data: DataChannelMessage): void | Promise<void>;
  /** `bufferedAmount` fell to {@link DataChannel.bufferedAmountLowThreshold} (W3C `bufferedamountlow`). */
  onBufferedAmountLow?(): void | Promise<void>;
  /** The peer closes the channel (W3C `closing`). */
  onClosing?(): void | Promise<void>;
  /** Why the channel closes, when that is a fault (W3C `error`): `ERR_NETWORK`, `ERR_MESSAGE_TOO_LARGE` or `ERR_RESOURCE`. */
  onError?(error: RtcError): void | Promise<void>;
  /** The channel is closed, and all that came before it was read (W3C `close`). */
  onClose?(): void | Promise<void>;
}
