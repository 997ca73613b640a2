// Packets of 1200 bytes into a process that sends them on, as fast as it takes them.
import type { RtpLibrary } from './library.ts';
import { PAYLOAD_TYPE, SSRC } from './library.ts';
import { cpuMs, monotonicMs } from '../process.ts';

const PACKET_BYTES = 1200;
const PACKETS_PER_FRAME = 8;
const TICKS_PER_FRAME = 3000;
/** Packets at least, between two turns of the event loop, in which the library sees RTCP, timers and consent checks: a frame comes at once. */
const SENDS_PER_TURN = 32;
/** The sender goes on after its window, so that the receiver's is within. */
const LONGER_MS = 300;

export interface RtpTraffic {
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** How many connections get each packet. */
  readonly receivers: number;
}

export interface RtpMoved {
  readonly packets: number;
  readonly timeMs: number;
  /** Of the whole process. */
  readonly cpuMs: number;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function window({ warmUpMs, durationMs }: RtpTraffic, count: () => number): Promise<RtpMoved> {
  await pause(warmUpMs);
  const [before, cpuBefore, timeBefore] = [count(), cpuMs(), monotonicMs()];
  await pause(durationMs);
  return { packets: count() - before, timeMs: monotonicMs() - timeBefore, cpuMs: cpuMs() - cpuBefore };
}

/** One VP8 packet: start of a partition in the first of a frame, the same bytes otherwise. */
function packetAt(index: number): Buffer<ArrayBuffer> {
  const packet = Buffer.alloc(PACKET_BYTES, 0x5a);
  const inFrame = index % PACKETS_PER_FRAME;
  packet[0] = 0x80;
  packet[1] = (inFrame === PACKETS_PER_FRAME - 1 ? 0x80 : 0) | PAYLOAD_TYPE;
  packet.writeUInt16BE(index & 0xffff, 2);
  packet.writeUInt32BE((Math.floor(index / PACKETS_PER_FRAME) * TICKS_PER_FRAME) >>> 0, 4);
  packet.writeUInt32BE(SSRC, 8);
  packet[12] = inFrame === 0 ? 0x10 : 0;
  return packet;
}

/** Hands packets to the library and counts what it was asked to send: one for each connection. */
export async function forward(library: RtpLibrary, traffic: RtpTraffic): Promise<RtpMoved> {
  const end = monotonicMs() + traffic.warmUpMs + traffic.durationMs + LONGER_MS;
  const perTurn = Math.max(PACKETS_PER_FRAME, Math.floor(SENDS_PER_TURN / traffic.receivers));
  let packets = 0;
  let stopped = false;
  const fill = (): void => {
    for (let i = 0; i < perTurn; i++) library.write(packetAt(packets++));
    if (monotonicMs() < end && !stopped) setImmediate(fill);
  };
  fill();
  const moved = await window(traffic, () => packets * traffic.receivers);
  await pause(Math.max(0, end - monotonicMs()));
  stopped = true;
  return moved;
}

/** Counts from the first packet on. */
export function takeIn(counter: RtpCounter, traffic: RtpTraffic): Promise<RtpMoved> {
  return new Promise((done) => {
    counter.onFirst = () => void window(traffic, () => counter.packets).then(done);
  });
}

/** Packets that all connections of a process received. */
export class RtpCounter {
  packets = 0;
  onFirst: () => void = () => {};

  readonly count = (): void => {
    if (this.packets++ === 0) this.onFirst();
  };
}
