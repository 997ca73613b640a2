import { type RtcError, SparseMap } from '../core/index.ts';
import type { ChannelHandle } from '../datachannel/index.ts';
import type { PeerEvent } from '../peer/index.ts';
import type { ChannelPort } from './channel-port.ts';
import { DataChannel } from './data-channel.ts';

/** @internal Makes a channel of a connection. In the workers of a pool channels are of another kind. */
export type MakeChannel = (port: ChannelPort, handle: ChannelHandle, state: 'connecting' | 'open') => DataChannel;

/** What the peer reports of a channel that is known. */
export type KnownChannelEvent = Extract<PeerEvent, { readonly type: 'channel-open' | 'channel-closing' | 'channel-buffered' | 'channel-closed' }>;

const makeDataChannel: MakeChannel = (port, handle, state) => new DataChannel(port, handle, state);

/** The data channels of a connection that are not closed, by what the peer calls them. */
export class ConnectionChannels {
  readonly #channels: SparseMap<ChannelHandle, DataChannel> = new SparseMap();
  readonly #port: ChannelPort;
  readonly #make: MakeChannel;

  constructor(port: ChannelPort, make: MakeChannel = makeDataChannel) {
    this.#port = port;
    this.#make = make;
  }

  add(handle: ChannelHandle, state: 'connecting' | 'open' = 'connecting'): DataChannel {
    const channel = this.#make(this.#port, handle, state);
    this.#channels.set(handle, channel);
    return channel;
  }

  onEvent(event: KnownChannelEvent): void {
    const channel = this.#channels.get(event.channel);
    switch (event.type) {
      case 'channel-open':
        return channel?.onPeerEvent({ type: 'open' });
      case 'channel-closing':
        return channel?.onPeerEvent({ type: 'closing' });
      case 'channel-buffered':
        return channel?.onPeerEvent({ type: 'buffered' });
      case 'channel-closed':
        channel?.onPeerEvent({ type: 'readable' }); // the last messages come before the end
        return this.#end(event.channel, channel, event.error);
      default:
        event satisfies never;
    }
  }

  /** A channel has got messages. */
  onReadable(handle: ChannelHandle): void {
    this.#channels.get(handle)?.onPeerEvent({ type: 'readable' });
  }

  /** The connection is over. */
  close(): void {
    this.#channels.list().forEach((channel) => channel.onPeerEvent({ type: 'closed' }));
    this.#channels.clear();
  }

  #end(handle: ChannelHandle, channel: DataChannel | undefined, error: RtcError | undefined): void {
    channel?.onPeerEvent(error ? { type: 'closed', error } : { type: 'closed' });
    this.#channels.delete(handle);
  }
}
