// npm run example data-channels-stress-bench -- --connections=20 --channels=5 --messages=200 --size=1024
import type { DataChannel, PeerConnection } from 'sansrtc';
import { optionsWithoutPage } from '../shared/options.ts';
import { createPair } from '../shared/pair.ts';

const { connections, channels, messages, size } = optionsWithoutPage({
  connections: { default: 20, help: 'pairs of peers, all in this process', least: 1 },
  channels: { default: 5, help: 'data channels of each', least: 1 },
  messages: { default: 200, help: 'messages on each channel, there and back', least: 1 },
  size: { default: 1024, help: 'bytes in a message', least: 1 },
});

async function timed<T>(what: string, count: number, unit: string, work: () => Promise<T>): Promise<T> {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cells = [what.padEnd(10), `${count} ${unit}`.padStart(18), `${seconds.toFixed(2)} s`.padStart(9), `${Math.round(count / seconds)}/s`.padStart(10), `${((user + system) / 1e6).toFixed(2)} s CPU`.padStart(13)];
  console.log(cells.join(' '));
  return result;
}

/** Every message goes back as it came: `onMessage` is the quickest way to receive. */
const echo = { onDataChannel: (channel: DataChannel) => void (channel.handler = { onMessage: (data) => channel.send(data) }) };

/** Sends all messages, and resolves when all are back; throws when one was changed or is one too many. */
async function exchange(channel: DataChannel): Promise<void> {
  let received = 0;
  const all = new Promise<void>((resolve, reject) => {
    channel.handler = {
      onMessage(data) {
        if (data.length !== size || (data as Uint8Array)[0] !== received % 256) reject(new Error(`${channel.label}: message ${received} is another`));
        if (++received === messages) resolve();
      },
      onClose: () => reject(new Error(`${channel.label} was closed`)),
    };
  });
  const message = new Uint8Array(size);
  for (let i = 0; i < messages; i++) {
    message[0] = i % 256;
    await channel.send(message);
  }
  return all;
}

const local = { udpAddrs: ['127.0.0.1:0'] };
const open: DataChannel[] = [];
const openAll = (pc: PeerConnection): void => {
  for (let i = 0; i < channels; i++) open.push(pc.createDataChannel(`channel ${i}`));
};

const pairs = await timed('connect', connections, 'connections', async () => {
  const made = await Promise.all(Array.from({ length: connections }, () => createPair(local, { ...local, handler: echo }, openAll)));
  await Promise.all(open.map((channel) => channel.opened));
  return made;
});
const total = open.length * messages;
await timed('exchange', total * 2, 'messages', () => Promise.all(open.map(exchange)));
const heapMiB = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
await timed('close', connections * 2, 'connections', () => Promise.all(pairs.flat().map((pc) => pc.close())));
console.log(`${total} of ${total} messages of ${size} bytes came back in order on ${open.length} channels; ${heapMiB} MiB of memory`);
