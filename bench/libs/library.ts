// What a library must be able to do to be measured. One file beside this one for each.

/** What goes from one peer to the other to connect; candidates trickle. */
export type Signal =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | { readonly type: 'candidate'; readonly candidate: string; readonly sdpMid: string };

/** An open, reliable and ordered data channel. */
export interface Channel {
  /** Bytes that wait to be sent, as the library counts them. */
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  /** Calls back with each message that comes. Set once, before the first message. */
  onMessage(callback: (message: ArrayBufferLike | ArrayBufferView | string) => void): void;
  /** Calls back whenever no more than `bytes` wait to be sent, after there were more. Set once. */
  onBufferedAmountLow(bytes: number, callback: () => void): void;
}

export interface Connection {
  /** Resolves when the channel can be used. */
  readonly channel: Promise<Channel>;
  /** Takes what the other side signalled, in order. The description comes first. */
  signal(signal: Signal): Promise<void>;
  close(): Promise<void>;
}

export interface Library {
  readonly name: string;
  /** Opens one connection with one channel, on 127.0.0.1. The side that offers creates the channel. */
  connect(offers: boolean, send: (signal: Signal) => void): Promise<Connection>;
}
