// One of two processes that connect to each other, on whatever platform they are started: `end.ts offer|answer <transferMs> <connections> <rounds>`.
// Descriptions and results go through standard output and input, one JSON text a line. It uses what was built, as users do.
import { createInterface } from 'node:readline';
import { createPeerConnection, type DataChannel, type PeerConnection } from '../../dist/api/index.js';

const [role, ...numbers] = process.argv.slice(2);
const [transferMs = 1500, connections = 20, rounds = 2000] = numbers.map(Number);
const WARM_UP_MS = 700;
const MESSAGE_BYTES = 65_536;
/** Connections that are not counted, so that modules are loaded, and later so that the engine has compiled what it will. */
const [FIRST_CONNECTIONS, CONNECTIONS_TO_SETTLE] = [5, 200];

interface Line {
  readonly description?: { readonly type: 'offer' | 'answer'; readonly sdp: string };
  readonly ready?: boolean;
  readonly received?: { readonly bytes: number; readonly timeMs: number; readonly cpuMs: number };
}

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function hear(): Promise<Line> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error('the other side is gone');
  return JSON.parse(value as string) as Line;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

interface Session {
  readonly pc: PeerConnection;
  readonly channel: DataChannel;
}

async function connect(): Promise<Session> {
  let take: (channel: DataChannel) => void = () => {};
  let done: () => void = () => {};
  const incoming = new Promise<DataChannel>((resolve) => (take = resolve));
  const gathered = new Promise<void>((resolve) => (done = resolve));
  const pc = await createPeerConnection({
    udpAddrs: ['127.0.0.1:0'],
    handler: { onDataChannel: (channel) => take(channel), onIceGatheringStateChange: (state) => void (state === 'complete' && done()) },
  });
  const own = role === 'offer' ? pc.createDataChannel('bench') : undefined;
  const describe = async (): Promise<void> => {
    await pc.setLocalDescription();
    await gathered;
    say({ description: pc.localDescription });
  };
  if (own) await describe();
  const { description } = await hear();
  if (description === undefined) throw new Error('not a description');
  await pc.setRemoteDescription(description);
  if (!own) await describe();
  const channel = own ?? (await incoming);
  await channel.opened;
  return { pc, channel };
}

/** Connects and closes again and again, `skipped` times before it counts; how long it took until the channel was open, sorted, in ms. */
async function connectTimes(skipped: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = -skipped; i < connections; i++) {
    const start = performance.now();
    const { pc } = await connect();
    if (i >= 0) times.push(performance.now() - start);
    say({ ready: true });
    await hear();
    await pc.close();
  }
  return times.sort((a, b) => a - b);
}

async function roundTrips(channel: DataChannel): Promise<readonly number[]> {
  const times: number[] = [];
  const message = new Uint8Array(64);
  let back: () => void = () => {};
  channel.handler = { onMessage: () => back() };
  for (let i = -500; i < rounds; i++) {
    const start = performance.now();
    const answer = new Promise<void>((resolve) => (back = resolve));
    channel.trySend(message);
    await answer;
    if (i >= 0) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}

async function transmit(channel: DataChannel): Promise<{ readonly cpuMs: number }> {
  const message = new Uint8Array(MESSAGE_BYTES);
  let going = true;
  const sending = (async (): Promise<void> => {
    while (going) await channel.send(message);
  })();
  await pause(WARM_UP_MS);
  const before = cpuMs();
  await pause(transferMs);
  const used = cpuMs() - before;
  going = false;
  await sending;
  return { cpuMs: used };
}

async function receive(channel: DataChannel): Promise<NonNullable<Line['received']>> {
  let bytes = 0;
  const first = new Promise<void>((resolve) => {
    channel.handler = {
      onMessage: (data) => {
        if (bytes === 0) resolve();
        bytes += data.length;
      },
    };
  });
  await first;
  await pause(WARM_UP_MS);
  const [start, startBytes, startCpu] = [performance.now(), bytes, cpuMs()];
  await pause(transferMs);
  return { bytes: bytes - startBytes, timeMs: performance.now() - start, cpuMs: cpuMs() - startCpu };
}

const times = await connectTimes(FIRST_CONNECTIONS);
const settledTimes = await connectTimes(CONNECTIONS_TO_SETTLE);
const { pc, channel } = await connect();
if (role === 'offer') {
  await hear(); // it echoes now
  const trips = await roundTrips(channel);
  say({ ready: true });
  await hear(); // it counts now
  const sent = await transmit(channel);
  const { received } = await hear();
  say({ result: { times, settledTimes, trips: [trips[trips.length >> 1], trips[Math.floor(trips.length * 0.99)]], sent, received } });
  await pause(50);
} else {
  channel.handler = { onMessage: (data) => void channel.trySend(data) };
  say({ ready: true });
  await hear();
  const receiving = receive(channel);
  say({ ready: true });
  say({ received: await receiving });
  await hear().catch(() => {});
}
await pc.close();
process.exit(0);
