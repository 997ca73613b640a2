/** Where the bytes of a message came from. */
export interface MessageMemory {
  /** They are no longer needed, and nobody reads them any more. */
  giveBack(data: Uint8Array): void;
}

/** A message to send. The association owns `data` from here on: it must not change. */
export interface SctpSend {
  readonly streamId: number;
  /** Payload protocol identifier, passed through to the peer. */
  readonly ppid: number;
  /** One byte at least: SCTP has no empty messages (RFC 9260 3.3.1). */
  readonly data: Uint8Array;
  readonly ordered: boolean;
  /** Give up after this many retransmissions (RFC 7496 3). */
  readonly maxRetransmits?: number | undefined;
  /** Give up this many ms after the message was written (RFC 7496, RFC 3758). */
  readonly lifetimeMs?: number | undefined;
  /** Gets `data` back when the peer has all of it. Without, or when the message is given up, it is left to the collector. */
  readonly memory?: MessageMemory | undefined;
  /** The weight of the stream from now on: 128 very low, 256 low (the default), 512 medium, 1024 high (RFC 8831 6.4). */
  readonly priority?: number | undefined;
}

/** A message that arrived whole. */
export interface SctpMessage {
  readonly streamId: number;
  readonly ppid: number;
  /** May be a view of a datagram's buffer. */
  readonly data: Uint8Array;
}

/** Why an association failed. */
export type SctpFailure =
  /** The peer no longer answers. */
  | 'timeout'
  /** The peer sent ABORT. */
  | 'aborted'
  /** The peer broke the protocol, and we sent ABORT. */
  | 'protocol-violation';

/** How a stream reset that we asked for ended (RFC 6525 4.4). */
export type SctpResetResult = 'performed' | 'denied' | 'failed';

/** What an association reports. */
export type SctpEvent =
  /** The peer has answered our INIT: what is written now goes out with the COOKIE ECHO, before `connected`. An end that only accepts has no such event. */
  | { readonly type: 'agreed'; readonly streamsOut: number; readonly streamsIn: number }
  /** Messages may go both ways. The stream counts are how many ids may be used: 0 to count − 1. */
  | { readonly type: 'connected'; readonly streamsOut: number; readonly streamsIn: number }
  /** The peer reset its outgoing side of these streams; an empty list means all streams (RFC 6525 4.1). */
  | { readonly type: 'incoming-reset'; readonly streamIds: readonly number[] }
  /** A reset of ours ended. After `performed` the ids may be used again in this direction. */
  | { readonly type: 'outgoing-reset'; readonly streamIds: readonly number[]; readonly result: SctpResetResult }
  /** Fewer bytes than before wait to be sent on this stream. One event per stream and turn, however often the amount fell. */
  | { readonly type: 'buffered'; readonly streamId: number; readonly bufferedBytes: number }
  /** A message larger than we accept came on this stream and was dropped. */
  | { readonly type: 'message-too-large'; readonly streamId: number }
  /** The association ended in order; `local` when we asked for it. */
  | { readonly type: 'closed'; readonly reason: 'local' | 'remote' }
  /** The association ended with loss. */
  | { readonly type: 'failed'; readonly reason: SctpFailure };

/** Where an association is (RFC 9260 4). `new` has not begun, `closed` is over. */
export type SctpState =
  | 'new'
  | 'cookie-wait'
  | 'cookie-echoed'
  | 'established'
  | 'shutdown-pending'
  | 'shutdown-sent'
  | 'shutdown-received'
  | 'shutdown-ack-sent'
  | 'closed';
