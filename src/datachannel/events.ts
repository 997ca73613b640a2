import type { MessageMemory } from '../sctp/index.ts';

/** A channel to make (W3C `RTCDataChannelInit`). */
export interface DataChannelInit {
  /** At most 65,535 bytes of UTF-8. */
  readonly label: string;
  /** Default true. */
  readonly ordered?: boolean | undefined;
  /** How often a message is sent again before it is given up. Default: until it arrives. Not together with the lifetime. */
  readonly maxRetransmits?: number | undefined;
  /** How long a message may take before it is given up, in ms. */
  readonly maxPacketLifeTimeMs?: number | undefined;
  /** The name of the protocol spoken on the channel; at most 65,535 bytes of UTF-8. Default empty. */
  readonly protocol?: string | undefined;
  /** Both ends make the channel with the same `id`; nothing is announced. Default false. */
  readonly negotiated?: boolean | undefined;
  /** 0 to 65,534. Needed when negotiated, else chosen (RFC 8832 6). */
  readonly id?: number | undefined;
  /** Default 256, "low" (RFC 8831 6.4). */
  readonly priority?: number | undefined;
}

/** The life of a channel (W3C `RTCDataChannelState`). */
export type ChannelState = 'connecting' | 'open' | 'closing' | 'closed';

/** Why a channel is closed. */
export type ChannelCloseReason =
  /** One of the two ends closed it, or the association ended in order. */
  | 'closed'
  /** The association failed. */
  | 'failed'
  /** The peer sent a message that is larger than we accept. */
  | 'message-too-large'
  /** The peer broke the rules of the channel. */
  | 'protocol-violation'
  /** The association has no stream with its id, or none is left. */
  | 'no-stream';

/** A channel as others see it. Its fields change as it lives. */
export interface ChannelHandle {
  readonly label: string;
  readonly ordered: boolean;
  readonly maxRetransmits: number | undefined;
  readonly maxPacketLifeTimeMs: number | undefined;
  readonly protocol: string;
  readonly negotiated: boolean;
  readonly priority: number;
  /** `undefined` until it is given or the role is known. */
  readonly id: number | undefined;
  readonly state: ChannelState;
  /** Bytes of messages that were written and are not in a packet yet (W3C `bufferedAmount`). */
  readonly bufferedAmount: number;
  /** Messages and bytes of user data, since the beginning (W3C `RTCDataChannelStats`). */
  readonly messagesSent: number;
  readonly bytesSent: number;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
}

/** A message to send. The channels own `data` from here on: it must not change. */
export interface ChannelSend {
  readonly channel: ChannelHandle;
  /** False for text, which is given as UTF-8. */
  readonly binary: boolean;
  readonly data: Uint8Array;
  /** See `SctpSend.memory`. */
  readonly memory?: MessageMemory | undefined;
}

/** A message that arrived. */
export interface ChannelMessage {
  readonly channel: ChannelHandle;
  /** False for text, which is UTF-8 that was not checked. */
  readonly binary: boolean;
  readonly data: Uint8Array;
}

/** What channels report. */
export type DataChannelEvent =
  /** A channel of ours can be written to. */
  | { readonly type: 'open'; readonly channel: ChannelHandle }
  /** The peer made a channel; it is open. */
  | { readonly type: 'incoming'; readonly channel: ChannelHandle }
  /** The peer closes a channel, or it broke. Nothing can be written any more; what came can still be read. */
  | { readonly type: 'closing'; readonly channel: ChannelHandle }
  | { readonly type: 'closed'; readonly channel: ChannelHandle; readonly reason: ChannelCloseReason }
  /** `bufferedAmount` fell. */
  | { readonly type: 'buffered'; readonly channel: ChannelHandle; readonly bufferedBytes: number };

/** What the association is asked to do: to reset streams, or to open its window. */
export type SctpCommand = { readonly type: 'reset'; readonly streamIds: readonly number[] } | { readonly type: 'release'; readonly bytes: number };
