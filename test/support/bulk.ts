import { createPeerConnection, type DataChannel, type DataChannelInit, type PeerConnection, type PeerConnectionOptions } from '../../src/api/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { createWorld, type Host, type LinkOptions, type World } from '../../src/sim/index.ts';
import { negotiateIn } from './world.ts';

/** What a DTLS record adds with the cipher that this platform is fastest with: AES-GCM has 8 bytes of nonce in it (RFC 5288 3), ChaCha20-Poly1305 none (RFC 7905 2). */
export const RECORD_BYTES: number = nodeCrypto.aeads[0] === 'chacha20-poly1305' ? 29 : 37;
/** User data in a full packet of a path with Ethernet's MTU, and that packet with IPv4, UDP, DTLS, SCTP and DATA headers, in bytes. */
export const PAYLOAD_BYTES = 1404;
export const PACKET_BYTES: number = PAYLOAD_BYTES + 16 + 12 + RECORD_BYTES + 28;
/** What a full packet takes on the link for each byte of user data. */
const WIRE_PER_PAYLOAD: number = PACKET_BYTES / PAYLOAD_BYTES;

/** What crosses a link of Ethernet's MTU. */
export const ETHERNET: LinkOptions = Object.freeze({ mtuBytes: 1500 });

/** How much waits on a link of `rateBps` when its queue holds what the path carries in a round trip. */
export function bdpBytes(rateBps: number, rttMs: number): number {
  return Math.round((rateBps * rttMs) / 8000);
}

/** Two connections with one open channel, in a world that has other hosts too. */
export interface Connection {
  readonly world: World;
  readonly a: PeerConnection;
  readonly b: PeerConnection;
  readonly channel: DataChannel;
  readonly incoming: DataChannel;
  /** Another channel from a to b, and its far end. */
  open(label: string, init?: DataChannelInit): Promise<readonly [DataChannel, DataChannel]>;
}

/** Connects two hosts of a world, with signalling that takes no time. */
export async function connectHosts(world: World, hostA: Host, hostB: Host, options: { readonly a?: PeerConnectionOptions; readonly b?: PeerConnectionOptions } = {}): Promise<Connection> {
  const incoming = new Map<string, DataChannel>();
  const [a, b] = await world.until(
    Promise.all([
      createPeerConnection({ ...options.a, runtime: hostA.runtime }),
      createPeerConnection({ ...options.b, runtime: hostB.runtime, handler: { onDataChannel: (channel) => void incoming.set(channel.label, channel) } }),
    ]),
  );
  const open = async (label: string, init?: DataChannelInit): Promise<readonly [DataChannel, DataChannel]> => {
    const channel = a.createDataChannel(label, init);
    if (a.localDescription === null) {
      await negotiateIn(world, a, b);
    }
    await world.run(() => channel.readyState === 'open' && incoming.has(label), 60_000);
    const far = incoming.get(label);
    if (far === undefined) throw new Error(`not connected: ${a.connectionState} and ${b.connectionState}`);
    return [channel, far];
  };
  const [channel, far] = await open('bulk');
  return { world, a, b, channel, incoming: far, open };
}

/** Two hosts and the link between them. */
export async function connectOver(link: LinkOptions, seed = 1, options: { readonly a?: PeerConnectionOptions; readonly b?: PeerConnectionOptions } = {}): Promise<Connection & { readonly hosts: readonly [Host, Host] }> {
  const world = createWorld({ seed, link: { ...ETHERNET, ...link } });
  const hosts = [world.host('a'), world.host('b')] as const;
  return { ...(await connectHosts(world, hosts[0], hosts[1], options)), hosts };
}

/** A channel that is never out of something to send. */
export class Bulk {
  /** User data that arrived. */
  bytes = 0;
  messages = 0;
  #isStopped = false;

  constructor(from: DataChannel, to: DataChannel, messageBytes = 16_384) {
    const message = new Uint8Array(messageBytes).fill(0x5a);
    to.handler = {
      onMessage: (data) => {
        this.bytes += data.length;
        this.messages++;
      },
    };
    const fill = (): void => {
      while (!this.#isStopped && from.trySend(message));
    };
    from.bufferedAmountLowThreshold = 256 * 1024;
    from.bufferedAmountHighThreshold = 1024 * 1024;
    from.handler = { onBufferedAmountLow: fill };
    fill();
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Lets `durationMs` pass and returns what arrived in it, in bits per second as the link counts them when all packets are full. */
  rateOver(world: World, durationMs: number): number {
    const before = this.bytes;
    world.runSync(world.now + durationMs);
    return wireRate(this.bytes - before, durationMs);
  }
}

/** What user data takes on the link, in bits per second. */
export function wireRate(bytes: number, durationMs: number): number {
  return (bytes * WIRE_PER_PAYLOAD * 8000) / durationMs;
}

/** Jain's index of fairness: 1 when all get the same, 1/n when one gets all. */
export function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}

/** A number of bits per second as people read it. */
export function megabits(bps: number): string {
  return `${(bps / 1e6).toFixed(2)} Mbit/s`;
}
