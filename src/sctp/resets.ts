import { add32, type Counters, distance32, type Instant, type TimerTable } from '../core/index.ts';
import type { ResolvedSctpConfig } from './config.ts';
import { MAX_TSN_AHEAD, ResetResult } from './constants.ts';
import type { ControlQueue } from './control.ts';
import type { EventQueue } from './event-queue.ts';
import type { SctpResetResult } from './events.ts';
import { encodeOutgoingReset, encodeResetResponse, type ResetParam } from './packets.ts';
import type { Receiver } from './receiver.ts';
import type { Sender } from './sender.ts';
import type { SctpTimer } from './timers.ts';

/** Streams in one request, so that it fits any packet. */
const MAX_STREAMS_PER_REQUEST = 40;

interface Request {
  readonly sequence: number;
  readonly streamIds: readonly number[];
  readonly chunk: Uint8Array;
  tries: number;
}

/** What the two ends agreed on about resets. */
export interface ResetContext {
  readonly config: ResolvedSctpConfig;
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly control: ControlQueue;
  readonly timers: TimerTable<SctpTimer>;
  readonly counters: Counters;
  readonly events: EventQueue;
  readonly localTsn: number;
  readonly peerTsn: number;
  readonly streamsIn: number;
  /** Whether the peer knows RE-CONFIG. */
  readonly supported: boolean;
  /** Streams whose reset an association with the same peer before this one did not finish. */
  readonly unfinished: readonly number[];
}

/** Resets of streams, ours and the peer's (RFC 6525). One request of ours is under way at a time (5.1.1). */
export class StreamResets {
  readonly #context: ResetContext;
  /** Streams whose reset waits: for what was written before it, or for the request before it. */
  #waiting: number[];
  #request: Request | undefined;
  #nextSequence: number;
  #expected: number;
  #lastResult: number = ResetResult.NOTHING_TO_DO;
  #deferred: Extract<ResetParam, { type: 'outgoing' }> | undefined;

  constructor(context: ResetContext) {
    this.#context = context;
    this.#waiting = context.unfinished.slice();
    this.#nextSequence = context.localTsn; // RFC 6525 4.1
    this.#expected = context.peerTsn;
  }

  /** Streams whose reset was asked for and has no outcome. */
  get unfinished(): readonly number[] {
    return this.#waiting.concat(this.#request?.streamIds ?? []);
  }

  /** Resets the sending side of streams, after what was written on them. */
  request(streamIds: Iterable<number>): void {
    const { scheduler } = this.#context.sender;
    for (const id of streamIds) {
      const stream = scheduler.stream(id);
      if (stream.reset !== 'none') continue;
      scheduler.holdForReset(stream);
      this.#waiting.push(id);
    }
  }

  /** Begins the next request when there is one; called before each packet is built. */
  flush(now: Instant): void {
    if (this.#waiting.length === 0 || this.#request !== undefined) return;
    const { sender, control, events, supported } = this.#context;
    const ready: number[] = [];
    const left: number[] = [];
    for (const id of this.#waiting) {
      const stream = sender.scheduler.stream(id);
      (stream.beforeReset === 0 && ready.length < MAX_STREAMS_PER_REQUEST ? ready : left).push(id);
    }
    if (ready.length === 0) return;
    this.#waiting = left;
    if (!supported) {
      for (const id of ready) sender.scheduler.endReset(id, false);
      events.push({ type: 'outgoing-reset', streamIds: ready, result: 'failed' });
      return;
    }
    for (const id of ready) sender.scheduler.stream(id).reset = 'sent';
    const sequence = this.#nextSequence;
    this.#nextSequence = add32(sequence, 1);
    const chunk = encodeOutgoingReset(sequence, add32(this.#expected, -1), sender.lastTsn, ready);
    this.#request = { sequence, streamIds: ready, chunk, tries: 0 };
    control.push(chunk);
    this.#startTimer(now);
  }

  /** No answer came. Returns false when the peer was asked too often. */
  handleTimeout(now: Instant): boolean {
    const request = this.#request;
    if (request === undefined) return true;
    const { config, control, sender } = this.#context;
    request.tries++;
    if (request.tries > config.maxRetransmits) return false;
    if (sender.outstanding === 0) sender.rto.backOff();
    control.push(request.chunk);
    this.#startTimer(now);
    return true;
  }

  /** A RE-CONFIG came (RFC 6525 5.2). */
  handle(params: readonly ResetParam[], now: Instant): void {
    for (const param of params) {
      switch (param.type) {
        case 'outgoing':
        case 'other':
          this.#handleRequest(param);
          break;
        case 'response':
          this.#handleResponse(param.sequence, param.result, now);
          break;
        default:
          param satisfies never;
      }
    }
  }

  /** The cumulative TSN moved: a request that came too early may be due (RFC 6525 5.2.2 E2). */
  advanced(): void {
    const deferred = this.#deferred;
    if (deferred === undefined || distance32(deferred.lastTsn, this.#context.receiver.cumulativeTsn) > 0) return;
    this.#deferred = undefined;
    this.#answer(deferred.sequence, this.#perform(deferred.streamIds));
  }

  #handleRequest(param: Extract<ResetParam, { type: 'outgoing' | 'other' }>): void {
    const { control, counters, receiver } = this.#context;
    if (param.sequence !== this.#expected) {
      counters.add('sctp.reset-sequence');
      const repeated = param.sequence === add32(this.#expected, -1);
      control.push(encodeResetResponse(param.sequence, repeated ? this.#lastResult : ResetResult.BAD_SEQUENCE_NUMBER));
      return;
    }
    if (param.type === 'other') {
      this.#answer(param.sequence, ResetResult.DENIED);
      return;
    }
    const ahead = distance32(param.lastTsn, receiver.cumulativeTsn);
    if (ahead > MAX_TSN_AHEAD) {
      counters.add('sctp.reset-tsn');
      this.#answer(param.sequence, ResetResult.DENIED);
    } else if (ahead > 0) {
      this.#deferred = param;
      control.push(encodeResetResponse(param.sequence, ResetResult.IN_PROGRESS));
    } else this.#answer(param.sequence, this.#perform(param.streamIds));
  }

  #perform(streamIds: readonly number[]): number {
    const { receiver, events, streamsIn } = this.#context;
    if (streamIds.some((id) => id >= streamsIn)) return ResetResult.WRONG_SSN;
    receiver.resetStreams(streamIds);
    events.push({ type: 'incoming-reset', streamIds });
    return ResetResult.PERFORMED;
  }

  #answer(sequence: number, result: number): void {
    this.#deferred = undefined;
    this.#expected = add32(sequence, 1);
    this.#lastResult = result;
    this.#context.control.push(encodeResetResponse(sequence, result));
  }

  #handleResponse(sequence: number, result: number, now: Instant): void {
    const request = this.#request;
    const { counters, events, sender, timers } = this.#context;
    if (request === undefined || request.sequence !== sequence) {
      counters.add('sctp.reset-response');
      return;
    }
    if (result === ResetResult.IN_PROGRESS || result === ResetResult.ALREADY_IN_PROGRESS) {
      request.tries = 0; // the peer is there, only not ready
      this.#startTimer(now);
      return;
    }
    this.#request = undefined;
    timers.stop('reset');
    const performed = result === ResetResult.PERFORMED || result === ResetResult.NOTHING_TO_DO;
    for (const id of request.streamIds) sender.scheduler.endReset(id, performed);
    const outcome: SctpResetResult = performed ? 'performed' : 'denied';
    events.push({ type: 'outgoing-reset', streamIds: request.streamIds, result: outcome });
  }

  #startTimer(now: Instant): void {
    this.#context.timers.set('reset', now + this.#context.sender.rto.timeoutMs);
  }
}
