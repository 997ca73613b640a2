// What the kernel and node:dgram take per datagram on loopback, and the cheaper cipher per record: the floor of every
// stack on Node.js, without any protocol.
//
//   npm run bench -- micro udp [ms]
import { type ChildProcess, fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { RecordProtection } from '../../src/dtls/record/protection.ts';

const SIZES = [100, 1200, 9000, 16_421] as const;
const windowMs = Number(process.argv[2] ?? 1000);
const PER_TURN = 32;
/** Bytes of a datagram that are no user data: DTLS with ChaCha20-Poly1305, and the headers of SCTP and its DATA chunk. */
const OVERHEAD_BYTES = 13 + 16 + 12 + 16;
/** Room in front of a record's content. */
const HEADROOM_BYTES = 21;

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

/** µs of the faster of the two ciphers, for a record of a size. */
function cipherUs(size: number): { readonly seal: number; readonly open: number } {
  const results = ([['aes-128-gcm', 16, 4], ['chacha20-poly1305', 32, 12]] as const).map(([aead, keyBytes, implicitBytes]) => {
    const protection = new RecordProtection(nodeCrypto, aead, new Uint8Array(keyBytes).fill(7), new Uint8Array(implicitBytes).fill(1));
    const records = Array.from({ length: 500 }, () => new Uint8Array(HEADROOM_BYTES + size + 16));
    let sequence = 0;
    const best = { seal: Infinity, open: Infinity };
    for (let round = 0; round < 10; round++) {
      const start = cpuUs();
      const at = records.map((record) => protection.seal(23, 1, sequence++, record, HEADROOM_BYTES, HEADROOM_BYTES + size));
      const sealed = cpuUs();
      for (const [i, record] of records.entries()) protection.open(record, at[i] as number);
      best.seal = Math.min(best.seal, (sealed - start) / records.length);
      best.open = Math.min(best.open, (cpuUs() - sealed) / records.length);
    }
    return best;
  });
  return results.reduce((a, b) => (a.seal + a.open < b.seal + b.open ? a : b));
}

async function main(): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ['--sender'], { execArgv: process.execArgv });
  await once(child, 'message');
  console.log('| datagrams of | send, µs | seal, µs | receive, µs | open, µs | floor of the sender, s/GB | of the receiver, s/GB |\n|---|--:|--:|--:|--:|--:|--:|');
  for (const size of SIZES) {
    const { sent, received } = await measure(child, size);
    const [sendUs, receiveUs, cipher] = [sent.cpuUs / sent.packets, received.cpuUs / received.packets, cipherUs(size - OVERHEAD_BYTES)];
    const floor = (us: number): string => ((us / (size - OVERHEAD_BYTES)) * 1000).toFixed(2); // µs per byte are thousands of s per GB
    const cells = [sendUs, cipher.seal, receiveUs, cipher.open].map((us) => us.toFixed(2));
    console.log(`| ${size.toLocaleString('en')} B | ${cells.join(' | ')} | ${floor(sendUs + cipher.seal)} | ${floor(receiveUs + cipher.open)} |`);
  }
  child.disconnect();
}

await (process.argv.includes('--sender') ? sender() : main());
