import type { LibraryName } from './libs/index.ts';
import { withPair, type Pair } from './pair.ts';

/** A figure of one run. */
export interface Figure {
  readonly row: string;
  readonly unit: string;
  readonly higherIsBetter: boolean;
  readonly value: number;
}

export interface Effort {
  readonly transferMs: number;
  readonly warmUpMs: number;
  readonly rounds: number;
  readonly connections: number;
  readonly idlePeers: number;
}

export const FULL: Effort = { transferMs: 2000, warmUpMs: 500, rounds: 3000, connections: 24, idlePeers: 100 };
export const QUICK: Effort = { transferMs: 1000, warmUpMs: 300, rounds: 500, connections: 8, idlePeers: 20 };

export interface Scenario {
  readonly name: string;
  readonly what: string;
  run(library: LibraryName, effort: Effort, profile?: string): Promise<readonly Figure[]>;
}

const higher = (row: string, unit: string, value: number): Figure => ({ row, unit, higherIsBetter: true, value });
const lower = (row: string, unit: string, value: number): Figure => ({ row, unit, higherIsBetter: false, value });
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** The value that `share` of a sorted list does not exceed. */
export const quantile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** One direction, one channel, one size, full speed. */
async function transfer(pair: Pair, sizeBytes: number, effort: Effort): Promise<{ bytesPerS: number; messagesPerS: number; senderCpu: number; receiverCpu: number }> {
  await pair.connect(1);
  const received = pair.answerer.ask('receive', { key: 1, warmUpMs: effort.warmUpMs, durationMs: effort.transferMs });
  const sent = pair.offerer.ask('transmit', { key: 1, sizeBytes, durationMs: effort.warmUpMs + effort.transferMs + 300 });
  const r = await received;
  const s = await sent;
  return {
    bytesPerS: (r.bytes / r.timeMs) * 1000,
    messagesPerS: (r.messages / r.timeMs) * 1000,
    senderCpu: s.cpuMs / 1000 / (s.bytes / 1e9),
    receiverCpu: r.cpuMs / 1000 / (r.bytes / 1e9),
  };
}

const KIB = 1024;

const throughput: Scenario = {
  name: 'dc-throughput',
  what: 'one reliable ordered channel, one direction, 1 MiB high-water mark',
  async run(library, effort, profile) {
    const figures: Figure[] = [];
    for (const kib of [64, 16, 1]) {
      const t = await withPair(library, profile && `${profile}-${kib}k`, (pair) => transfer(pair, kib * KIB, effort));
      figures.push(higher(`${kib} KiB messages`, 'MB/s', t.bytesPerS / 1e6));
      if (kib === 64) {
        figures.push(lower(`${kib} KiB, CPU of the sender`, 's/GB', t.senderCpu), lower(`${kib} KiB, CPU of the receiver`, 's/GB', t.receiverCpu));
      }
    }
    return figures;
  },
};

const small: Scenario = {
  name: 'dc-small',
  what: 'as dc-throughput, with 100-byte messages',
  run: (library, effort, profile) =>
    withPair(library, profile, async (pair) => [higher('100-byte messages', '1/s', (await transfer(pair, 100, effort)).messagesPerS)]),
};

const pingPong: Scenario = {
  name: 'ping-pong',
  what: 'one 64-byte message at a time, echoed',
  run: (library, effort, profile) =>
    withPair(library, profile, async (pair) => {
      await pair.connect(1);
      await pair.answerer.ask('echo', { key: 1 });
      const times = await pair.offerer.ask('round-trips', { key: 1, sizeBytes: 64, rounds: effort.rounds });
      return [lower('round trip p50', 'µs', quantile(times, 0.5)), lower('round trip p99', 'µs', quantile(times, 0.99))];
    }),
};

const connect: Scenario = {
  name: 'connect',
  what: 'one connection after the other: from nothing to the channel open on both sides',
  run: (library, effort, profile) =>
    withPair(library, profile, async (pair) => {
      const both = async (): Promise<number> => (await pair.offerer.ask('usage')).cpuMs + (await pair.answerer.ask('usage')).cpuMs;
      const cycle = async (key: number): Promise<number> => {
        const time = await pair.connect(key);
        await pair.disconnect(key);
        return time;
      };
      for (let key = 1; key <= 3; key++) await cycle(key);
      const overhead = -(await both()) + (await both()); // what asking costs
      const before = await both();
      const times: number[] = [];
      for (let i = 0; i < effort.connections; i++) times.push(await cycle(10 + i));
      const cpu = ((await both()) - before - overhead) / effort.connections;
      times.sort((a, b) => a - b);
      return [lower('connect p50', 'ms', quantile(times, 0.5)), lower('connect p95', 'ms', quantile(times, 0.95)), lower('CPU per connection, both sides', 'ms', cpu)];
    }),
};

const memory: Scenario = {
  name: 'memory',
  what: 'resident memory of both processes, per peer: with idle connections, and after closing them',
  run: (library, effort, profile) =>
    withPair(library, profile, async (pair) => {
      const resident = async (): Promise<number> => (await pair.offerer.ask('usage')).residentKiB + (await pair.answerer.ask('usage')).residentKiB;
      await pair.connect(1);
      await pair.disconnect(1);
      await pause(200);
      const before = await resident();
      const keys = Array.from({ length: effort.idlePeers }, (_, i) => 10 + i);
      for (let i = 0; i < keys.length; i += 10) await Promise.all(keys.slice(i, i + 10).map((key) => pair.connect(key)));
      await pause(500);
      const open = await resident();
      for (const key of keys) await pair.disconnect(key);
      await pause(1000);
      const after = await resident();
      const perPeer = (kib: number): number => (kib - before) / effort.idlePeers / 2;
      return [lower('resident per idle peer', 'KiB', perPeer(open)), lower('left per peer after closing', 'KiB', perPeer(after))];
    }),
};

export const SCENARIOS: readonly Scenario[] = [throughput, small, pingPong, connect, memory];
