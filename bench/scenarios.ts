import { BROWSER, type LibraryName, LIBRARY_NAMES } from './libs/index.ts';
import { type Opening, type Pair, type Peer, withPair } from './pair.ts';
import { rtpForward } from './rtp/scenario.ts';
import type { Moved } from './traffic.ts';

/** A figure of one run. */
export interface Figure {
  readonly row: string;
  readonly unit: string;
  readonly higherIsBetter: boolean;
  readonly value: number;
}

/** How long everything takes. */
export interface Effort {
  readonly transferMs: number;
  readonly warmUpMs: number;
  readonly rounds: number;
  /** Round trips after which the engine has compiled what they need. */
  readonly settleRounds: number;
  readonly connections: number;
  readonly idlePeers: number;
  readonly idleMs: number;
  readonly manyConnections: readonly number[];
}

export const FULL: Effort = { transferMs: 1200, warmUpMs: 500, rounds: 3000, settleRounds: 5000, connections: 20, idlePeers: 100, idleMs: 3000, manyConnections: [1, 10, 100, 1000] };
export const QUICK: Effort = { transferMs: 700, warmUpMs: 300, rounds: 1000, settleRounds: 5000, connections: 8, idlePeers: 50, idleMs: 1000, manyConnections: [1, 10, 100] };

export interface Scenario {
  readonly name: string;
  readonly what: string;
  /** Which are measured; by default all that run in Node.js. */
  readonly libraries?: readonly LibraryName[];
  run(library: LibraryName, effort: Effort, profile?: string): Promise<readonly Figure[]>;
}

const higher = (row: string, unit: string, value: number): Figure => ({ row, unit, higherIsBetter: true, value });
const lower = (row: string, unit: string, value: number): Figure => ({ row, unit, higherIsBetter: false, value });
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** The value that `share` of a sorted list does not exceed. */
export const quantile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const KIB = 1024;
/** The largest UDP payload where packets are kept small. */
const SMALL_MTU_BYTES = 1200;

const megabytesPerS = ({ bytes, timeMs }: Moved): number => bytes / 1000 / timeMs;
const cpuPerGigabyte = ({ bytes, cpuMs }: Moved): number => cpuMs / 1000 / (bytes / 1e9);

/** One direction, messages of one size, full speed. */
async function transfer(pair: Pair, keys: readonly number[], sizeBytes: number, effort: Effort): Promise<{ readonly sent: Moved; readonly received: Moved }> {
  const traffic = { keys, sizeBytes, warmUpMs: effort.warmUpMs, durationMs: effort.transferMs };
  const [received, sent] = await Promise.all([pair.answerer.ask('receive', traffic), pair.offerer.ask('transmit', traffic)]);
  return { sent, received };
}

function oneTransfer(library: LibraryName, kib: number, effort: Effort, profile: string | undefined, opening: Opening = {}): Promise<{ readonly sent: Moved; readonly received: Moved }> {
  return withPair([library], profile, async (pair) => {
    await pair.connect(1, opening);
    return transfer(pair, [1], kib * KIB, effort);
  });
}

const throughput: Scenario = {
  name: 'dc-throughput',
  what: 'one reliable ordered channel, one direction, 1 MiB high-water mark',
  libraries: LIBRARY_NAMES,
  async run(library, effort, profile) {
    const figures: Figure[] = [];
    for (const kib of library === BROWSER ? [64] : [64, 16, 1]) {
      const { sent, received } = await oneTransfer(library, kib, effort, profile && `${profile}-${kib}k`);
      figures.push(higher(`${kib} KiB messages`, 'MB/s', megabytesPerS(received)));
      if (kib === 64 && library !== BROWSER) figures.push(lower('64 KiB, CPU of the sender', 's/GB', cpuPerGigabyte(sent)), lower('64 KiB, CPU of the receiver', 's/GB', cpuPerGigabyte(received)));
    }
    return figures;
  },
};

/** The others cannot be told, or keep to packets of about this size anyway: their figures are those of `dc-throughput`. */
const smallPackets: Scenario = {
  name: 'dc-throughput-1200',
  what: 'the same with packets of at most 1200 bytes',
  libraries: ['sansrtc'],
  async run(library, effort, profile) {
    const figures: Figure[] = [];
    for (const kib of [64, 16]) {
      const { sent, received } = await oneTransfer(library, kib, effort, profile && `${profile}-${kib}k`, { mtuBytes: SMALL_MTU_BYTES });
      figures.push(higher(`${kib} KiB, packets of 1200`, 'MB/s', megabytesPerS(received)));
      if (kib === 64) figures.push(lower('64 KiB, packets of 1200, CPU of the sender', 's/GB', cpuPerGigabyte(sent)), lower('64 KiB, packets of 1200, CPU of the receiver', 's/GB', cpuPerGigabyte(received)));
    }
    return figures;
  },
};

const small: Scenario = {
  name: 'dc-small',
  what: 'as dc-throughput, with 100-byte messages',
  run: (library, effort, profile) =>
    withPair([library], profile, async (pair) => {
      await pair.connect(1);
      const { received } = await transfer(pair, [1], 100, effort);
      return [higher('100-byte messages', '1/s', (received.messages / received.timeMs) * 1000)];
    }),
};

const pingPong: Scenario = {
  name: 'ping-pong',
  what: 'one 64-byte message at a time, echoed',
  run: (library, effort, profile) =>
    withPair([library], profile, async (pair) => {
      await pair.connect(1);
      await pair.answerer.ask('echo', { key: 1, channel: 0 });
      const rounds = { key: 1, channel: 0, sizeBytes: 64, pauseMs: 0, limitMs: 20_000 };
      const early = await pair.offerer.ask('round-trips', { ...rounds, warmUpRounds: 1000, rounds: effort.rounds });
      const late = await pair.offerer.ask('round-trips', { ...rounds, warmUpRounds: effort.settleRounds, rounds: effort.rounds });
      return [
        lower('round trip p50', 'µs', quantile(early, 0.5)),
        lower('round trip p99', 'µs', quantile(early, 0.99)),
        lower('round trip p50, settled', 'µs', quantile(late, 0.5)),
        lower('round trip p99, settled', 'µs', quantile(late, 0.99)),
      ];
    }),
};

const interleaving: Scenario = {
  name: 'interleaving',
  what: 'the round trip of 64 bytes on one channel, 2 ms after the last, first alone and then beside 64 KiB messages on another channel in the same direction',
  run: (library, effort, profile) =>
    withPair([library], profile, async (pair) => {
      await pair.connect(1, { channels: 2 });
      await pair.answerer.ask('echo', { key: 1, channel: 1 });
      const rounds = { key: 1, channel: 1, sizeBytes: 64, pauseMs: 2 };
      const alone = await pair.offerer.ask('round-trips', { ...rounds, warmUpRounds: 200, rounds: 250, limitMs: 5000 });
      const bulk = transfer(pair, [1], 64 * KIB, effort);
      await pause(effort.warmUpMs);
      const beside = await pair.offerer.ask('round-trips', { ...rounds, warmUpRounds: 3, rounds: 250, limitMs: effort.transferMs });
      const { received } = await bulk;
      return [
        lower('round trip alone, p95', 'µs', quantile(alone, 0.95)),
        lower('round trip beside a transfer, p95', 'µs', quantile(beside, 0.95)),
        higher('the transfer beside it', 'MB/s', megabytesPerS(received)),
      ];
    }),
};

const connect: Scenario = {
  name: 'connect',
  what: 'one connection after the other: from nothing to the channel open on both sides',
  run: (library, effort, profile) =>
    withPair([library], profile, async (pair) => {
      const both = async (): Promise<number> => (await pair.offerer.ask('cpu')) + (await pair.answerer.ask('cpu'));
      const cycle = async (key: number): Promise<number> => {
        const time = await pair.connect(key);
        await pair.disconnect(key);
        return time;
      };
      for (let key = 1; key <= 5; key++) await cycle(key);
      const before = await both();
      const times: number[] = [];
      for (let i = 0; i < effort.connections; i++) times.push(await cycle(10 + i));
      const cpu = ((await both()) - before) / effort.connections;
      times.sort((a, b) => a - b);
      return [lower('connect p10', 'ms', quantile(times, 0.1)), lower('connect p50', 'ms', quantile(times, 0.5)), lower('connect p95', 'ms', quantile(times, 0.95)), lower('CPU per connection, both sides', 'ms', cpu)];
    }),
};

const range = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, i) => from + i);

/** Several at a time, so that one that waits for a timer does not hold up all. */
async function connectAll(pair: Pair, keys: readonly number[]): Promise<void> {
  for (let i = 0; i < keys.length; i += 10) await Promise.all(keys.slice(i, i + 10).map((key) => pair.connect(key)));
}

/** The sum over both peers of what `ask` finds. */
const sum = async (pair: Pair, ask: (peer: Peer) => Promise<number>): Promise<number> => (await ask(pair.offerer)) + (await ask(pair.answerer));

const memory: Scenario = {
  name: 'memory',
  what: 'resident memory and CPU time of both processes, per peer: with idle connections, and after closing them',
  run: (library, effort, profile) =>
    withPair([library], profile, async (pair) => {
      const resident = (): Promise<number> => sum(pair, async (peer) => (await peer.ask('memory')).residentKiB);
      const cpu = (): Promise<number> => sum(pair, (peer) => peer.ask('cpu'));
      await pair.connect(1);
      await pair.disconnect(1);
      await pause(200);
      const before = await resident();
      const keys = range(10, effort.idlePeers);
      await connectAll(pair, keys);
      await pause(500);
      const open = await resident();
      await pause(300); // the collector's threads come to rest
      const cpuBefore = await cpu();
      await pause(effort.idleMs);
      const idleCpu = (await cpu()) - cpuBefore;
      for (const key of keys) await pair.disconnect(key);
      await pause(1000);
      const after = await resident();
      const perPeer = (all: number): number => all / effort.idlePeers / 2;
      return [
        lower('resident per idle peer', 'KiB', perPeer(open - before)),
        lower('left per peer after closing', 'KiB', perPeer(after - before)),
        lower('CPU per idle peer', 'µs/s', (perPeer(idleCpu) * 1e6) / effort.idleMs),
      ];
    }),
};

const many: Scenario = {
  name: 'many-connections',
  what: 'a growing number of connections between two processes, all of which transfer 16 KiB messages; heap and buffers of both processes before the transfer',
  libraries: ['sansrtc'],
  run: (library, effort, profile) =>
    withPair([library], profile, async (pair) => {
      const heap = (): Promise<number> => sum(pair, async (peer) => (await peer.ask('memory')).heapKiB);
      const figures: Figure[] = [];
      await pair.connect(0);
      await transfer(pair, [0], 16 * KIB, { ...effort, warmUpMs: 0 }); // the code is warm then
      await pair.disconnect(0);
      const before = await heap();
      let opened = 0;
      for (const count of effort.manyConnections) {
        await connectAll(pair, range(1 + opened, count - opened));
        opened = count;
        const perConnection = ((await heap()) - before) / count;
        const { sent, received } = await transfer(pair, range(1, count), 16 * KIB, { ...effort, warmUpMs: 2 * effort.warmUpMs });
        const name = `${count.toLocaleString('en')} ${count === 1 ? 'connection' : 'connections'}`;
        figures.push(higher(`${name}, in all`, 'MB/s', megabytesPerS(received)), lower(`${name}, CPU of both`, 's/GB', cpuPerGigabyte(sent) + cpuPerGigabyte(received)));
        if (count >= 10) figures.push(lower(`${name}, heap of both per connection`, 'KiB', perConnection));
      }
      return figures;
    }),
};

/** Each other stack is the far end of one of ours. Its own figure, and ours, are those of `dc-throughput`. */
const cross: Scenario = {
  name: 'cross',
  what: 'as dc-throughput with 64 KiB, between sansrtc and each other library',
  libraries: ['node-datachannel', '@roamhq/wrtc', BROWSER],
  async run(library, effort, profile) {
    const figures: Figure[] = [];
    for (const [row, pairing] of [['64 KiB from sansrtc', ['sansrtc', library]], ['64 KiB to sansrtc', [library, 'sansrtc']]] as const) {
      const moved = await withPair(pairing, profile && `${profile}-${pairing[0] === 'sansrtc' ? 'from' : 'to'}`, async (pair) => {
        await pair.connect(1);
        return transfer(pair, [1], 64 * KIB, effort);
      });
      figures.push(higher(row, 'MB/s', megabytesPerS(moved.received)));
    }
    return figures;
  },
};

export const SCENARIOS: readonly Scenario[] = [throughput, smallPackets, small, pingPong, interleaving, connect, cross, memory, many, rtpForward];
