import { createPeerConnection, type DataChannel } from '../../src/api/index.ts';
import { createVirtualWorld, type LinkOptions, virtualRuntime, type VirtualWorld } from '../../src/runtime/virtual/index.ts';
import { reproducibleCrypto } from '../../src/crypto/reproducible.ts';
import { seeded } from './fuzz.ts';
import { negotiateIn } from './world.ts';

/** What one simulated session came to. */
export interface SessionResult {
  readonly seed: number;
  readonly link: LinkOptions;
  /** Of every datagram with its time. */
  readonly hash: string;
  readonly datagrams: number;
  /** When both sides were connected with the channel open, in milliseconds of the world. */
  readonly connectedMs: number;
  readonly doneMs: number;
}

const TOTAL_BYTES = 1024 * 1024;
const HOUR_MS = 3_600_000;

/** A link at most as bad as a session must survive: RTT up to 1 s, loss up to 30 %, reordering, duplication, corruption. */
export function harshLink(seed: number): LinkOptions {
  const next = seeded(seed ^ 0x5eed);
  return {
    delayMs: next() * 450,
    jitterMs: next() * 50,
    loss: next() * 0.3,
    reorder: next() * 0.2,
    duplicate: next() * 0.1,
    corrupt: next() * 0.02,
  };
}

/** Messages of random sizes that make up `TOTAL_BYTES`, each with its number in front. */
function makeMessages(seed: number): Uint8Array[] {
  const next = seeded(seed ^ 0xda7a);
  const messages: Uint8Array[] = [];
  for (let left = TOTAL_BYTES; left > 0; ) {
    const size = Math.min(left, next() < 0.5 ? 4 + Math.floor(next() * 1500) : 4 + Math.floor(next() * 60_000));
    const message = new Uint8Array(Math.max(size, 4)).fill(messages.length & 0xff);
    new DataView(message.buffer).setUint32(0, messages.length);
    messages.push(message);
    left -= message.length;
  }
  return messages;
}

/** Runs a full ICE, DTLS and SCTP session and checks that 1 MiB arrives exactly once and in order. Throws what went wrong, with the seed. */
export async function runSession(seed: number, link: LinkOptions = harshLink(seed)): Promise<SessionResult> {
  const world = createVirtualWorld({ seed, link, crypto: reproducibleCrypto });
  try {
    return await transfer(world, seed, link);
  } catch (error) {
    throw new Error(`seed ${seed} (${JSON.stringify(link)}): ${(error as Error).message}`, { cause: error });
  }
}

async function transfer(world: VirtualWorld, seed: number, link: LinkOptions): Promise<SessionResult> {
  const hosts = [world.host('a', { addresses: ['192.0.2.1'] }), world.host('b', { addresses: ['192.0.2.2'] })] as const;
  let incoming: DataChannel | undefined;
  const states: string[] = [];
  const watch = (name: string) => ({ onConnectionStateChange: (state: string) => void states.push(`${name} ${state} at ${world.now.toFixed(0)}`) });
  const opening = Promise.all([
    // Every third seed shakes hands on the wire, as with peers that know no `a=sctp-init`.
    createPeerConnection({ runtime: virtualRuntime(hosts[0]), handler: watch('a'), settings: { sctpSnap: seed % 3 !== 0 } }),
    createPeerConnection({
      runtime: virtualRuntime(hosts[1]),
      handler: { ...watch('b'), onDataChannel: (channel) => void (incoming = channel) },
    }),
  ]);
  const [a, b] = await world.until(opening);
  const channel = a.createDataChannel('bulk');
  // Signalling is instant: what a session must survive is the path.
  await negotiateIn(world, a, b);
  await world.run(() => channel.readyState === 'open' && incoming !== undefined, 120_000);
  if (channel.readyState !== 'open' || incoming === undefined) throw new Error(`not connected after 120 s: ${states.join(', ')}`);
  const connectedMs = world.now;

  const messages = makeMessages(seed);
  let sent = 0;
  let received = 0;
  let wrong: string | undefined;
  const fill = (): void => {
    while (sent < messages.length && channel.trySend(messages[sent]!)) sent++;
  };
  incoming.handler = {
    onMessage(data) {
      const expected = messages[received++];
      if (expected === undefined || typeof data === 'string' || Buffer.compare(data, expected) !== 0) wrong ??= `message ${received - 1} is not what was sent`;
    },
  };
  channel.handler = { onBufferedAmountLow: fill };
  channel.bufferedAmountLowThreshold = 100_000;
  channel.bufferedAmountHighThreshold = 300_000;
  fill();
  world.runSync(() => received >= messages.length || wrong !== undefined || channel.readyState !== 'open', HOUR_MS * 3);
  if (received < messages.length) wrong ??= `${received} of ${messages.length} messages arrived by ${world.now.toFixed(0)} ms: ${states.join(', ')}`;
  // What comes twice would come soon.
  world.runSync(world.now + 5000);
  if (received > messages.length) wrong ??= `${received - messages.length} messages arrived twice`;
  if (wrong !== undefined) throw new Error(wrong);
  const doneMs = world.now;
  await world.until(Promise.all([a.close(), b.close()]));
  return { seed, link, hash: world.trace.hash(), datagrams: world.trace.datagrams, connectedMs, doneMs };
}
