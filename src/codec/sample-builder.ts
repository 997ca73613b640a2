import { add16, type Deadline, distance16, type Instant, type Protocol, Queue } from '../core/index.ts';
import { type SampleBuilderConfig, sampleBuilderLimits } from './config.ts';
import { FrameAssembly } from './frame-assembly.ts';
import type { Depacketizer } from './payload-format.ts';
import { type MediaPacket, ReorderBuffer } from './reorder-buffer.ts';
import type { Sample, SampleBuilderStats, SampleLoss, SampleLossReason } from './sample.ts';

/**
 * Puts the packets of one stream in order and whole frames together. A frame with a part missing is never given out; it
 * is dropped and reported. Memory is bounded whatever comes: see {@link SampleBuilderConfig}.
 *
 * Every packet of the SSRC must be given. Where payload types share the sequence numbers (telephone events amid audio),
 * give those of other types with an empty payload: they fill their place and are otherwise ignored, as is padding alone.
 *
 * @example
 * const builder = new SampleBuilder(createDepacketizer('VP8'));
 * builder.handleRead(packet, now);
 * for (let sample = builder.pollRead(); sample; sample = builder.pollRead()) show(sample.data, sample.timestamp);
 * if (builder.pollEvent()) requestKeyframe();
 */
export class SampleBuilder implements Protocol<MediaPacket, Sample, never, never, never, SampleLoss> {
  readonly #depacketizer: Depacketizer;
  readonly #limits: Required<SampleBuilderConfig>;
  readonly #frame: FrameAssembly;
  readonly #ready: Queue<Sample> = new Queue();
  #readyBytes = 0;
  /** Made when the first packet is missing. */
  #buffer: ReorderBuffer | undefined;
  #waitingSince: Instant = Number.POSITIVE_INFINITY;
  #closed = false;

  #started = false;
  /** The sequence number that comes next. */
  #next = 0;
  /** Where a stream that began anew would go on (RFC 3550 A.1), or -1. */
  #restartAt = -1;
  /** Whether the packet before the next one is known to end a frame. */
  #atBoundary = true;
  /** Whether the frame of `#discardedTimestamp` is being passed over. */
  #discarding = false;
  #discardedTimestamp = 0;
  /** Whether packets are missing before the next one. */
  #afterGap = false;
  #markersSeen = false;
  #discontinuity = false;

  #loss: { reason: SampleLossReason; timestamp: number | undefined; frames: number; packets: number } | undefined;
  readonly #counts = {
    framesAssembled: 0,
    framesDropped: 0,
    keyframesAssembled: 0,
    packetsLost: 0,
    packetsLate: 0,
    packetsDuplicate: 0,
    packetsDiscarded: 0,
    restarts: 0,
  };

  /** @throws RtcError - `ERR_INVALID_ARGUMENT` when the limits make no sense */
  constructor(depacketizer: Depacketizer, config: SampleBuilderConfig = {}) {
    this.#depacketizer = depacketizer;
    this.#limits = sampleBuilderLimits(config);
    this.#frame = new FrameAssembly(depacketizer, this.#limits.maxFrameBytes, this.#limits.maxFramePackets);
  }

  handleRead(packet: MediaPacket, now: Instant): void {
    if (this.#closed) return;
    this.handleTimeout(now);
    const { sequenceNumber } = packet;
    if (!this.#started) {
      this.#started = true;
      this.#next = sequenceNumber;
    }
    let ahead = distance16(sequenceNumber, this.#next);
    if (ahead < 0) {
      if (!this.#beginsAnew(packet, ahead)) return;
      ahead = 0;
    }
    this.#restartAt = -1;
    if (ahead >= this.#limits.maxHeldPackets) ahead = this.#makeRoom(sequenceNumber);
    if (ahead === 0) {
      this.#next = add16(this.#next, 1);
      this.#take(packet, now);
      this.#drain();
    } else this.#hold(packet, now);
  }

  /** The next whole frame. */
  pollRead(): Sample | undefined {
    const sample = this.#ready.shift();
    if (sample !== undefined) this.#readyBytes -= sample.data.length;
    return sample;
  }

  handleWrite(): void {}

  pollWrite(): undefined {
    return undefined;
  }

  handleEvent(): void {}

  /** What was lost since the last call; all of it in one report. */
  pollEvent(): SampleLoss | undefined {
    const loss = this.#loss;
    if (loss === undefined) return undefined;
    this.#loss = undefined;
    const { reason, timestamp, frames, packets } = loss;
    return { type: 'loss', reason, ...(timestamp === undefined ? {} : { timestamp }), frames, packets };
  }

  handleTimeout(now: Instant): void {
    const before = now - this.#limits.maxHoldMs;
    while (this.#waitingSince <= before) this.#skipGap();
    if (this.#frame.open && this.#frame.arrivedAt <= before) {
      // Without markers a pause is the only end that the last frame has.
      if (this.#markersSeen || this.#waitingSince !== Number.POSITIVE_INFINITY) this.#dropFrame('stale');
      else this.#finishFrame();
    }
  }

  pollTimeout(): Deadline | undefined {
    const { maxHoldMs } = this.#limits;
    const frameAt = this.#frame.open ? this.#frame.arrivedAt : Number.POSITIVE_INFINITY;
    if (this.#waitingSince <= frameAt) return this.#waitingSince === Number.POSITIVE_INFINITY ? undefined : { at: this.#waitingSince + maxHoldMs, reason: 'gap' };
    return { at: frameAt + maxHoldMs, reason: 'frame' };
  }

  /** Gives up what is missing and ends the last frame. What is whole can still be polled. */
  close(_now?: Instant): void {
    if (this.#closed) return;
    while (this.#buffer !== undefined && this.#buffer.count > 0) this.#skipGap();
    if (this.#frame.open) {
      if (this.#markersSeen) this.#dropFrame('lost');
      else this.#finishFrame();
    }
    this.#closed = true;
    this.#buffer = undefined;
  }

  stats(): SampleBuilderStats {
    return { ...this.#counts, packetsHeld: this.#buffer?.count ?? 0 };
  }

  /** Whether a packet from the past is the second in a row of a stream that began anew; others are late. */
  #beginsAnew({ sequenceNumber }: MediaPacket, ahead: number): boolean {
    const far = ahead < -this.#limits.maxHeldPackets;
    if (!far || sequenceNumber !== this.#restartAt) {
      this.#counts.packetsLate++;
      if (far) this.#restartAt = add16(sequenceNumber, 1);
      return false;
    }
    this.#counts.restarts++;
    if (this.#frame.open) this.#dropFrame('lost');
    this.#buffer?.clear();
    this.#waitingSince = Number.POSITIVE_INFINITY;
    this.#discarding = false;
    this.#next = sequenceNumber;
    this.#leaveGap(0);
    return true;
  }

  #hold(packet: MediaPacket, now: Instant): void {
    this.#buffer ??= new ReorderBuffer(this.#limits.maxHeldPackets);
    const buffer = this.#buffer;
    if (buffer.has(packet.sequenceNumber)) {
      this.#counts.packetsDuplicate++;
      return;
    }
    buffer.put(packet, now);
    if (buffer.count === 1) this.#waitingSince = now;
    while (buffer.bytes > this.#limits.maxFrameBytes) this.#skipGap();
  }

  /** Gives up gaps until a packet is within reach; returns how far ahead it then is. */
  #makeRoom(sequenceNumber: number): number {
    let ahead = distance16(sequenceNumber, this.#next);
    while (ahead >= this.#limits.maxHeldPackets && this.#buffer !== undefined && this.#buffer.count > 0) {
      this.#skipGap();
      ahead = distance16(sequenceNumber, this.#next);
    }
    if (ahead < this.#limits.maxHeldPackets) return ahead;
    this.#leaveGap(ahead);
    this.#next = sequenceNumber;
    return 0;
  }

  /** Takes the packets that are next in order. */
  #drain(): void {
    const buffer = this.#buffer;
    if (buffer === undefined || buffer.count === 0 || !buffer.has(this.#next)) return;
    do {
      const sequenceNumber = this.#next;
      const timestamp = buffer.timestampOf(sequenceNumber);
      const marker = buffer.markerOf(sequenceNumber);
      const arrival = buffer.arrivalOf(sequenceNumber);
      this.#next = add16(sequenceNumber, 1);
      this.#take({ sequenceNumber, timestamp, marker, payload: buffer.take(sequenceNumber) }, arrival);
    } while (buffer.has(this.#next));
    this.#waitingSince = buffer.oldestArrival();
  }

  /** Gives up the packets that are missing before the first that is held. Only while one is. */
  #skipGap(): void {
    const gap = (this.#buffer as ReorderBuffer).gapFrom(this.#next);
    this.#leaveGap(gap);
    this.#next = add16(this.#next, gap);
    this.#drain();
  }

  /** Goes on behind `missing` packets that are lost. */
  #leaveGap(missing: number): void {
    if (this.#frame.open) this.#dropFrame('lost');
    if (missing > 0) {
      this.#counts.packetsLost += missing;
      this.#report('lost', undefined, 0, missing);
    }
    this.#afterGap = true;
    this.#atBoundary = false;
    this.#discontinuity = true;
  }

  /** Takes the packet that is next in order. */
  #take(packet: MediaPacket, arrival: Instant): void {
    const { payload, timestamp, marker } = packet;
    if (payload.length === 0) return;
    if (marker) this.#markersSeen = true;
    const frame = this.#frame;
    if (frame.open && frame.timestamp !== timestamp) this.#finishFrame();
    if (this.#discarding && timestamp !== this.#discardedTimestamp) {
      this.#discarding = false;
      this.#atBoundary = !this.#afterGap;
    }
    this.#afterGap = false;
    if (!this.#discarding && !frame.open) this.#begin(packet, arrival);
    const ends = this.#depacketizer.isFrameEnd(payload, marker);
    if (this.#discarding) {
      this.#counts.packetsDiscarded++;
      if (ends) this.#discarding = false;
    } else {
      const problem = frame.add(packet);
      if (problem !== undefined) {
        this.#dropFrame(problem);
        if (ends) this.#discarding = false;
      } else if (ends) this.#finishFrame();
    }
    this.#atBoundary = ends;
  }

  /** Begins a frame with a packet, or passes over a frame whose beginning is missing. */
  #begin(packet: MediaPacket, arrival: Instant): void {
    const start = this.#depacketizer.frameStart(packet.payload);
    if (start === 'certain' || (start === 'possible' && this.#atBoundary)) {
      this.#frame.begin(packet, arrival);
      return;
    }
    this.#discarding = true;
    this.#discardedTimestamp = packet.timestamp;
    this.#countDrop('lost', packet.timestamp);
  }

  #finishFrame(): void {
    const result = this.#frame.end(this.#discontinuity);
    if (typeof result === 'string') {
      this.#dropFrame(result);
      this.#discarding = false; // it has ended
    } else {
      this.#frame.clear();
      if (result !== undefined) this.#give(result);
    }
    this.#atBoundary = true;
  }

  #give(sample: Sample): void {
    this.#discontinuity = false;
    this.#counts.framesAssembled++;
    if (sample.keyframe) this.#counts.keyframesAssembled++;
    this.#ready.push(sample);
    this.#readyBytes += sample.data.length;
    while (this.#ready.length > this.#limits.maxReadyFrames || this.#readyBytes > this.#limits.maxReadyBytes) {
      const oldest = this.pollRead() as Sample;
      this.#countDrop('unread', oldest.timestamp);
    }
  }

  /** Drops the frame that is open; what else comes of it is passed over. */
  #dropFrame(reason: SampleLossReason): void {
    const { timestamp, packets } = this.#frame;
    this.#counts.packetsDiscarded += packets;
    this.#frame.clear();
    this.#discarding = true;
    this.#discardedTimestamp = timestamp;
    this.#countDrop(reason, timestamp);
  }

  #countDrop(reason: SampleLossReason, timestamp: number): void {
    this.#discontinuity = true;
    this.#counts.framesDropped++;
    this.#report(reason, timestamp, 1, 0);
  }

  #report(reason: SampleLossReason, timestamp: number | undefined, frames: number, packets: number): void {
    if (this.#loss === undefined) this.#loss = { reason, timestamp, frames, packets };
    else {
      this.#loss.timestamp ??= timestamp;
      this.#loss.frames += frames;
      this.#loss.packets += packets;
    }
  }
}
