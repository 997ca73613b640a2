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
  /** Calls back with each message that comes. May be set again. */
  onMessage(callback: (message: ArrayBufferLike | ArrayBufferView | string) => void): void;
  /** Calls back whenever no more than `bytes` wait to be sent, after there were more. Set once. */
  onBufferedAmountLow(bytes: number, callback: () => void): void;
}

/** The labels of the channels of a connection, in the order in which they are opened. */
export const CHANNEL_LABELS = ['bench', 'beside'] as const;

export interface Connection {
  /** Resolves when they all can be used: as many as were asked for, in the order of the labels. */
  readonly channels: Promise<readonly Channel[]>;
  /** Takes what the other side signalled, in order. The description comes first. */
  signal(signal: Signal): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** The side that offers creates the channels. */
  readonly offers: boolean;
  /** How many channels: 1 or 2. */
  readonly channels: number;
  /** Fixes the UDP payload, in bytes, where the library can; by default it has its way. */
  readonly mtuBytes?: number;
  send(signal: Signal): void;
}

export interface Library {
  readonly name: string;
  /** Opens one connection on 127.0.0.1. */
  connect(options: ConnectOptions): Promise<Connection>;
}

/** Collects the channels of a connection by their labels, in whatever order they open. */
export class ChannelSet {
  readonly all: Promise<readonly Channel[]>;
  readonly #open: (Channel | undefined)[];
  #missing: number;
  #done: (channels: readonly Channel[]) => void = () => {};

  constructor(count: number) {
    this.#open = Array.from({ length: count }, () => undefined);
    this.#missing = count;
    this.all = new Promise((done) => (this.#done = done));
  }

  add(label: string, channel: Channel): void {
    const at = CHANNEL_LABELS.findIndex((name) => name === label);
    if (at < 0 || at >= this.#open.length || this.#open[at] !== undefined) return;
    this.#open[at] = channel;
    if (--this.#missing === 0) this.#done(this.#open as Channel[]);
  }
}
