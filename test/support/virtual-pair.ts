import { createPeerConnection, type DataChannel, type PeerConnection, type PeerConnectionOptions } from '../../src/api/index.ts';
import { createVirtualWorld, type LinkOptions, type VirtualAddressOptions, type VirtualHost, virtualRuntime, type VirtualWorld } from '../../src/runtime/virtual/index.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { negotiateIn } from './world.ts';

export interface VirtualPair {
  readonly world: VirtualWorld;
  readonly hostA: VirtualHost;
  readonly hostB: VirtualHost;
  readonly a: PeerConnection;
  readonly b: PeerConnection;
  readonly channelA: DataChannel;
  readonly channelB: DataChannel;
  /** The states that each side reported, with the time. */
  readonly states: readonly { readonly side: 'a' | 'b'; readonly state: string; readonly at: number }[];
}

/** Two connections in a world of their own, with one open channel. */
export async function connectVirtual(
  options: {
    readonly seed?: number;
    readonly link?: LinkOptions;
    readonly a?: PeerConnectionOptions;
    readonly b?: PeerConnectionOptions;
    readonly addressesA?: readonly (string | VirtualAddressOptions)[];
    readonly addressesB?: readonly (string | VirtualAddressOptions)[];
    /** Both connections live on host a. */
    readonly sameHost?: boolean;
    /** Puts something between the host and its connection. */
    readonly wrapRuntime?: (runtime: Runtime, side: 'a' | 'b') => Runtime;
    readonly prepare?: (world: VirtualWorld, hostA: VirtualHost, hostB: VirtualHost) => void;
  } = {},
): Promise<VirtualPair> {
  const world = createVirtualWorld({ seed: options.seed ?? 1, link: options.link ?? { delayMs: 10 } });
  const hostA = world.host('a', { addresses: options.addressesA ?? ['192.0.2.1'] });
  const hostB = options.sameHost === true ? hostA : world.host('b', { addresses: options.addressesB ?? ['192.0.2.2'] });
  options.prepare?.(world, hostA, hostB);
  const wrap = options.wrapRuntime ?? ((runtime: Runtime) => runtime);
  const states: { side: 'a' | 'b'; state: string; at: number }[] = [];
  let channelB: DataChannel | undefined;
  const watch = (side: 'a' | 'b') => ({ onConnectionStateChange: (state: string) => void states.push({ side, state, at: world.now }) });
  const [a, b] = await world.until(
    Promise.all([
      createPeerConnection({ ...options.a, runtime: wrap(virtualRuntime(hostA), 'a'), handler: { ...watch('a'), ...options.a?.handler } }),
      createPeerConnection({
        ...options.b,
        runtime: wrap(virtualRuntime(hostB), 'b'),
        handler: { ...watch('b'), ...options.b?.handler, onDataChannel: (channel) => void (channelB = channel) },
      }),
    ]),
  );
  const channelA = a.createDataChannel('test');
  await negotiateIn(world, a, b);
  await world.run(() => channelA.readyState === 'open' && channelB !== undefined, 60_000);
  if (channelB === undefined) throw new Error(`not connected: ${JSON.stringify(states)}`);
  return { world, hostA, hostB, a, b, channelA, channelB, states };
}

/** Counts the messages that arrive on a channel. */
export function countMessages(channel: DataChannel): { readonly count: number } {
  const counter = { count: 0 };
  channel.handler = { onMessage: () => void counter.count++ };
  return counter;
}
