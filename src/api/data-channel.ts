import { decodeUtf8Lenient, encodeUtf8, Queue, RtcError } from '../core/index.ts';
import type { ChannelHandle } from '../datachannel/index.ts';
import type { DataChannelEvent, DataChannelHandler, DataChannelMessage } from './channel-events.ts';
import type { ChannelPort } from './channel-port.ts';
import { Later } from './later.ts';
import { type Priority, priorityOf } from './priority.ts';
import { SendBuffer } from './send-buffer.ts';

/** W3C `RTCDataChannelState`. */
export type DataChannelState = 'connecting' | 'open' | 'closing' | 'closed';

/** What can be sent. Bytes are copied before the call returns. */
export type DataChannelPayload = string | ArrayBuffer | ArrayBufferView;

const SENT: Promise<void> = Promise.resolve();

/**
 * A data channel (W3C WebRTC 6.2) with back-pressure in both directions: `send` waits for room, and what is not read
 * closes the peer's window. Messages are kept until they are read, by one of: a {@link DataChannelHandler}, `receive()`,
 * `poll()`, iteration, or `readable`.
 *
 * @example
 * for await (const message of channel) await channel.send(message); // an echo
 */
export class DataChannel implements AsyncDisposable {
  readonly #port: ChannelPort;
  readonly #handle: ChannelHandle;
  #events: Queue<DataChannelEvent> | undefined;
  #isLowUnread = false;
  #pollers: Queue<() => void> | undefined;
  readonly #outgoing: SendBuffer;
  /** Made when they are asked for, as few are. */
  #opened: Later | undefined;
  #closed: Later | undefined;
  #wasOpen = false;
  /** Why it closed without having been open. */
  #failure: RtcError | undefined;
  #state: DataChannelState = 'connecting';
  #handler: DataChannelHandler | undefined;
  #isCloseWanted = false;
  #readable: ReadableStream<DataChannelMessage> | undefined;
  #writable: WritableStream<DataChannelPayload> | undefined;

  /** @internal Made by a connection: see {@link PeerConnection.createDataChannel} and `onDataChannel`. */
  constructor(port: ChannelPort, handle: ChannelHandle, state: 'connecting' | 'open' = 'connecting') {
    this.#port = port;
    this.#handle = handle;
    this.#outgoing = new SendBuffer(port, handle);
    this.#state = state;
  }

  /** The label that its maker gave it. */
  get label(): string {
    return this.#handle.label;
  }

  /** Whether messages arrive in the order they were sent. */
  get ordered(): boolean {
    return this.#handle.ordered;
  }

  /** How long a message is retransmitted, in milliseconds; `null` when that is not limited. */
  get maxPacketLifeTime(): number | null {
    return this.#handle.maxPacketLifeTimeMs ?? null;
  }

  /** How often a message is retransmitted; `null` when that is not limited. */
  get maxRetransmits(): number | null {
    return this.#handle.maxRetransmits ?? null;
  }

  /** The subprotocol; empty when there is none. */
  get protocol(): string {
    return this.#handle.protocol;
  }

  /** Whether the application agreed on the channel's id by itself. */
  get negotiated(): boolean {
    return this.#handle.negotiated;
  }

  /** The SCTP stream; `null` until it is known. */
  get id(): number | null {
    return this.#handle.id ?? null;
  }

  /** How much of the connection it gets when others send too (W3C `RTCPriorityType`). */
  get priority(): Priority {
    return priorityOf(this.#handle.priority);
  }

  /** Whether messages can be sent (W3C 6.2). It changes with what a handler, `poll()`, `opened` and `closed` report. */
  get readyState(): DataChannelState {
    const isEnding = this.#handle.state === 'closing' || this.#handle.state === 'closed';
    return isEnding && this.#state !== 'closed' ? 'closing' : this.#state; // `closed` once that has been told
  }

  /** Bytes of messages that were given to `send` and have not been handed to the network. */
  get bufferedAmount(): number {
    return this.#outgoing.amount;
  }

  /** When `bufferedAmount` falls to this many bytes, `bufferedamountlow` is reported. Default 0. */
  get bufferedAmountLowThreshold(): number {
    return this.#outgoing.lowThreshold;
  }

  set bufferedAmountLowThreshold(bytes: number) {
    this.#outgoing.lowThreshold = bytes;
  }

  /** While `bufferedAmount` is above this many bytes, `send` waits and `trySend` refuses. Default 1 MiB. */
  get bufferedAmountHighThreshold(): number {
    return this.#outgoing.highThreshold;
  }

  set bufferedAmountHighThreshold(bytes: number) {
    this.#outgoing.highThreshold = bytes;
    this.#sendWaiting();
  }

  /** Takes what the channel reports; `undefined` to go back to `poll()` and iteration. */
  get handler(): DataChannelHandler | undefined {
    return this.#handler;
  }

  set handler(handler: DataChannelHandler | undefined) {
    this.#handler = handler;
    if (handler) queueMicrotask(() => this.#deliver()); // what waits already, but not before this statement is over
  }

  /** Resolves when the channel is open. Rejects with `ERR_CLOSED` or `ERR_NETWORK` when it closes without having been open. */
  get opened(): Promise<void> {
    if (this.#opened === undefined) {
      this.#opened = new Later();
      if (this.#wasOpen) this.#opened.resolve();
      else if (this.#failure !== undefined) this.#opened.reject(this.#failure);
    }
    return this.#opened.promise;
  }

  /** Resolves when the channel is closed, whoever closed it and why. */
  get closed(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = new Later();
      if (this.#state === 'closed') this.#closed.resolve();
    }
    return this.#closed.promise;
  }

  /**
   * Sends a message, and waits until there is room for it: at once while `bufferedAmount` is not above
   * `bufferedAmountHighThreshold`. Messages go out in the order of the calls, waited for or not.
   *
   * Rejects with `ERR_INVALID_STATE` (not open yet), `ERR_CLOSED`, `ERR_MESSAGE_TOO_LARGE` (over the peer's
   * `a=max-message-size`), `ERR_INVALID_ARGUMENT`, or `ERR_RESOURCE` when more than 16 MiB already wait for room.
   */
  send(data: DataChannelPayload): Promise<void> {
    try {
      const bytes = this.#toBytes(data);
      const isBinary = typeof data !== 'string';
      this.#checkSendable(bytes.length);
      if (this.#outgoing.hasRoom) {
        this.#outgoing.write(isBinary, bytes);
        return SENT;
      }
      return this.#outgoing.wait(isBinary, bytes);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** {@link DataChannel.send} for text. */
  sendText(text: string): Promise<void> {
    if (typeof text !== 'string') return Promise.reject(new RtcError('ERR_INVALID_ARGUMENT', 'sendText takes a string'));
    return this.send(text);
  }

  /** Sends a message if there is room for it now, and says whether it did. Throws what {@link DataChannel.send} rejects with. */
  trySend(data: DataChannelPayload): boolean {
    const bytes = this.#toBytes(data);
    this.#checkSendable(bytes.length);
    if (!this.#outgoing.hasRoom) return false;
    this.#outgoing.write(typeof data !== 'string', bytes);
    return true;
  }

  /** The next message, which it waits for; `undefined` when the channel is closed and all were received. */
  async receive(): Promise<DataChannelMessage | undefined> {
    for (;;) {
      const data = this.#read();
      if (data !== undefined) return data;
      if (this.#state === 'closed') return undefined;
      await new Promise<void>((resolve) => this.#whenAnything(resolve));
    }
  }

  /** The next thing that happens to the channel; `undefined` after its close was reported. */
  async poll(): Promise<DataChannelEvent | undefined> {
    for (;;) {
      if (this.#events?.peek()?.type === 'open') return this.#events?.shift();
      const data = this.#read();
      if (data !== undefined) return { type: 'message', data };
      const event = this.#events?.shift();
      if (event?.type === 'bufferedamountlow') this.#isLowUnread = false;
      if (event !== undefined) return event;
      if (this.#state === 'closed') return undefined;
      await new Promise<void>((resolve) => this.#whenAnything(resolve));
    }
  }

  /** The messages, until the channel is closed. Leaving the loop leaves the channel open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<DataChannelMessage, void, void> {
    for (;;) {
      const data = this.#read();
      if (data !== undefined) yield data;
      else if (this.#state === 'closed') return;
      else await new Promise<void>((resolve) => this.#whenAnything(resolve));
    }
  }

  /** The messages as a web stream; reading slowly closes the peer's window. Cancelling it closes the channel. */
  get readable(): ReadableStream<DataChannelMessage> {
    this.#readable ??= readableOf(this[Symbol.asyncIterator](), () => this.close());
    return this.#readable;
  }

  /** The sending side as a web stream, which takes no more than the channel has room for. Closing it closes the channel. */
  get writable(): WritableStream<DataChannelPayload> {
    this.#writable ??= new WritableStream({
      write: (data) => this.send(data),
      close: () => this.close(),
      abort: () => this.close(),
    });
    return this.#writable;
  }

  /** Closes the channel once everything that was given to `send` has been delivered. Idempotent. */
  close(): Promise<void> {
    if (this.#state !== 'closed' && !this.#isCloseWanted) {
      this.#isCloseWanted = true;
      if (this.#state !== 'closing') this.#state = 'closing';
      if (this.#outgoing.isPassedOn) this.#port.close(this.#handle);
    }
    return this.closed;
  }

  /** `await using` closes the channel. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal The connection reports a change of the channel. */
  onPeerEvent(event: { readonly type: 'open' | 'closing' | 'buffered' | 'readable' } | { readonly type: 'closed'; readonly error?: RtcError }): void {
    switch (event.type) {
      case 'open':
        return this.#onOpen();
      case 'readable':
        return this.#deliver();
      case 'buffered':
        this.#sendWaiting();
        if (this.#outgoing.takeLow()) this.#report({ type: 'bufferedamountlow' });
        return;
      case 'closing':
        if (this.#state === 'closed') return;
        this.#state = 'closing';
        if (!this.#outgoing.isPassedOn) this.#outgoing.reject(new RtcError('ERR_CLOSED', 'the peer closed the data channel'));
        return this.#report({ type: 'closing' });
      case 'closed':
        return this.#onClosed(event.error);
      default:
        event satisfies never;
    }
  }

  #onOpen(): void {
    if (this.#state === 'connecting') this.#state = 'open';
    if (this.#state !== 'open') return;
    this.#wasOpen = true;
    this.#opened?.resolve();
    this.#report({ type: 'open' });
  }

  #onClosed(error: RtcError | undefined): void {
    if (this.#state === 'closed') return;
    this.#deliver();
    this.#state = 'closed';
    if (!this.#wasOpen || !this.#outgoing.isPassedOn) this.#disappoint(error ?? new RtcError('ERR_CLOSED', 'the data channel is closed'));
    if (error) this.#report({ type: 'error', error });
    this.#report({ type: 'close' });
    this.#closed?.resolve();
  }

  /** Those who wait hear why. An error, with its stack, is made only where somebody does. */
  #disappoint(why: RtcError): void {
    if (!this.#wasOpen) {
      this.#failure = why;
      this.#opened?.reject(why);
    }
    this.#outgoing.reject(why);
  }

  /** To the handler if it wants it, else to whoever polls. */
  #report(event: DataChannelEvent): void {
    if (!this.#handler) {
      // Nobody may ever poll: what can happen any number of times waits once.
      if (event.type === 'bufferedamountlow' && this.#isLowUnread) return;
      this.#isLowUnread ||= event.type === 'bufferedamountlow';
      (this.#events ??= new Queue()).push(event);
      return this.#wakePollers();
    }
    const handler = this.#handler;
    switch (event.type) {
      case 'open':
        this.#port.call(handler.onOpen && (() => handler.onOpen?.()));
        break;
      case 'bufferedamountlow':
        this.#port.call(handler.onBufferedAmountLow && (() => handler.onBufferedAmountLow?.()));
        break;
      case 'closing':
        this.#port.call(handler.onClosing && (() => handler.onClosing?.()));
        break;
      case 'error':
        this.#port.call(handler.onError && (() => handler.onError?.(event.error)));
        break;
      case 'close':
        this.#port.call(handler.onClose && (() => handler.onClose?.()));
        break;
      case 'message':
        break;
      default:
        event satisfies never;
    }
    this.#wakePollers();
  }

  #wakePollers(): void {
    const pollers = this.#pollers;
    if (pollers === undefined) return;
    for (let wake = pollers.shift(); wake; wake = pollers.shift()) wake();
  }

  #whenAnything(resolve: () => void): void {
    (this.#pollers ??= new Queue()).push(resolve);
  }

  /** Messages to the handler, or a word to whoever polls. */
  #deliver(): void {
    while (this.#handler?.onMessage !== undefined) {
      const data = this.#read();
      if (data === undefined) return;
      this.#port.deliver(this.#handler, data);
    }
    this.#wakePollers();
  }

  #read(): DataChannelMessage | undefined {
    const message = this.#port.read(this.#handle);
    if (message === undefined) return undefined;
    return message.binary ? message.data : decodeUtf8Lenient(message.data);
  }

  /** The message's bytes; a copy, since the caller may change them after the call. */
  #toBytes(data: DataChannelPayload): Uint8Array {
    if (typeof data === 'string') return encodeUtf8(data);
    if (data instanceof Uint8Array) return this.#port.copy(data);
    if (ArrayBuffer.isView(data)) return this.#port.copy(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    if (data instanceof ArrayBuffer) return this.#port.copy(new Uint8Array(data));
    throw new RtcError('ERR_INVALID_ARGUMENT', 'a message is a string, an ArrayBuffer or a view of one');
  }

  #checkSendable(size: number): void {
    const isOver = this.#isCloseWanted || this.#handle.state === 'closing' || this.#handle.state === 'closed';
    if (isOver || this.#state === 'closed') throw new RtcError('ERR_CLOSED', 'the data channel is closed');
    if (this.#state === 'connecting') throw new RtcError('ERR_INVALID_STATE', 'the data channel is not open yet: wait for `opened`');
    const limit = this.#port.maxMessageSizeBytes;
    if (size > limit) throw new RtcError('ERR_MESSAGE_TOO_LARGE', `the message has ${size} bytes, the peer accepts ${limit}`);
  }

  #sendWaiting(): void {
    const { state } = this.#handle;
    if (state === 'closing' || state === 'closed') return this.#outgoing.reject(new RtcError('ERR_CLOSED', 'the peer closed the data channel'));
    this.#outgoing.writeWaiting();
    if (this.#isCloseWanted && this.#outgoing.isPassedOn && this.#state === 'closing') this.#port.close(this.#handle);
  }
}

function readableOf(messages: AsyncGenerator<DataChannelMessage, void, void>, onCancel: () => Promise<void>): ReadableStream<DataChannelMessage> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await messages.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  );
}
