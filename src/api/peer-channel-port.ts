import type { ChannelHandle, ChannelMessage } from '../datachannel/index.ts';
import type { PeerConnectionDriver } from '../driver/index.ts';
import type { Peer } from '../peer/index.ts';
import type { DataChannelHandler, DataChannelMessage } from './channel-events.ts';
import type { ChannelPort } from './channel-port.ts';
import type { Reporter } from './reporter.ts';
import { memoryOf, SendCopies } from './send-copies.ts';

/** What the channels of one connection need of it. One object serves all of them, and its functions serve all connections. */
export class PeerChannelPort implements ChannelPort {
  readonly #peer: Peer;
  readonly #driver: PeerConnectionDriver;
  readonly #reporter: Reporter;
  /** Made with the first message that is copied. */
  #copies: SendCopies | undefined;

  constructor(peer: Peer, driver: PeerConnectionDriver, reporter: Reporter) {
    this.#peer = peer;
    this.#driver = driver;
    this.#reporter = reporter;
  }

  get maxMessageSizeBytes(): number {
    return this.#peer.maxMessageSizeBytes;
  }

  copy(bytes: Uint8Array): Uint8Array {
    return (this.#copies ??= new SendCopies()).copy(bytes);
  }

  /** The turn is over: see {@link SendCopies.rest}. */
  rest(): void {
    this.#copies?.rest();
  }

  write(handle: ChannelHandle, isBinary: boolean, bytes: Uint8Array, isCopy: boolean): void {
    this.#peer.handleWrite({ channel: handle, binary: isBinary, data: bytes, memory: isCopy ? memoryOf(bytes) : undefined }, this.#driver.now());
    this.#driver.wake();
  }

  read(handle: ChannelHandle): ChannelMessage | undefined {
    const message = this.#peer.pollReadChannel(handle);
    if (message) this.#driver.wake(); // the peer's window may have opened
    return message;
  }

  /** After the end of the connection this does nothing. */
  close(handle: ChannelHandle): void {
    this.#peer.closeChannel(handle, this.#driver.now());
    this.#driver.wake();
  }

  call(callback: (() => void | Promise<void>) | undefined): void {
    if (callback) this.#reporter.call(callback);
  }

  deliver(handler: DataChannelHandler, data: DataChannelMessage): void {
    this.#reporter.deliver(handler, data);
  }
}
