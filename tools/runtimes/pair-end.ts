// One of two processes that connect to each other: `pair-end.ts offer|answer <bytes>`. Descriptions go through standard output
// and input, one JSON text a line. Both send that many bytes at the same time and check what comes.
import { createInterface } from 'node:readline';
import { createPeerConnection, type DataChannel } from '../../src/api/index.ts';
import { Receipts, sendCounted } from './counted.ts';

const [role, amount] = process.argv.slice(2);
const total = Number(amount);

interface Line {
  readonly description?: { readonly type: 'offer' | 'answer'; readonly sdp: string };
  readonly done?: boolean;
}

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function hear(): Promise<Line> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error('the other side is gone');
  return JSON.parse(value as string) as Line;
}

let onChannel: (channel: DataChannel) => void = () => {};
const incoming = new Promise<DataChannel>((resolve) => {
  onChannel = resolve;
});
let onGathered: () => void = () => {};
const gathered = new Promise<void>((resolve) => {
  onGathered = resolve;
});

const connection = await createPeerConnection({
  udpAddrs: ['127.0.0.1:0'],
  handler: { onDataChannel: (channel) => onChannel(channel), onIceGatheringStateChange: (state) => void (state === 'complete' && onGathered()) },
});

async function describe(): Promise<void> {
  await connection.setLocalDescription();
  await gathered;
  say({ description: connection.localDescription });
}

async function accept(): Promise<void> {
  const { description } = await hear();
  if (description === undefined) throw new Error('not a description');
  await connection.setRemoteDescription(description);
}

const own = role === 'offer' ? connection.createDataChannel('bulk') : undefined;
if (own) {
  await describe();
  await accept();
} else {
  await accept();
  await describe();
}
const channel = own ?? (await incoming);
const receipts = new Receipts(channel, total);
await channel.opened;
const start = performance.now();
await Promise.all([sendCounted(channel, total), receipts.done]);
const seconds = (performance.now() - start) / 1000;
const cpu = process.cpuUsage();
say({ done: true });
while ((await hear()).done !== true);
say({ seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6 });
await connection.close();
process.exit(0);
