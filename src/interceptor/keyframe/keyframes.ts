import { type Deadline, type Instant, Queue, RtcError } from '../../core/index.ts';
import type { RtcpPacket } from '../../rtcp/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import { Slot } from '../slot.ts';
import { type LocalStream, type RemoteStream, wantsFeedback } from '../stream.ts';
import { MAX_REQUESTERS, MIN_REQUEST_GAP_MS, REQUEST_GAP_MS } from './constants.ts';
import { Throttle } from './throttle.ts';

/** How keyframes are asked for and requests passed on. */
export interface KeyframesConfig {
  /** Least time between two requests for one stream, in each direction, in milliseconds, at least 100. Default 300. */
  readonly minGapMs?: number;
}

/** A local stream whose receiver may want keyframes. */
class Wanted {
  readonly throttle: Throttle;
  /** The last number of a full intra request, by who sent it: one that is repeated has the same (RFC 5104 4.3.1.1). */
  readonly sequences: Map<number, number> = new Map();

  constructor(gapMs: number) {
    this.throttle = new Throttle(gapMs);
  }
}

/** A remote stream that keyframes are asked of. */
class Asked {
  readonly throttle: Throttle;
  kind: 'pli' | 'fir' | undefined;
  /** Counts full intra requests, modulo 256. */
  sequence = 0;

  constructor(stream: RemoteStream, gapMs: number) {
    this.throttle = new Throttle(gapMs);
    this.update(stream);
  }

  /** Takes over what was agreed upon. */
  update(stream: RemoteStream): void {
    this.kind = wantsFeedback(stream, 'nack pli') ? 'pli' : wantsFeedback(stream, 'ccm fir') ? 'fir' : undefined;
  }
}

/**
 * Keyframe requests both ways: PLI (RFC 4585 6.3.1) and FIR (RFC 5104 4.3.1) of the peer become `keyframe-wanted`, and `request-keyframe`
 * becomes what the stream negotiated of the two. No stream hears of more than one in a while.
 */
export class Keyframes implements Interceptor {
  readonly name = 'keyframes';
  readonly wakes = true;
  readonly #context: InterceptorContext;
  readonly #gapMs: number;
  readonly #wanted: Map<number, Wanted> = new Map();
  readonly #asked: Map<number, Asked> = new Map();
  readonly #rtcp: Queue<RtcpPacket> = new Queue();
  readonly #events: Queue<InterceptorEvent> = new Queue();
  /** When the first of the requests that wait is due: the time is asked for after every feedback, and hardly ever one waits. */
  #dueAt: Instant = Infinity;

  /** Throws `ERR_INVALID_ARGUMENT` for a time that is too short. */
  constructor(context: InterceptorContext, config: KeyframesConfig = {}) {
    const { minGapMs = REQUEST_GAP_MS } = config;
    if (!(minGapMs >= MIN_REQUEST_GAP_MS)) throw new RtcError('ERR_INVALID_ARGUMENT', `keyframe requests every ${minGapMs} ms`);
    this.#context = context;
    this.#gapMs = minGapMs;
  }

  bindLocal(stream: LocalStream): void {
    if (stream.kind === 'video') this.#wanted.set(stream.ssrc, new Wanted(this.#gapMs));
  }

  unbindLocal(stream: LocalStream): void {
    this.#wanted.delete(stream.ssrc);
    this.#schedule();
  }

  bindRemote(stream: RemoteStream): void {
    if (stream.kind === 'video') this.#asked.set(stream.ssrc, new Asked(stream, this.#gapMs));
  }

  updateRemote(stream: RemoteStream): void {
    this.#asked.get(stream.ssrc)?.update(stream);
  }

  unbindRemote(stream: RemoteStream): void {
    this.#asked.delete(stream.ssrc);
    this.#schedule();
  }

  readRtcp(packet: RtcpPacket, now: Instant): void {
    if (packet.type === 'pli') this.#onRequest(packet.mediaSsrc, now);
    else if (packet.type === 'fir') {
      for (const { ssrc, sequence } of packet.entries) if (this.#isNew(ssrc, packet.senderSsrc, sequence)) this.#onRequest(ssrc, now);
    }
  }

  pollRtcp(): RtcpPacket | undefined {
    return this.#rtcp.shift();
  }

  handleEvent(event: InterceptorEvent, now: Instant): void {
    if (event.type === 'request-keyframe') this.#ask(event.ssrc, now);
  }

  pollEvent(): InterceptorEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    if (now < this.#dueAt) return;
    for (const [ssrc, { throttle }] of this.#wanted) if (throttle.dueAt <= now) this.#onRequest(ssrc, now);
    for (const [ssrc, { throttle }] of this.#asked) if (throttle.dueAt <= now) this.#ask(ssrc, now);
    this.#schedule();
  }

  pollTimeout(): Deadline | undefined {
    return this.#dueAt === Infinity ? undefined : { at: this.#dueAt, reason: 'interceptor.keyframe' };
  }

  close(): void {
    this.#wanted.clear();
    this.#asked.clear();
    this.#rtcp.clear();
    this.#schedule();
  }

  #schedule(): void {
    let at = Infinity;
    for (const { throttle } of this.#wanted.values()) at = Math.min(at, throttle.dueAt);
    for (const { throttle } of this.#asked.values()) at = Math.min(at, throttle.dueAt);
    this.#dueAt = at;
  }

  #onRequest(ssrc: number, now: Instant): void {
    const wanted = this.#wanted.get(ssrc);
    if (wanted === undefined) return this.#context.counters.add('interceptor.keyframe.unknown');
    if (wanted.throttle.request(now)) this.#events.push({ type: 'keyframe-wanted', ssrc });
    else this.#context.counters.add('interceptor.keyframe.throttled');
    this.#dueAt = Math.min(this.#dueAt, wanted.throttle.dueAt);
  }

  #isNew(ssrc: number, sender: number, sequence: number): boolean {
    const sequences = this.#wanted.get(ssrc)?.sequences;
    if (sequences === undefined) return true;
    if (sequences.get(sender) === sequence) return false;
    if (sequences.has(sender) || sequences.size < MAX_REQUESTERS) sequences.set(sender, sequence);
    return true;
  }

  #ask(ssrc: number, now: Instant): void {
    const asked = this.#asked.get(ssrc);
    if (asked?.kind === undefined) return this.#context.counters.add('interceptor.keyframe.not-negotiated');
    const mayPass = asked.throttle.request(now);
    this.#dueAt = Math.min(this.#dueAt, asked.throttle.dueAt);
    if (!mayPass) return;
    const senderSsrc = this.#context.rtcpSsrc;
    if (asked.kind === 'pli') this.#rtcp.push({ type: 'pli', senderSsrc, mediaSsrc: ssrc });
    else {
      this.#rtcp.push({ type: 'fir', senderSsrc, mediaSsrc: 0, entries: [{ ssrc, sequence: asked.sequence }] });
      asked.sequence = (asked.sequence + 1) & 0xff;
    }
  }
}

/** Registers {@link Keyframes}. */
export function keyframes(config: KeyframesConfig = {}): InterceptorFactory {
  return { name: 'keyframes', slot: Slot.keyframe, create: (context) => new Keyframes(context, config) };
}
