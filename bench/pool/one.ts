// One measurement in a process of its own: `one.ts <workers, 0 for no pool> <pairs of connections> <ms>`. Prints its figures as JSON.
import { performance } from 'node:perf_hooks';
import { createPeerConnection, type DataChannel, type PeerConnection } from 'sansrtc';
import { type ConnectionPool, createConnectionPool, type PooledPeerConnection } from 'sansrtc/pool';

export interface PoolFigures {
  readonly megabytesPerS: number;
  readonly cpuPerGigabyte: number;
  /** The share of time that the main thread was busy. */
  readonly busy: number;
  readonly roundTripUs: number;
}

type Connection = PeerConnection | PooledPeerConnection;

const [workers = 0, connections = 1, durationMs = 2000] = process.argv.slice(2).map(Number);
const WARM_UP_MS = 1000;
const ROUNDS = 1000;
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const pool: ConnectionPool | undefined = workers > 0 ? createConnectionPool({ workers }) : undefined;

async function connect(): Promise<readonly [DataChannel, DataChannel]> {
  const make = (options: Parameters<ConnectionPool['createPeerConnection']>[0]): Promise<Connection> => (pool ? pool.createPeerConnection(options) : createPeerConnection(options));
  let take: (channel: DataChannel) => void = () => {};
  const incoming = new Promise<DataChannel>((resolve) => (take = resolve));
  const udpAddrs = ['127.0.0.1:0'];
  const a = await make({ udpAddrs, handler: { onIceCandidate: (candidate) => b?.addIceCandidate(candidate) } });
  const b = await make({ udpAddrs, handler: { onIceCandidate: (candidate) => a.addIceCandidate(candidate), onDataChannel: (channel) => take(channel) } });
  const channel = a.createDataChannel('bench');
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription!);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription!);
  await channel.opened;
  return [channel, await incoming];
}

async function roundTrip([channel, far]: readonly [DataChannel, DataChannel]): Promise<number> {
  far.handler = { onMessage: (data) => void far.trySend(data) };
  const times: number[] = [];
  let back: () => void = () => {};
  channel.handler = { onMessage: () => back() };
  for (let i = -300; i < ROUNDS; i++) {
    const start = performance.now();
    const answer = new Promise<void>((resolve) => (back = resolve));
    channel.trySend(new Uint8Array(64));
    await answer;
    if (i >= 0) times.push(performance.now() - start);
  }
  return times.sort((x, y) => x - y)[ROUNDS >> 1]! * 1000;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const pairs: (readonly [DataChannel, DataChannel])[] = [];
for (let i = 0; i < connections; i++) pairs.push(await connect());
const roundTripUs = connections === 1 ? await roundTrip(pairs[0]!) : Number.NaN;
let received = 0;
let going = true;
const message = new Uint8Array(65_536);
for (const [channel, far] of pairs) {
  far.handler = { onMessage: (data) => void (received += data.length) };
  channel.handler = undefined;
  void (async (): Promise<void> => {
    while (going) await channel.send(message).catch(() => {});
  })();
}
await pause(WARM_UP_MS);
const [start, bytes, cpu, loop] = [performance.now(), received, cpuMs(), performance.eventLoopUtilization()];
await pause(durationMs);
const [timeMs, moved, usedMs] = [performance.now() - start, received - bytes, cpuMs() - cpu];
const busy = performance.eventLoopUtilization(loop).utilization;
going = false;
const figures: PoolFigures = { megabytesPerS: moved / 1000 / timeMs, cpuPerGigabyte: usedMs / 1000 / (moved / 1e9), busy, roundTripUs };
process.stdout.write(JSON.stringify(figures), () => process.exit(0));
