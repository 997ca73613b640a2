// What the kernel and node:dgram take per datagram on loopback, without any protocol: the floor of every stack on Node.js.
//
//   npm run bench -- micro udp [ms]
import { type ChildProcess, fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SIZES = [100, 1200, 9000, 16_421] as const;
const windowMs = Number(process.argv[2] ?? 1000);
const PER_TURN = 32;

interface Report {
  readonly packets: number;
  readonly cpuUs: number;
}

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function bound(): Promise<Socket> {
  const lookup = (address: string, _options: unknown, done: (error: null, address: string, family: number) => void): void => done(null, address, 4);
  const socket = createSocket({ type: 'udp4', lookup });
  const listening = once(socket, 'listening'); // without a resolver it comes at once
  socket.bind(0, '127.0.0.1');
  await listening;
  return socket;
}

/** The other process: sends datagrams of a size until it is told to stop, as many at once as a congestion window lets go. */
async function sender(): Promise<void> {
  const socket = await bound();
  process.on('disconnect', () => process.exit(0));
  process.on('message', ({ port, size, ms }: { readonly port: number; readonly size: number; readonly ms: number }) => {
    const bytes = new Uint8Array(size);
    const end = performance.now() + ms;
    const before = cpuUs();
    let packets = 0;
    const turn = (): void => {
      for (let i = 0; i < PER_TURN; i++) socket.send(bytes, port, '127.0.0.1', () => {});
      packets += PER_TURN;
      if (performance.now() < end) setImmediate(turn);
      else process.send?.({ packets, cpuUs: cpuUs() - before } satisfies Report);
    };
    turn();
  });
  process.send?.('ready');
}

async function measure(child: ChildProcess, size: number): Promise<{ readonly sent: Report; readonly received: Report }> {
  const socket = await bound();
  socket.setRecvBufferSize(1024 * 1024);
  let packets = 0;
  socket.on('message', () => void packets++);
  const told = once(child, 'message');
  child.send({ port: socket.address().port, size, ms: windowMs + 400 });
  await pause(300);
  const [before, cpuBefore] = [packets, cpuUs()];
  await pause(windowMs);
  const received = { packets: packets - before, cpuUs: cpuUs() - cpuBefore };
  const [sent] = (await told) as [Report];
  socket.close();
  return { sent, received };
}

async function main(): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ['--sender'], { execArgv: process.execArgv });
  await once(child, 'message');
  console.log('| datagrams of | send, µs of CPU | receive, µs of CPU | both at once, at most, MB/s |\n|---|--:|--:|--:|');
  for (const size of SIZES) {
    const { sent, received } = await measure(child, size);
    const [sendUs, receiveUs] = [sent.cpuUs / sent.packets, received.cpuUs / received.packets];
    console.log(`| ${size} B | ${sendUs.toFixed(2)} | ${receiveUs.toFixed(2)} | ${(size / Math.max(sendUs, receiveUs)).toFixed(0)} |`);
  }
  child.disconnect();
}

await (process.argv.includes('--sender') ? sender() : main());
