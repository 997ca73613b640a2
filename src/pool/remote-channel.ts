import { DataChannel } from '../api/data-channel.ts';
import type { ChannelPort } from '../api/channel-port.ts';
import { Queue, type RtcError } from '../core/index.ts';
import type { ChannelHandle, ChannelMessage } from '../datachannel/index.ts';
import { MESSAGE_COST_BYTES } from './constants.ts';
import type { ChannelFacts } from './packets.ts';

/** A channel of a connection in a worker, as the user's thread knows it. */
export class RemoteChannel implements ChannelHandle {
  readonly number: number;
  readonly channel: DataChannel;
  facts: ChannelFacts;
  state: ChannelHandle['state'];
  /** What was given to the worker and is not known to have left it. */
  bufferedAmount = 0;
  messagesSent = 0;
  bytesSent = 0;
  messagesReceived = 0;
  bytesReceived = 0;
  readonly #inbox: Queue<ChannelMessage> = new Queue();
  #read = 0;

  constructor(port: ChannelPort, number: number, facts: ChannelFacts, state: 'connecting' | 'open') {
    this.number = number;
    this.facts = facts;
    this.state = state;
    this.channel = new DataChannel(port, this, state);
  }

  get label(): string {
    return this.facts.label;
  }

  get protocol(): string {
    return this.facts.protocol;
  }

  get ordered(): boolean {
    return this.facts.ordered;
  }

  get maxRetransmits(): number | undefined {
    return this.facts.maxRetransmits;
  }

  get maxPacketLifeTimeMs(): number | undefined {
    return this.facts.maxPacketLifeTimeMs;
  }

  get negotiated(): boolean {
    return this.facts.negotiated;
  }

  get priority(): number {
    return this.facts.priority;
  }

  get id(): number | undefined {
    return this.facts.id;
  }

  onOpen(facts: ChannelFacts): void {
    this.facts = facts;
    if (this.state === 'connecting') this.state = 'open';
    this.channel.onPeerEvent({ type: 'open' });
  }

  onMessage(isBinary: boolean, bytes: Uint8Array): void {
    this.messagesReceived++;
    this.bytesReceived += bytes.length;
    this.#inbox.push({ channel: this, binary: isBinary, data: bytes });
  }

  onClosing(): void {
    this.state = 'closing';
    this.channel.onPeerEvent({ type: 'closing' });
  }

  onClosed(error?: RtcError): void {
    this.state = 'closed';
    this.bufferedAmount = 0;
    this.channel.onPeerEvent(error === undefined ? { type: 'closed' } : { type: 'closed', error });
  }

  /** So many sent bytes are on their way. */
  onSent(bytes: number): void {
    this.bufferedAmount = Math.max(0, this.bufferedAmount - bytes);
    this.channel.onPeerEvent({ type: 'buffered' });
  }

  /** The next message; the worker gets credit for it with the next batch. */
  read(): ChannelMessage | undefined {
    const message = this.#inbox.shift();
    if (message !== undefined) this.#read += message.data.length + MESSAGE_COST_BYTES;
    return message;
  }

  /** What was read since the last call. */
  takeRead(): number {
    const read = this.#read;
    this.#read = 0;
    return read;
  }
}
