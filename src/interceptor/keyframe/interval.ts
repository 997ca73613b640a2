import { type Deadline, type Instant, Queue, RtcError } from '../../core/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorFactory } from '../interceptor.ts';
import type { IncomingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { RemoteStream } from '../stream.ts';
import { MIN_INTERVAL_MS } from './constants.ts';

/** How often keyframes are asked for. */
export interface IntervalKeyframesConfig {
  /** How often, in milliseconds, at least 500. */
  readonly intervalMs: number;
}

/**
 * Asks for a keyframe of every video stream that comes, again and again: for recordings and relays that want to begin at any time. What
 * is asked goes through `Keyframes`, which must be there too.
 */
export class IntervalKeyframes implements Interceptor {
  readonly name = 'interval-keyframes';
  readonly #intervalMs: number;
  /** When each stream's is due; only of streams that packets came of since the last one. */
  readonly #due: Map<RemoteStream, Instant> = new Map();
  readonly #events: Queue<InterceptorEvent> = new Queue();

  /** Throws `ERR_INVALID_ARGUMENT` for an interval below 500 ms. */
  constructor({ intervalMs }: IntervalKeyframesConfig) {
    if (!(intervalMs >= MIN_INTERVAL_MS)) throw new RtcError('ERR_INVALID_ARGUMENT', `keyframes every ${intervalMs} ms`);
    this.#intervalMs = intervalMs;
  }

  unbindRemote(stream: RemoteStream): void {
    this.#due.delete(stream);
  }

  readRtp(packet: IncomingPacket, now: Instant): IncomingPacket {
    const { stream } = packet;
    if (stream.kind === 'video' && !this.#due.has(stream)) this.#due.set(stream, now + this.#intervalMs);
    return packet;
  }

  pollEvent(): InterceptorEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    for (const [stream, at] of this.#due) {
      if (at > now) continue;
      this.#due.delete(stream);
      this.#events.push({ type: 'request-keyframe', ssrc: stream.ssrc });
    }
  }

  pollTimeout(): Deadline | undefined {
    let at = Infinity;
    for (const due of this.#due.values()) at = Math.min(at, due);
    return at === Infinity ? undefined : { at, reason: 'interceptor.interval-keyframe' };
  }

  close(): void {
    this.#due.clear();
  }
}

/** Registers {@link IntervalKeyframes}. */
export function intervalKeyframes(config: IntervalKeyframesConfig): InterceptorFactory {
  return { name: 'interval-keyframes', slot: Slot.keyframe, create: () => new IntervalKeyframes(config) };
}
