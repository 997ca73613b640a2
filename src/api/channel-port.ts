import type { ChannelHandle, ChannelMessage } from '../datachannel/index.ts';
import type { DataChannelHandler, DataChannelMessage } from './channel-events.ts';

/** What a {@link DataChannel} needs of its connection. */
export interface ChannelPort {
  /** The largest message the peer accepts, in bytes. */
  readonly maxMessageSizeBytes: number;
  /** A copy of a message's bytes, for {@link ChannelPort.write}. */
  copy(bytes: Uint8Array): Uint8Array;
  /** @param isCopy - whether `bytes` came from {@link ChannelPort.copy}, and so may be used for another message later */
  write(handle: ChannelHandle, isBinary: boolean, bytes: Uint8Array, isCopy: boolean): void;
  read(handle: ChannelHandle): ChannelMessage | undefined;
  close(handle: ChannelHandle): void;
  /** Runs a callback of the user; what it throws is reported, never passed on. */
  call(callback: (() => void | Promise<void>) | undefined): void;
  /** {@link ChannelPort.call} for the callback that runs for every message, without a closure. */
  deliver(handler: DataChannelHandler, data: DataChannelMessage): void;
}
