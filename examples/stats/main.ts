// npm run example stats -- --pairs=2
import type { PeerConnection } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { createPair } from '../shared/pair.ts';
import { serve } from '../shared/serve.ts';

const MOST_PAIRS = 6;
const { port, pairs, every } = optionsOf({
  pairs: { default: 2, help: 'pairs of peers in this process that have something to say', most: MOST_PAIRS },
  every: { default: 500, help: 'milliseconds from one look at all connections to the next', least: 50 },
});

/** Every connection of this process, by name. */
const connections = new Map<string, PeerConnection>();
let pages = 0;

/** What the dashboard shows of a connection, from its W3C statistics. */
async function figuresOf(name: string, pc: PeerConnection): Promise<object> {
  const report = await pc.getStats();
  const [transport] = report.byType('transport');
  const pair = report.byType('candidate-pair').find(({ id }) => id === transport?.selectedCandidatePairId);
  return {
    name,
    state: pc.connectionState,
    atMs: transport?.timestamp ?? 0,
    bytesSent: transport?.bytesSent ?? 0,
    bytesReceived: transport?.bytesReceived ?? 0,
    roundTripMs: (pair?.currentRoundTripTime ?? 0) * 1000,
    cipher: transport?.dtlsCipher ?? '',
    mtuBytes: transport?.mtuBytes ?? 0,
    channels: report.byType('data-channel').filter(({ state }) => state === 'open').length,
  };
}

async function startPair(number: number): Promise<void> {
  const isWanted = (): boolean => right.connectionState === 'connected';
  const local = { udpAddrs: ['127.0.0.1:0'] };
  const [left, right] = await createPair(local, local);
  connections.set(`pair ${number}, left`, left).set(`pair ${number}, right`, right);
  const channel = left.createDataChannel('traffic');
  await channel.opened;
  // Waves, so that there is something to see; each pair has its own.
  setInterval(() => isWanted() && channel.trySend(new Uint8Array(6000 * number * (1.2 + Math.sin(performance.now() / 1500 / number)))), 50).unref();
}

for (let i = 1; i <= pairs; i++) await startPair(i);

await serve(import.meta.url, port, async (page) => {
  const name = `page ${++pages}`;
  const pc = await connect(page);
  connections.set(name, pc);
  const channel = pc.createDataChannel('dashboard');
  await channel.opened.catch(() => {}); // the page may be gone before
  const timer = setInterval(async () => {
    const figures = await Promise.all([...connections].map(([one, its]) => figuresOf(one, its)));
    if (channel.readyState === 'open') channel.trySend(JSON.stringify(figures));
  }, every);
  page.onEnd(() => {
    clearInterval(timer);
    connections.delete(name);
  });
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => [...connections.values()].map((pc) => pc.close()));
