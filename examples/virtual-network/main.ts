// npm run example virtual-network -- --seed=1 --size=256
import type { PeerConnectionOptions } from 'sansrtc';
import { pureCrypto } from 'sansrtc/crypto/pure';
import { createWorld, type LinkOptions, NAT } from 'sansrtc/sim';
import { optionsWithoutPage } from '../shared/options.ts';
import { createPair } from '../shared/pair.ts';
import { receiveFile, sendFile } from './transfer.ts';

const { seed, size } = optionsWithoutPage({
  seed: { default: 1, help: 'decides every chance: which packets are lost, and when' },
  size: { default: 256, help: 'KiB in the file', least: 1 },
});

interface Story {
  readonly link: LinkOptions;
  /** Nothing gets through from then on, for so long. */
  readonly outage?: { readonly fromMs: number; readonly forMs: number };
}

const STORIES: Readonly<Record<string, Story>> = {
  'an office': { link: { delayMs: 1 } },
  'another continent': { link: { delayMs: 140, jitterMs: 10, rateBps: 20_000_000 } },
  'a train': { link: { delayMs: 60, jitterMs: 40, loss: 0.05, reorder: 0.02, duplicate: 0.01 } },
  'a tunnel': { link: { delayMs: 40, rateBps: 2_000_000 }, outage: { fromMs: 600, forMs: 4000 } },
};
const LIMIT_MS = 10 * 60_000;

/** Sends the file in a world of its own; when it arrived, and the hash of every packet and its time. */
async function tell({ link, outage }: Story): Promise<{ tookMs: number; hash: string }> {
  const world = createWorld({ seed, crypto: pureCrypto });
  const home = world.nat('home', '203.0.113.1', NAT.portRestricted);
  const [laptop, server] = [world.host('laptop', { behind: home }), world.host('server')];
  world.link(home, server, link);
  if (outage) world.outage(home, server, outage);

  // The application is the same as on a real network: only its runtime is another.
  const options = { runtime: laptop.runtime };
  const answering: PeerConnectionOptions = { runtime: server.runtime, handler: { onDataChannel: receiveFile } };
  const file = new Uint8Array(size * 1024).map((_, i) => i * 31 + (i >> 8));
  const story = async (): Promise<number> => {
    let transfer: Promise<void> | undefined;
    const pair = await createPair(options, answering, (pc) => (transfer = sendFile(pc.createDataChannel('file'), file)));
    await transfer;
    const tookMs = world.now;
    await Promise.all(pair.map((pc) => pc.close()));
    return tookMs;
  };
  const tookMs = await world.until(story(), LIMIT_MS);
  return { tookMs, hash: world.trace.hash() };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

for (const [name, story] of Object.entries(STORIES)) {
  const start = performance.now();
  const first = await tell(story);
  const real = performance.now() - start;
  const again = await tell(story);
  const same = first.hash === again.hash ? 'the same packets again' : 'OTHER PACKETS THE SECOND TIME';
  console.log(`${name.padEnd(18)} ${size} KiB arrived after ${seconds(first.tookMs).padStart(8)} there, ${seconds(real)} here; ${same}`);
}
