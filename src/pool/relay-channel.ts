import type { ChannelPort } from '../api/channel-port.ts';
import { DataChannel } from '../api/data-channel.ts';
import { Queue, RtcError } from '../core/index.ts';
import type { ChannelHandle } from '../datachannel/index.ts';
import { MESSAGE_COST_BYTES, RECEIVE_CREDIT_BYTES } from './constants.ts';
import type { Outbox } from './outbox.ts';
import { type ChannelFacts, type Report, toErrorText } from './packets.ts';

type PeerChannelEvent = Parameters<DataChannel['onPeerEvent']>[0];

interface Waiting {
  readonly isBinary: boolean;
  readonly bytes: Uint8Array;
}

/** Where a channel belongs. */
export interface RelayOptions {
  readonly outbox: Outbox<Report>;
  readonly connection: number;
  /** The channel's number between the threads. */
  readonly number: number;
  /** The other thread knows of the channel's end. */
  onOver(): void;
}

/** A channel in a worker: what it gets goes to the other thread, as far as there is credit, and what that sends goes to the peer. */
export class RelayChannel extends DataChannel {
  readonly #port: ChannelPort;
  readonly #handle: ChannelHandle;
  readonly #outbox: Outbox<Report>;
  readonly #connection: number;
  readonly #number: number;
  #credit = RECEIVE_CREDIT_BYTES;
  /** Bytes that the other thread gave us, and how many of them it knows to be gone. */
  #taken = 0;
  #told = 0;
  /** What the connection has no room for just now. */
  readonly #waiting: Queue<Waiting> = new Queue();
  #waitingBytes = 0;
  #isCloseWanted = false;
  /** The end, which is told after the last message. */
  #end: PeerChannelEvent | undefined;
  readonly #onOver: () => void;

  constructor(port: ChannelPort, handle: ChannelHandle, state: 'connecting' | 'open', { outbox, connection, number, onOver }: RelayOptions) {
    super(port, handle, state);
    this.#port = port;
    this.#handle = handle;
    this.#outbox = outbox;
    this.#connection = connection;
    this.#number = number;
    this.#onOver = onOver;
  }

  /** The channel's number between the threads. */
  get number(): number {
    return this.#number;
  }

  get facts(): ChannelFacts {
    const { label, protocol, ordered, maxRetransmits, maxPacketLifeTimeMs, negotiated, priority, id } = this.#handle;
    return { label, protocol, ordered, maxRetransmits, maxPacketLifeTimeMs, negotiated, priority, id, maxMessageSizeBytes: this.#port.maxMessageSizeBytes };
  }

  override onPeerEvent(event: PeerChannelEvent): void {
    const [connection, channel] = [this.#connection, this.#number];
    switch (event.type) {
      case 'open':
        return this.#outbox.note({ type: 'channel-open', connection, channel, facts: this.facts });
      case 'readable':
        return this.#forward();
      case 'buffered':
        this.#writeWaiting();
        return this.#tell();
      case 'closing':
        return this.#outbox.note({ type: 'channel-closing', connection, channel });
      case 'closed':
        this.#end = event;
        return this.#forward();
      default:
        event satisfies never;
    }
  }

  /** The other thread read so many bytes. */
  addCredit(bytes: number): void {
    this.#credit += bytes;
    this.#forward();
  }

  /** A message of the other thread, which keeps to the amount that may be buffered; its bytes are ours. */
  relay(isBinary: boolean, bytes: Uint8Array): void {
    this.#taken += bytes.length;
    this.#waiting.push({ isBinary, bytes });
    this.#waitingBytes += bytes.length;
    this.#writeWaiting();
    this.#tell();
  }

  /** Closes the channel behind what waits. */
  relayClose(): void {
    this.#isCloseWanted = true;
    this.#writeWaiting();
  }

  #forward(): void {
    while (this.#credit > 0) {
      const message = this.#port.read(this.#handle);
      if (message === undefined) {
        if (this.#end !== undefined) this.#tellEnd(this.#end);
        return;
      }
      this.#credit -= message.data.length + MESSAGE_COST_BYTES;
      this.#outbox.message(this.#connection, this.#number, message.binary, message.data);
    }
  }

  #tellEnd(event: PeerChannelEvent): void {
    if (event.type !== 'closed') return;
    this.#end = undefined;
    this.#onOver();
    this.#outbox.note({ type: 'channel-closed', connection: this.#connection, channel: this.#number, ...(event.error && { error: toErrorText(event.error) }) });
  }

  #writeWaiting(): void {
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      try {
        this.#port.write(this.#handle, next.isBinary, next.bytes, false); // several may share a buffer
      } catch (error) {
        if (error instanceof RtcError && error.code === 'ERR_RESOURCE') return; // all channels together have too much: after the next packets
        this.#drop(); // it closed on the way: the other thread hears of that
        return;
      }
      this.#waiting.shift();
      this.#waitingBytes -= next.bytes.length;
    }
    if (!this.#isCloseWanted) return;
    this.#isCloseWanted = false;
    this.#port.close(this.#handle);
  }

  #drop(): void {
    this.#waiting.clear();
    this.#waitingBytes = 0;
  }

  #tell(): void {
    const gone = this.#taken - this.#waitingBytes - this.#handle.bufferedAmount;
    if (gone <= this.#told) return;
    this.#outbox.amount(this.#connection, this.#number, gone - this.#told);
    this.#told = gone;
  }
}
