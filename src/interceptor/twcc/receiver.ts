import { readU16 } from '../../core/bytes.ts';
import { type Deadline, type Instant, Queue, SparseMap } from '../../core/index.ts';
import { feedbackFromArrivals, type RtcpPacket } from '../../rtcp/index.ts';
import { extensionSize, ExtensionUri, findExtension } from '../../rtp/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { IncomingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { RemoteStream } from '../stream.ts';
import { Arrivals } from './arrivals.ts';
import { ARRIVALS, MAX_FEEDBACK_BURST, MAX_FEEDBACK_BYTES, PACKET_OVERHEAD_BYTES } from './constants.ts';
import { FeedbackInterval } from './interval.ts';

const NO_IDS: readonly [number, number] = [0, 0];
/** Times on their way into feedback. They are written and read in one call, so that one of these serves all connections. */
let scratch: Float64Array | undefined;

/** What the receiver of transport-wide feedback counted. */
export interface TwccReceiverStats {
  readonly packetsRecorded: number;
  /** Came twice, or too late to be told of. */
  readonly packetsIgnored: number;
  readonly feedbackSent: number;
}

/**
 * Tells the sender when packets arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01 3): every 50 to 250 ms, or when a packet
 * with the second version of the extension asks for it.
 */
export class TwccReceiver implements Interceptor {
  readonly name: string = 'twcc-receiver';
  readonly wakes = true;
  readonly #rtcpSsrc: number;
  readonly #wake: (() => void) | undefined;
  readonly #arrivals: Arrivals = new Arrivals();
  readonly #interval: FeedbackInterval = new FeedbackInterval();
  readonly #ids: SparseMap<RemoteStream, readonly [first: number, second: number]> = new SparseMap();
  readonly #out: Queue<RtcpPacket> = new Queue();
  #mediaSsrc = 0;
  #feedbackCount = 0;
  #dueAt: Instant = Infinity;
  #recorded = 0;
  #ignored = 0;
  #sent = 0;

  constructor({ rtcpSsrc, wake }: InterceptorContext) {
    this.#rtcpSsrc = rtcpSsrc;
    this.#wake = wake;
  }

  get stats(): TwccReceiverStats {
    return { packetsRecorded: this.#recorded, packetsIgnored: this.#ignored, feedbackSent: this.#sent };
  }

  bindRemote(stream: RemoteStream): void {
    this.updateRemote(stream);
  }

  updateRemote(stream: RemoteStream): void {
    const { extensions } = stream;
    this.#ids.set(stream, [extensions.idOf(ExtensionUri.transportSequence), extensions.idOf(ExtensionUri.transportSequence2)]);
  }

  unbindRemote(stream: RemoteStream): void {
    this.#ids.delete(stream);
  }

  readRtp(packet: IncomingPacket, now: Instant): IncomingPacket {
    const { bytes, header } = packet;
    const [first, second] = this.#ids.get(packet.stream) ?? NO_IDS;
    let at = first === 0 ? -1 : findExtension(bytes, header, first);
    const isFirst = at >= 0;
    if (!isFirst && second !== 0) at = findExtension(bytes, header, second);
    if (at < 0) return packet;
    const size = extensionSize(bytes, header, at);
    if (size < 2) return packet;
    this.#mediaSsrc = header.ssrc;
    this.#interval.received(bytes.length + PACKET_OVERHEAD_BYTES);
    if (this.#arrivals.record(readU16(bytes, at), packet.at)) this.#recorded++;
    else this.#ignored++;
    if (isFirst) {
      if (this.#dueAt !== Infinity) return packet;
      this.#dueAt = now + this.#interval.next(now);
    } else if (size >= 4) this.#answer(readU16(bytes, at), readU16(bytes, at + 2) & 0x7fff, now);
    this.#wake?.();
    return packet;
  }

  pollRtcp(): RtcpPacket | undefined {
    return this.#out.shift();
  }

  handleEvent(event: InterceptorEvent): void {
    if (event.type === 'target-rate') this.#interval.setTarget(event.targetBps);
  }

  handleTimeout(now: Instant): void {
    if (now < this.#dueAt) return;
    const { untold, end } = this.#arrivals;
    // Nothing arrived: the next packet starts the timer again.
    this.#dueAt = untold < end ? now + this.#interval.next(now) : Infinity;
    this.#tell(untold, end, now);
  }

  pollTimeout(): Deadline | undefined {
    return this.#dueAt === Infinity ? undefined : { at: this.#dueAt, reason: 'twcc-feedback' };
  }

  /** Feedback on the `count` packets up to the one that asked for it. Times are told whether they were asked for or not. */
  #answer(sequence: number, count: number, now: Instant): void {
    const { end } = this.#arrivals;
    // The packet that asks is among the newest ones, so its number is the nearest one below the end.
    const asked = end - (((end - 1 - sequence) & 0xffff) + 1);
    if (count > 0) this.#tell(Math.max(asked + 1 - Math.min(count, ARRIVALS), end - ARRIVALS, 0), asked + 1, now);
  }

  #tell(from: number, end: number, now: Instant): void {
    const times = this.#arrivals.copy(from, end, (scratch ??= new Float64Array(ARRIVALS)));
    let at = 0;
    for (let i = 0; at < times.length && i < MAX_FEEDBACK_BURST; i++) {
      const record = {
        senderSsrc: this.#rtcpSsrc,
        mediaSsrc: this.#mediaSsrc,
        feedbackCount: this.#feedbackCount,
        baseSequence: (from + at) & 0xffff,
        arrivalsMs: times.subarray(at),
        maxBytes: MAX_FEEDBACK_BYTES,
      };
      const { feedback, covered } = feedbackFromArrivals(record);
      at += covered;
      if (feedback === undefined) continue;
      this.#out.push(feedback);
      this.#sent++;
      this.#feedbackCount = (this.#feedbackCount + 1) & 0xff;
    }
    this.#arrivals.told(from + at, now);
  }
}

/** Feedback on what arrives, for the peer's congestion control. Does nothing for streams without the extension. */
export function twccReceiver(): InterceptorFactory {
  return { name: 'twcc-receiver', slot: Slot.transport, create: (context) => new TwccReceiver(context) };
}
