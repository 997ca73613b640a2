// What peers send to each other, and what is measured on the way.
import type { Channel } from './libs/library.ts';
import { cpuMs, monotonicMs } from './process.ts';

/** The sender fills its buffer up to the high mark and goes on when it falls to the low one. */
const HIGH_MARK_BYTES = 1024 * 1024;
/** A native stack may drain as fast as we fill: let the event loop turn now and then all the same. */
const MESSAGES_PER_TURN = 512;

export interface Traffic {
  readonly sizeBytes: number;
  /** Of the part that is measured; it starts `warmUpMs` after the first message. */
  readonly durationMs: number;
  readonly warmUpMs: number;
}

/** What went through in the part that was measured. */
export interface Moved {
  readonly messages: number;
  readonly bytes: number;
  readonly timeMs: number;
  /** Of the whole process. */
  readonly cpuMs: number;
}

interface Count {
  messages: number;
  bytes: number;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** The difference that the time makes, after the warm-up. */
async function window({ warmUpMs, durationMs }: Traffic, count: () => Count): Promise<Moved> {
  await pause(warmUpMs);
  const [before, cpuBefore, timeBefore] = [count(), cpuMs(), monotonicMs()];
  await pause(durationMs);
  const after = count();
  return { messages: after.messages - before.messages, bytes: after.bytes - before.bytes, timeMs: monotonicMs() - timeBefore, cpuMs: cpuMs() - cpuBefore };
}

/** Sends messages of one size on all channels, as fast as they take them, and 300 ms longer than is measured; counts what left the buffers. */
export async function transmit(channels: readonly Channel[], traffic: Traffic): Promise<Moved> {
  const message = new Uint8Array(traffic.sizeBytes).fill(0x5a);
  const end = monotonicMs() + traffic.warmUpMs + traffic.durationMs + 300;
  const highMark = Math.max(HIGH_MARK_BYTES / channels.length, 4 * traffic.sizeBytes);
  const sent: Count = { messages: 0, bytes: 0 };
  let stopped = false;
  for (const channel of channels) {
    let scheduled = false;
    const fill = (): void => {
      scheduled = false;
      for (let i = 0; channel.bufferedAmount < highMark && !stopped; i++) {
        if (i === MESSAGES_PER_TURN) {
          scheduled = true;
          setImmediate(fill);
          break;
        }
        channel.send(message);
        sent.messages++;
        sent.bytes += traffic.sizeBytes;
      }
      if (monotonicMs() >= end) stopped = true;
    };
    channel.onBufferedAmountLow(highMark / 2, () => {
      if (!scheduled && !stopped) fill();
    });
    fill();
  }
  const moved = await window(traffic, () => ({ messages: sent.messages, bytes: sent.bytes - channels.reduce((sum, channel) => sum + channel.bufferedAmount, 0) }));
  await pause(Math.max(0, end - monotonicMs()));
  stopped = true;
  return moved;
}

const sizeOf = (message: ArrayBufferLike | ArrayBufferView | string): number => (typeof message === 'string' ? message.length : message.byteLength);

/** Counts what comes on all channels, from the first message on. */
export function receive(channels: readonly Channel[], traffic: Traffic): Promise<Moved> {
  const came: Count = { messages: 0, bytes: 0 };
  return new Promise((done) => {
    for (const channel of channels) {
      channel.onMessage((message) => {
        if (came.messages++ === 0) void window(traffic, () => ({ ...came })).then(done);
        came.bytes += sizeOf(message);
      });
    }
  });
}

export interface Rounds {
  readonly sizeBytes: number;
  readonly warmUpRounds: number;
  readonly rounds: number;
  /** Between an echo and the next message. */
  readonly pauseMs: number;
  /** No new round after this time, however few there were. */
  readonly limitMs: number;
}

/** Sends one message at a time and waits for its echo; the times in µs, sorted, without those of the warm-up unless there are no others. */
export function roundTrips(channel: Channel, { sizeBytes, warmUpRounds, rounds, pauseMs, limitMs }: Rounds): Promise<readonly number[]> {
  const message = new Uint8Array(sizeBytes).fill(0x5a);
  const timesUs: number[] = [];
  const wanted = warmUpRounds + rounds;
  const end = monotonicMs() + limitMs;
  return new Promise((done) => {
    let sentAt = 0;
    const next = (): void => {
      sentAt = monotonicMs();
      channel.send(message);
    };
    channel.onMessage(() => {
      const now = monotonicMs();
      timesUs.push((now - sentAt) * 1000);
      if (timesUs.length >= wanted || now >= end) done(timesUs.slice(timesUs.length > warmUpRounds ? warmUpRounds : 0).sort((a, b) => a - b));
      else if (pauseMs > 0) setTimeout(next, pauseMs);
      else next();
    });
    next();
  });
}
