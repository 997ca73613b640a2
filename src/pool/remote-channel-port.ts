import type { DataChannelHandler, DataChannelMessage } from '../api/channel-events.ts';
import type { ChannelPort } from '../api/channel-port.ts';
import type { Reporter } from '../api/reporter.ts';
import { SendCopies } from '../api/send-copies.ts';
import type { ChannelHandle, ChannelMessage } from '../datachannel/index.ts';
import { LEAST_OWN_BUFFER_BYTES } from './constants.ts';
import type { RemoteChannel } from './remote-channel.ts';
import type { WorkerLink } from './worker-link.ts';

/** The largest message of a peer that was not asked yet (RFC 8841 6.1). */
const UNKNOWN_MESSAGE_SIZE_BYTES = 65_536;

/** What the channels of a connection in a worker need of it. Their handles are {@link RemoteChannel}s, all of them. */
export class RemoteChannelPort implements ChannelPort {
  maxMessageSizeBytes: number = UNKNOWN_MESSAGE_SIZE_BYTES;
  readonly #link: WorkerLink;
  readonly #connection: number;
  readonly #reporter: Reporter;
  readonly #copies: SendCopies = new SendCopies();
  #isClosed = false;

  constructor(link: WorkerLink, connection: number, reporter: Reporter) {
    this.#link = link;
    this.#connection = connection;
    this.#reporter = reporter;
  }

  copy(bytes: Uint8Array): Uint8Array {
    return bytes.length >= LEAST_OWN_BUFFER_BYTES ? new Uint8Array(bytes) : this.#copies.copy(bytes);
  }

  /** The turn is over: see {@link SendCopies.rest}. */
  rest(): void {
    this.#copies.rest();
  }

  write(handle: ChannelHandle, isBinary: boolean, bytes: Uint8Array): void {
    const remote = handle as RemoteChannel;
    const { length } = bytes; // of a buffer that is handed over nothing is left to ask
    this.#link.outbox.message(this.#connection, remote.number, isBinary, bytes);
    remote.bufferedAmount += length;
    remote.bytesSent += length;
    remote.messagesSent++;
  }

  read(handle: ChannelHandle): ChannelMessage | undefined {
    const remote = handle as RemoteChannel;
    const message = remote.read();
    if (message !== undefined && !this.#isClosed) this.#link.willCredit(this.#connection, remote);
    return message;
  }

  close(handle: ChannelHandle): void {
    if (!this.#isClosed) this.#link.outbox.note({ type: 'close-channel', connection: this.#connection, channel: (handle as RemoteChannel).number });
  }

  call(callback: (() => void | Promise<void>) | undefined): void {
    if (callback) this.#reporter.call(callback);
  }

  deliver(handler: DataChannelHandler, data: DataChannelMessage): void {
    this.#reporter.deliver(handler, data);
  }

  /** The connection is over: what its channels were to tell the worker goes nowhere. */
  end(): void {
    this.#isClosed = true;
  }
}
