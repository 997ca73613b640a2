// Two associations in memory move messages: what SCTP itself costs per packet and side, with nothing around it.
//
//   node --import tsx bench/micro/sctp.ts [message bytes] [packet bytes] [seconds]
//   node --import tsx --cpu-prof bench/micro/sctp.ts
import { createHmac, randomFillSync } from 'node:crypto';
import type { CryptoProvider, Environment } from '../../src/core/index.ts';
import { SctpAssociation, type SctpConfig } from '../../src/sctp/index.ts';

const messageBytes = Number(process.argv[2] ?? 65_536);
const mtuBytes = Number(process.argv[3] ?? 1200);
const seconds = Number(process.argv[4] ?? 3);
/** Datagrams that one turn of the event loop brings. */
const PACKETS_PER_TURN = 25;

const environment: Environment = {
  crypto: {
    createHmac: (_name: string, key: Uint8Array) => ({ sign: (piece: Uint8Array) => new Uint8Array(createHmac('sha256', key).update(piece).digest()) }),
  } as unknown as CryptoProvider,
  random: (into) => void randomFillSync(into),
  unixOffsetMs: 0,
};
const config: SctpConfig = { mtuBytes, zeroChecksum: true, headroomBytes: 21, tailroomBytes: 16 };
const a = new SctpAssociation(config, environment);
const b = new SctpAssociation(config, environment);
const data = new Uint8Array(messageBytes).fill(7);

const wire: Uint8Array[] = [];
let sendNs = 0n;
let receiveNs = 0n;
let packets = 0;
let acks = 0;
let received = 0;
let messages = 0;

/** What the layer below would deliver: a datagram in a buffer of its own. */
function copies(from: Uint8Array[]): Uint8Array[] {
  return from.map((packet) => {
    const buffer = new Uint8Array(packet.length + 37);
    buffer.set(packet, 21);
    return buffer.subarray(21, 21 + packet.length);
  });
}

function sendTurn(now: number): Uint8Array[] {
  const start = process.hrtime.bigint();
  a.handleTimeout(now);
  while (a.totalBufferedAmount < 1024 * 1024) a.handleWrite({ streamId: 0, ppid: 53, data, ordered: true, maxRetransmits: undefined, lifetimeMs: undefined }, now);
  for (let packet = a.pollWrite(); packet !== undefined; packet = a.pollWrite()) wire.push(packet);
  for (let event = a.pollEvent(); event !== undefined; event = a.pollEvent());
  a.pollTimeout();
  sendNs += process.hrtime.bigint() - start;
  return copies(wire.splice(0));
}

function receiveTurn(batch: Uint8Array[], now: number): Uint8Array[] {
  const out: Uint8Array[] = [];
  const start = process.hrtime.bigint();
  b.handleTimeout(now);
  for (let i = 0; i < batch.length; i++) b.handleRead(batch[i] as Uint8Array, now);
  for (let packet = b.pollWrite(); packet !== undefined; packet = b.pollWrite()) out.push(packet);
  for (let message = b.pollRead(); message !== undefined; message = b.pollRead()) {
    received += message.data.length;
    messages++;
  }
  b.pollTimeout();
  receiveNs += process.hrtime.bigint() - start;
  return out;
}

function run(ms: number): number {
  packets = acks = received = messages = 0;
  sendNs = receiveNs = 0n;
  const began = performance.now();
  let queue: Uint8Array[] = [];
  for (let now = began; now - began < ms; now = performance.now()) {
    queue.push(...sendTurn(now));
    while (queue.length > 0) {
      const batch = queue.slice(0, PACKETS_PER_TURN);
      queue = queue.slice(PACKETS_PER_TURN);
      packets += batch.length;
      const answers = receiveTurn(batch, now);
      acks += answers.length;
      const start = process.hrtime.bigint();
      for (const answer of answers) a.handleRead(answer, now);
      sendNs += process.hrtime.bigint() - start;
    }
  }
  return performance.now() - began;
}

a.connect(0);
for (let i = 0; i < 8; i++) {
  for (let p = a.pollWrite(); p !== undefined; p = a.pollWrite()) b.handleRead(p, 0);
  for (let p = b.pollWrite(); p !== undefined; p = b.pollWrite()) a.handleRead(p, 0);
}
run(500);
const ms = run(seconds * 1000);
const mb = received / 1e6;
console.log(`messages of ${messageBytes} bytes in packets of ${mtuBytes}: ${(mb / (ms / 1000)).toFixed(0)} MB/s, ${(messages / (ms / 1000)).toFixed(0)} messages/s, both sides and the copies between`);
console.log(`sender   ${(Number(sendNs) / 1000 / packets).toFixed(2)} µs per packet, ${(mb / (Number(sendNs) / 1e9)).toFixed(0)} MB/s alone`);
console.log(`receiver ${(Number(receiveNs) / 1000 / packets).toFixed(2)} µs per packet, ${(mb / (Number(receiveNs) / 1e9)).toFixed(0)} MB/s alone`);
console.log(`${packets} packets, ${acks} answers, retransmitted chunks: ${a.stats().chunksRetransmitted}, window ${a.stats().congestionWindowBytes}`);
