import { Counters, type Deadline, DecodeError, EMPTY, encodeUtf8, type Environment, type Instant, type Protocol, Queue, RtcError, SparseQueue } from '../core/index.ts';
import { messageCharge, type SctpEvent, type SctpMessage, type SctpSend } from '../sctp/index.ts';
import { Channel } from './channel.ts';
import { type DataChannelsConfig, resolveDataChannelsConfig, type ResolvedDataChannelsConfig } from './config.ts';
import { DEFAULT_PRIORITY, MAX_CHANNEL_ID, MAX_LABEL_BYTES, Ppid } from './constants.ts';
import { EarlyMessages } from './early.ts';
import type {
  ChannelCloseReason,
  ChannelHandle,
  ChannelMessage,
  ChannelSend,
  DataChannelEvent,
  DataChannelInit,
  SctpCommand,
} from './events.ts';
import { ChannelIds } from './ids.ts';
import { decodeDcep, encodeAck, encodeOpen, type OpenMessage } from './packets.ts';

// What most connections never have any of.
const NO_CHANNELS: readonly Channel[] = Object.freeze([]);
const NO_IDS: readonly number[] = Object.freeze([]);
const NO_MESSAGES: readonly SctpMessage[] = Object.freeze([]);

/** What stands for an empty message: SCTP has none (RFC 8831 6.6). */
const EMPTY_MESSAGE = Uint8Array.of(0);

/**
 * Data channels over an association (RFC 8831, 8832). It speaks to the association through four queues: what
 * `pollWrite` gives goes into its `handleWrite`, what `pollCommand` gives into `resetStreams` and `release`, its messages
 * into `handleRead` and its events into `handleEvent`.
 *
 * @example
 * const channels = new DataChannels({}, environment);
 * channels.setRole('client', now);
 * const chat = channels.open({ label: 'chat' }, now);
 */
export class DataChannels implements Protocol<SctpMessage, ChannelMessage, ChannelSend, SctpSend, SctpEvent, DataChannelEvent> {
  readonly counters: Counters = new Counters();
  readonly #config: ResolvedDataChannelsConfig;
  readonly #ids: ChannelIds = new ChannelIds();
  /** Channels that wait for the role, which decides their id. */
  #unnumbered: readonly Channel[] = NO_CHANNELS;
  /** Since there was the first. */
  #early: EarlyMessages | undefined;
  readonly #writes: Queue<SctpSend> = new Queue();
  readonly #events: SparseQueue<DataChannelEvent> = new SparseQueue();
  readonly #readable: Queue<Channel> = new Queue();
  #resets: readonly number[] = NO_IDS;
  #released = 0;
  #buffered = 0;
  #remoteMaxMessageSizeBytes: number;
  #association: 'none' | 'agreed' | 'connected' | 'over' = 'none';

  constructor(config: DataChannelsConfig, _environment: Environment) {
    this.#config = resolveDataChannelsConfig(config);
    this.#remoteMaxMessageSizeBytes = this.#config.remoteMaxMessageSizeBytes;
  }

  /** The channels that are not closed. */
  get channels(): readonly ChannelHandle[] {
    return this.#ids.all().concat(this.#unnumbered);
  }

  /** The largest message that the peer takes, in bytes (`a=max-message-size`); 0 means no limit. */
  setRemoteMaxMessageSize(bytes: number): void {
    this.#remoteMaxMessageSizeBytes = bytes;
  }

  /** The DTLS role decides who uses even stream ids (RFC 8832 6): the client. Channels that waited get their ids now. */
  setRole(role: 'client' | 'server', _now: Instant): void {
    if (this.#ids.parity !== undefined) return;
    this.#ids.setParity(role === 'client' ? 0 : 1);
    const waiting = this.#unnumbered;
    this.#unnumbered = NO_CHANNELS;
    for (const channel of waiting) this.#number(channel);
  }

  /**
   * Makes a channel. It opens once the association is there.
   *
   * Throws `RtcError`: `ERR_INVALID_ARGUMENT` for values out of range, `ERR_OPERATION` when the id is taken,
   * `ERR_RESOURCE` when there are too many channels, `ERR_INVALID_STATE` after the association has ended.
   */
  open(init: DataChannelInit, _now: Instant): ChannelHandle {
    if (this.#association === 'over') throw new RtcError('ERR_INVALID_STATE', 'the association has ended');
    checkInit(init);
    if (this.#ids.size + this.#unnumbered.length >= this.#config.maxChannels) throw new RtcError('ERR_RESOURCE', 'too many channels');
    const negotiated = init.negotiated === true;
    const channel = new Channel(
      {
        label: init.label,
        ordered: init.ordered ?? true,
        maxRetransmits: init.maxRetransmits,
        maxPacketLifeTimeMs: init.maxPacketLifeTimeMs,
        protocol: init.protocol ?? '',
        priority: init.priority ?? DEFAULT_PRIORITY,
      },
      negotiated,
      negotiated,
    );
    if (negotiated) {
      this.#ids.claim(channel, init.id as number);
      this.#announce(channel);
    } else if (this.#ids.parity === undefined) this.#unnumbered = this.#unnumbered.concat(channel);
    else this.#number(channel);
    return channel;
  }

  /**
   * Closes a channel: what was written still goes out, what comes is dropped. `closed` follows when both directions of
   * the stream were reset (RFC 8831 6.7).
   */
  closeChannel(handle: ChannelHandle, _now: Instant): void {
    const channel = handle as Channel;
    if (channel.state === 'closed' || channel.state === 'closing') return;
    this.#discardUnread(channel);
    if (channel.state === 'connecting' && !channel.announced) this.#finish(channel, 'closed');
    else this.#beginClose(channel);
  }

  /** Throws `RtcError`: `ERR_INVALID_STATE` unless the channel is open, `ERR_MESSAGE_TOO_LARGE`, `ERR_RESOURCE`. */
  handleWrite(send: ChannelSend, _now: Instant): void {
    const channel = send.channel as Channel;
    const size = send.data.length;
    if (channel.state !== 'open') throw new RtcError('ERR_INVALID_STATE', `the channel is ${channel.state}`);
    const limit = this.#remoteMaxMessageSizeBytes;
    if (limit !== 0 && size > limit) throw new RtcError('ERR_MESSAGE_TOO_LARGE', `${size} bytes, the peer takes ${limit}`);
    if (this.#buffered > 0 && this.#buffered + size > this.#config.sendBufferBytes) throw new RtcError('ERR_RESOURCE', 'the send buffer is full');
    this.#writes.push({
      streamId: channel.id as number,
      ppid: size === 0 ? (send.binary ? Ppid.BINARY_EMPTY : Ppid.STRING_EMPTY) : send.binary ? Ppid.BINARY : Ppid.STRING,
      data: size === 0 ? EMPTY_MESSAGE : send.data,
      ordered: channel.ordered || !channel.acknowledged,
      maxRetransmits: channel.maxRetransmits,
      lifetimeMs: channel.maxPacketLifeTimeMs,
      priority: channel.priority,
      memory: send.memory,
    });
    channel.queuedBytes += size;
    channel.bufferedAmount += size;
    channel.messagesSent++;
    channel.bytesSent += size;
    this.#buffered += size;
  }

  pollWrite(): SctpSend | undefined {
    const send = this.#writes.shift();
    if (send === undefined || send.ppid === Ppid.DCEP) return send;
    const channel = this.#ids.get(send.streamId);
    if (channel !== undefined) channel.queuedBytes = Math.max(0, channel.queuedBytes - send.data.length);
    return send;
  }

  /** The next thing to ask of the association. A reset follows what was written, so it waits until the writes were polled. */
  pollCommand(): SctpCommand | undefined {
    if (this.#resets.length > 0 && this.#writes.length === 0) {
      const streamIds = this.#resets;
      this.#resets = NO_IDS;
      return { type: 'reset', streamIds };
    }
    if (this.#released > 0) {
      const bytes = this.#released;
      this.#released = 0;
      return { type: 'release', bytes };
    }
    return undefined;
  }

  handleRead(message: SctpMessage, _now: Instant): void {
    const channel = this.#ids.get(message.streamId);
    if (channel === undefined || channel.incomingReset) {
      // Unknown, or used again by the peer while our side of it is not closed yet.
      if (message.ppid === Ppid.DCEP && channel === undefined) this.#handleDcep(message, undefined);
      else this.#keepEarly(message);
    } else if (message.ppid === Ppid.DCEP) this.#handleDcep(message, channel);
    else if (channel.state === 'open') this.#deliver(channel, message);
    else this.#discard(message);
  }

  /** The next message of any channel, one of each in turn. */
  pollRead(): ChannelMessage | undefined {
    const channel = this.#nextReadable();
    if (channel === undefined) return undefined;
    const message = this.pollReadChannel(channel);
    if (channel.unread.length > 0 && this.#readable.length > 1) {
      this.#readable.shift();
      this.#readable.push(channel);
    }
    return message;
  }

  /** The next message of a channel. What is not read keeps the association's window closed. */
  pollReadChannel(handle: ChannelHandle): ChannelMessage | undefined {
    const message = (handle as Channel).unread.shift();
    if (message !== undefined) this.#released += charge(message.data);
    return message;
  }

  /** A channel that has something to read; it is named again only when more has come. */
  pollReadable(): ChannelHandle | undefined {
    const channel = this.#nextReadable();
    if (channel === undefined) return undefined;
    this.#readable.shift();
    channel.readable = false;
    return channel;
  }

  pollEvent(): DataChannelEvent | undefined {
    return this.#events.shift();
  }

  handleEvent(event: SctpEvent, _now: Instant): void {
    switch (event.type) {
      case 'agreed':
      case 'connected':
        this.#association = event.type;
        this.#ids.setLimit(Math.min(event.streamsIn, event.streamsOut));
        for (const channel of this.#ids.all()) this.#announce(channel);
        return;
      case 'buffered':
        this.#handleBuffered(event.streamId, event.bufferedBytes);
        return;
      case 'incoming-reset':
        for (const id of event.streamIds.length > 0 ? event.streamIds : this.#ids.all().map((channel) => channel.id as number)) this.#handleIncomingReset(id);
        return;
      case 'outgoing-reset':
        for (const id of event.streamIds) this.#handleOutgoingReset(id, event.result === 'performed');
        return;
      case 'message-too-large':
        this.#break(event.streamId, 'message-too-large');
        return;
      case 'closed':
        this.#end('closed');
        return;
      case 'failed':
        this.#end('failed');
        return;
      default:
        event satisfies never;
    }
  }

  /**
   * The peer begins a new association for the channels that there are. Those that are open stay open, on their streams; what was
   * to be reset there needs no reset any more.
   */
  associationReplaced(): void {
    this.#association = 'none';
    this.#resets = NO_IDS;
    this.#early?.clear();
    for (const channel of this.#ids.all()) if (channel.state === 'closing') this.#finish(channel, channel.closeReason);
  }

  handleTimeout(_now: Instant): void {}

  pollTimeout(): Deadline | undefined {
    return undefined;
  }

  /** Closes all channels. */
  close(now: Instant): void {
    for (const channel of this.#ids.all().concat(this.#unnumbered)) this.closeChannel(channel, now);
    this.#unnumbered = NO_CHANNELS;
  }

  #number(channel: Channel): void {
    if (!this.#ids.assign(channel)) this.#finish(channel, 'no-stream');
    else this.#announce(channel);
  }

  /** Tells the peer of a channel as soon as something can be sent, and opens it once the association is there. */
  #announce(channel: Channel): void {
    if (channel.state !== 'connecting' || (this.#association !== 'agreed' && this.#association !== 'connected')) return;
    const id = channel.id as number;
    if (!this.#ids.usable(id)) {
      this.#finish(channel, 'no-stream');
      return;
    }
    if (!channel.negotiated && !channel.announced) this.#sendDcep(id, encodeOpen(channel));
    channel.announced = true;
    if (this.#association !== 'connected') return;
    channel.state = 'open';
    this.#events.push({ type: 'open', channel });
    for (const message of this.#early?.take(id) ?? NO_MESSAGES) this.#replay(message);
  }

  #sendDcep(streamId: number, data: Uint8Array): void {
    this.#writes.push({ streamId, ppid: Ppid.DCEP, data, ordered: true, maxRetransmits: undefined, lifetimeMs: undefined });
  }

  #handleDcep(message: SctpMessage, channel: Channel | undefined): void {
    this.#released += charge(message.data);
    let dcep;
    try {
      dcep = decodeDcep(message.data);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.counters.add(error.what);
      this.#break(message.streamId, 'protocol-violation');
      return;
    }
    if (dcep.type === 'open') {
      if (channel === undefined) this.#accept(message.streamId, dcep.open);
      else {
        this.counters.add('datachannel.open-twice');
        this.#break(message.streamId, 'protocol-violation');
      }
    } else if (channel !== undefined && !channel.acknowledged) channel.acknowledged = true;
    else this.counters.add('datachannel.ack');
  }

  #accept(streamId: number, open: OpenMessage): void {
    const full = this.#ids.size + this.#unnumbered.length >= this.#config.maxChannels;
    if (full || !this.#ids.usable(streamId) || streamId % 2 === this.#ids.parity) {
      this.counters.add(full ? 'datachannel.too-many' : 'datachannel.parity');
      this.#break(streamId, 'protocol-violation');
      return;
    }
    const channel = new Channel(open, false, true);
    this.#ids.claim(channel, streamId);
    channel.announced = true;
    channel.state = 'open';
    this.#sendDcep(streamId, encodeAck());
    this.#events.push({ type: 'incoming', channel });
    for (const message of this.#early?.take(streamId) ?? NO_MESSAGES) this.#replay(message);
  }

  #replay(message: SctpMessage): void {
    this.handleRead(message, 0);
  }

  #deliver(channel: Channel, message: SctpMessage): void {
    const { ppid, data } = message;
    const empty = ppid === Ppid.STRING_EMPTY || ppid === Ppid.BINARY_EMPTY;
    if (!empty && ppid !== Ppid.BINARY && ppid !== Ppid.STRING) {
      this.#discard(message);
      // Parts of messages (RFC 8831 6.6, deprecated) cannot be skipped without loss; other identifiers mean nothing here.
      if (ppid === Ppid.BINARY_PARTIAL || ppid === Ppid.STRING_PARTIAL) this.#break(message.streamId, 'protocol-violation');
      return;
    }
    if (empty) this.#released += data.length - 1; // whatever stands for nothing is gone; the rest is released when it is read
    channel.acknowledged = true; // the peer knows the channel if it speaks on it (RFC 8832 6)
    const text = ppid === Ppid.STRING || ppid === Ppid.STRING_EMPTY;
    channel.unread.push({ channel, binary: !text, data: empty ? EMPTY : data });
    channel.messagesReceived++;
    if (!empty) channel.bytesReceived += data.length;
    if (!channel.readable) {
      channel.readable = true;
      this.#readable.push(channel);
    }
  }

  #keepEarly(message: SctpMessage): void {
    if (this.#association !== 'over' && (this.#early ??= new EarlyMessages(this.#config.maxChannels)).keep(message)) return;
    this.counters.add('datachannel.early');
    this.#discard(message);
  }

  #discard(message: SctpMessage): void {
    this.counters.add('datachannel.discarded');
    this.#released += charge(message.data);
  }

  #discardUnread(channel: Channel): void {
    for (let message = channel.unread.shift(); message !== undefined; message = channel.unread.shift()) this.#released += charge(message.data);
  }

  #nextReadable(): Channel | undefined {
    for (;;) {
      const channel = this.#readable.peek();
      if (channel === undefined || channel.unread.length > 0) return channel;
      this.#readable.shift();
      channel.readable = false;
    }
  }

  #handleBuffered(streamId: number, bufferedBytes: number): void {
    const channel = this.#ids.get(streamId);
    if (channel === undefined) return;
    const amount = Math.min(channel.bufferedAmount, bufferedBytes + channel.queuedBytes);
    if (amount === channel.bufferedAmount) return;
    this.#buffered -= channel.bufferedAmount - amount;
    channel.bufferedAmount = amount;
    this.#events.push({ type: 'buffered', channel, bufferedBytes: amount });
  }

  #beginClose(channel: Channel): void {
    channel.state = 'closing';
    this.#resets = this.#resets.concat(channel.id as number);
  }

  #handleIncomingReset(id: number): void {
    const channel = this.#ids.get(id);
    if (channel?.incomingReset === true) {
      channel.resetAgain = true; // it is about the channel that waits for this one's end
      return;
    }
    for (const message of this.#early?.take(id) ?? NO_MESSAGES) this.#discard(message);
    if (channel === undefined) return;
    channel.incomingReset = true;
    if (channel.state === 'open' || channel.state === 'connecting') {
      this.#beginClose(channel);
      this.#events.push({ type: 'closing', channel });
    } else if (channel.outgoingReset) this.#finish(channel, channel.closeReason);
  }

  #handleOutgoingReset(id: number, performed: boolean): void {
    const channel = this.#ids.get(id);
    if (channel === undefined || channel.state !== 'closing') return;
    channel.outgoingReset = true;
    // A peer that does not reset streams never will reset its side either.
    if (channel.incomingReset || !performed) this.#finish(channel, channel.closeReason);
  }

  /** Closes a channel because of what the peer did; a stream without a channel is only reset. */
  #break(streamId: number, reason: ChannelCloseReason): void {
    const channel = this.#ids.get(streamId);
    if (channel === undefined) {
      for (const message of this.#early?.take(streamId) ?? NO_MESSAGES) this.#discard(message);
      this.#resets = this.#resets.concat(streamId);
      return;
    }
    if (channel.state === 'closing') return;
    channel.closeReason = reason;
    this.#beginClose(channel);
    this.#events.push({ type: 'closing', channel });
  }

  #finish(channel: Channel, reason: ChannelCloseReason): void {
    channel.state = 'closed';
    this.#buffered -= channel.bufferedAmount;
    channel.bufferedAmount = 0;
    const { id } = channel;
    if (id === undefined) this.#unnumbered = this.#unnumbered.filter((other) => other !== channel);
    else this.#ids.release(id);
    this.#events.push({ type: 'closed', channel, reason });
    if (id === undefined) return;
    for (const message of this.#early?.take(id) ?? NO_MESSAGES) this.#replay(message);
    if (channel.resetAgain) this.#handleIncomingReset(id);
  }

  #end(reason: 'closed' | 'failed'): void {
    this.#association = 'over';
    this.#writes.clear();
    this.#resets = NO_IDS;
    this.#early?.clear();
    for (const channel of this.#ids.all().concat(this.#unnumbered)) this.#finish(channel, channel.state === 'closing' ? channel.closeReason : reason);
  }
}

/** What a message weighs in the association's window; an empty one came as one byte. */
function charge(data: Uint8Array): number {
  return data.length === 0 ? messageCharge(EMPTY_MESSAGE) : messageCharge(data);
}

function checkInit(init: DataChannelInit): void {
  check(encodeUtf8(init.label).length <= MAX_LABEL_BYTES, 'the label is too long');
  check(encodeUtf8(init.protocol ?? '').length <= MAX_LABEL_BYTES, 'the protocol is too long');
  check(init.maxRetransmits === undefined || init.maxPacketLifeTimeMs === undefined, 'retransmissions and lifetime exclude one another');
  check(inRange(init.maxRetransmits, 65_535), 'maxRetransmits is out of range');
  check(inRange(init.maxPacketLifeTimeMs, 65_535), 'maxPacketLifeTimeMs is out of range');
  check(inRange(init.priority, 65_535), 'priority is out of range');
  if (init.negotiated === true) check(init.id !== undefined && inRange(init.id, MAX_CHANNEL_ID), 'a negotiated channel needs an id from 0 to 65,534');
}

function inRange(value: number | undefined, max: number): boolean {
  return value === undefined || (Number.isInteger(value) && value >= 0 && value <= max);
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new RtcError('ERR_INVALID_ARGUMENT', what);
}
