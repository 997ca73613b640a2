// What comes of a remote track, packet by packet.
import type { TrackRemote } from 'sansrtc';
import { createDepacketizer, SampleBuilder } from 'sansrtc/codec';

const BEHIND = 0x8000;

/** Reads a track to its end and keeps account of it. */
export class TrackObserver {
  readonly track: TrackRemote;
  packets = 0;
  /** Sequence numbers that were passed over, and those of them that came later. */
  missing = 0;
  late = 0;
  repeated = 0;
  frames = 0;
  keyframes = 0;
  bytes = 0;
  readonly ssrcs = new Set<number>();
  readonly payloadTypes = new Set<number>();
  readonly codecs = new Set<string>();
  /** Steps of the RTP timestamp that went back. */
  backwards = 0;
  #last: { sequenceNumber: number; timestamp: number } | undefined;
  readonly #seen = new Set<number>();
  readonly #builders = new Map<number, SampleBuilder>();
  readonly done: Promise<void>;

  constructor(track: TrackRemote) {
    this.track = track;
    this.done = this.#read();
  }

  async #read(): Promise<void> {
    for await (const packet of this.track) {
      const { sequenceNumber, timestamp, marker, ssrc, payloadType } = packet.header;
      this.packets++;
      this.bytes += packet.bytes.length;
      this.ssrcs.add(ssrc);
      this.payloadTypes.add(payloadType);
      const codec = this.track.codecOf(payloadType);
      if (codec !== undefined) this.codecs.add(codec.name);
      this.#count(sequenceNumber, timestamp);
      if (codec === undefined) continue;
      let builder = this.#builders.get(payloadType);
      if (builder === undefined) this.#builders.set(payloadType, (builder = new SampleBuilder(createDepacketizer(codec.name))));
      builder.handleRead({ sequenceNumber, timestamp, marker, payload: packet.payload }, performance.now());
      for (let sample = builder.pollRead(); sample !== undefined; sample = builder.pollRead()) {
        this.frames++;
        if (sample.keyframe) this.keyframes++;
      }
    }
  }

  #count(sequenceNumber: number, timestamp: number): void {
    if (this.#seen.has(sequenceNumber)) this.repeated++;
    this.#seen.add(sequenceNumber);
    if (this.#seen.size > BEHIND / 2) this.#seen.clear();
    const last = this.#last;
    const step = last === undefined ? 1 : (sequenceNumber - last.sequenceNumber) & 0xffff;
    if (step >= BEHIND || step === 0) return void (this.late += step === 0 ? 0 : 1);
    this.missing += step - 1;
    if (last !== undefined && ((timestamp - last.timestamp) >>> 0) >= 2 ** 31) this.backwards++;
    this.#last = { sequenceNumber, timestamp };
  }

  /** What a stream of which nothing was lost on the way has wrong; undefined when nothing is. */
  complaint(): string | undefined {
    const { packets, frames, missing, late, repeated, backwards } = this;
    if (packets < 20) return `only ${packets} packets`;
    if (frames < 10) return `only ${frames} frames of ${packets} packets`;
    if (missing > late) return `${missing - late} packets did not come`;
    if (late + repeated + backwards > 0) return `${late} packets came late, ${repeated} twice, ${backwards} timestamps went back`;
    if (this.ssrcs.size !== 1 || this.ssrcs.has(0)) return `SSRCs ${[...this.ssrcs].join(' ')}`;
    if (this.payloadTypes.size !== 1) return `payload types ${[...this.payloadTypes].join(' ')}`;
    return undefined;
  }

  toString(): string {
    return `${this.packets} packets and ${this.frames} frames of ${[...this.codecs].join('+')}`;
  }
}
