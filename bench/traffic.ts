// What peers send to each other, and what is measured on the way.
import type { Channel } from './libs/library.ts';
import { cpuMs, monotonicMs } from './process.ts';

/** The sender fills its buffer up to the high mark and goes on when it falls to the low one. */
const HIGH_MARK_BYTES = 1024 * 1024;
const LOW_MARK_BYTES = 512 * 1024;
/** A native stack may drain as fast as we fill: let the event loop turn now and then all the same. */
const MESSAGES_PER_TURN = 512;

export interface Transmitted {
  readonly bytes: number;
  readonly cpuMs: number;
}

/** Sends messages of one size, as fast as the channel takes them, for a time. */
export function transmit(channel: Channel, sizeBytes: number, durationMs: number): Promise<Transmitted> {
  const message = new Uint8Array(sizeBytes).fill(0x5a);
  const [cpuBefore, end] = [cpuMs(), monotonicMs() + durationMs];
  let bytes = 0;
  return new Promise((done) => {
    let scheduled = false;
    const fill = (): void => {
      scheduled = false;
      for (let i = 0; channel.bufferedAmount < HIGH_MARK_BYTES; i++) {
        if (i === MESSAGES_PER_TURN) {
          scheduled = true;
          setImmediate(fill);
          break;
        }
        channel.send(message);
        bytes += sizeBytes;
      }
      if (monotonicMs() >= end) done({ bytes, cpuMs: cpuMs() - cpuBefore });
    };
    channel.onBufferedAmountLow(LOW_MARK_BYTES, () => {
      if (!scheduled && monotonicMs() < end) fill();
    });
    setTimeout(() => done({ bytes, cpuMs: cpuMs() - cpuBefore }), durationMs);
    fill();
  });
}

export interface Received {
  readonly messages: number;
  readonly bytes: number;
  readonly timeMs: number;
  readonly cpuMs: number;
}

const sizeOf = (message: ArrayBufferLike | ArrayBufferView | string): number => (typeof message === 'string' ? message.length : message.byteLength);

/** Counts what comes in a time that starts `warmUpMs` after the first message. */
export function receive(channel: Channel, warmUpMs: number, durationMs: number): Promise<Received> {
  let [messages, bytes] = [0, 0];
  let started = false;
  return new Promise((done) => {
    const measure = (): void => {
      const [messagesBefore, bytesBefore, cpuBefore, timeBefore] = [messages, bytes, cpuMs(), monotonicMs()];
      setTimeout(() => {
        done({ messages: messages - messagesBefore, bytes: bytes - bytesBefore, timeMs: monotonicMs() - timeBefore, cpuMs: cpuMs() - cpuBefore });
      }, durationMs);
    };
    channel.onMessage((message) => {
      messages++;
      bytes += sizeOf(message);
      if (started) return;
      started = true;
      setTimeout(measure, warmUpMs);
    });
  });
}

/** Sends one message at a time and waits for its echo; the times in µs, sorted. */
export function roundTrips(channel: Channel, sizeBytes: number, rounds: number): Promise<readonly number[]> {
  const message = new Uint8Array(sizeBytes).fill(0x5a);
  const warmUp = Math.ceil(rounds / 10);
  const timesUs: number[] = [];
  return new Promise((done) => {
    let sentAt = 0;
    let round = 0;
    const next = (): void => {
      sentAt = monotonicMs();
      channel.send(message);
    };
    channel.onMessage(() => {
      if (round++ >= warmUp) timesUs.push((monotonicMs() - sentAt) * 1000);
      if (timesUs.length < rounds) next();
      else done(timesUs.sort((a, b) => a - b));
    });
    next();
  });
}
