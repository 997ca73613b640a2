// One measurement in a process of its own: `one.mjs <transfer|small|memory> <workers, 0 for no pool> <pairs of connections> <ms>`.
// Prints its figures as JSON. Plain JavaScript: workers would load with them whatever helps Node.js with types, and it would be measured.
import { performance } from 'node:perf_hooks';
import { createPeerConnection } from 'sansrtc';
import { createConnectionPool } from 'sansrtc/pool';

const [kind, ...numbers] = process.argv.slice(2);
const [workers = 0, connections = 1, durationMs = 2000] = numbers.map(Number);
const WARM_UP_MS = 1000;
const ROUNDS = 1000;
const PROBE_MS = 10;
const MESSAGE_BYTES = kind === 'small' ? 100 : 65_536;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const pool = workers > 0 ? createConnectionPool({ workers }) : undefined;

async function connect() {
  const make = (options) => (pool ? pool.createPeerConnection(options) : createPeerConnection(options));
  let take = () => {};
  const incoming = new Promise((resolve) => (take = resolve));
  const udpAddrs = ['127.0.0.1:0'];
  const a = await make({ udpAddrs, handler: { onIceCandidate: (candidate) => b?.addIceCandidate(candidate) } });
  const b = await make({ udpAddrs, handler: { onIceCandidate: (candidate) => a.addIceCandidate(candidate), onDataChannel: (channel) => take(channel) } });
  const channel = a.createDataChannel('bench');
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
  await channel.opened;
  return [channel, await incoming];
}

/** The median of so many round trips of 64 bytes, in µs. */
async function roundTrip([channel, far]) {
  far.handler = { onMessage: (data) => void far.trySend(data) };
  const times = [];
  let back = () => {};
  channel.handler = { onMessage: () => back() };
  for (let i = -300; i < ROUNDS; i++) {
    const start = performance.now();
    const answer = new Promise((resolve) => (back = resolve));
    channel.trySend(new Uint8Array(64));
    await answer;
    if (i >= 0) times.push(performance.now() - start);
  }
  return times.sort((x, y) => x - y)[ROUNDS >> 1] * 1000;
}

/** How late a timer of this thread is, again and again: what else the application would wait for. */
function watchLateness() {
  const late = [];
  let due = performance.now() + PROBE_MS;
  const look = () => {
    late.push(performance.now() - due);
    due = performance.now() + PROBE_MS;
    timer = setTimeout(look, PROBE_MS);
  };
  let timer = setTimeout(look, PROBE_MS);
  return () => {
    clearTimeout(timer);
    return late.sort((x, y) => x - y);
  };
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function transfer(pairs) {
  let received = 0;
  let going = true;
  const message = new Uint8Array(MESSAGE_BYTES);
  for (const [channel, far] of pairs) {
    far.handler = { onMessage: () => void received++ };
    channel.handler = undefined;
    void (async () => {
      while (going) {
        while (going && channel.trySend(message));
        await channel.send(message).catch(() => {});
      }
    })();
  }
  await pause(WARM_UP_MS);
  const lateness = watchLateness();
  const [start, before, cpu, loop] = [performance.now(), received, cpuMs(), performance.eventLoopUtilization()];
  await pause(durationMs);
  const [timeMs, messages, usedMs] = [performance.now() - start, received - before, cpuMs() - cpu];
  const busy = performance.eventLoopUtilization(loop).utilization;
  going = false;
  const late = lateness();
  return { messagesPerS: (1000 * messages) / timeMs, cpuUsPerMessage: (1000 * usedMs) / messages, busy, lateMs: [late[late.length >> 1], late[Math.floor(late.length * 0.99)]] };
}

/** What is left after collecting what can be collected, in KiB. */
async function residentKiB() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await pause(50);
  }
  return process.memoryUsage().rss / 1024;
}

let figures;
if (kind === 'memory') {
  const before = await residentKiB();
  const start = performance.now();
  await Promise.all(Array.from({ length: workers }, () => pool.createPeerConnection({ udpAddrs: ['127.0.0.1:0'] })));
  const startMs = performance.now() - start;
  figures = { residentKiB: (await residentKiB()) - before, startMs };
} else {
  const pairs = [];
  for (let i = 0; i < connections; i++) pairs.push(await connect());
  const roundTripUs = connections === 1 && kind === 'transfer' ? await roundTrip(pairs[0]) : undefined;
  figures = { ...(await transfer(pairs)), roundTripUs };
}
process.stdout.write(JSON.stringify(figures), () => process.exit(0));
