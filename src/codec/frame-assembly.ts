import { DecodeError, type Instant } from '../core/index.ts';
import { MAX_FRAME_PIECES } from './constants.ts';
import type { Depacketizer } from './payload-format.ts';
import { type MediaPacket, retained } from './reorder-buffer.ts';
import type { Sample, SampleLossReason } from './sample.ts';

/** The frame that is being put together, from packets in order and without gaps. */
export class FrameAssembly {
  readonly #depacketizer: Depacketizer;
  readonly #maxBytes: number;
  readonly #maxPackets: number;
  readonly #pieces: Uint8Array[] = [];
  #open = false;
  /** Bytes of payloads: what the pieces may hold on to. */
  #bytesIn = 0;
  #packets = 0;
  #timestamp = 0;
  #marker = false;
  #first = 0;
  #last = 0;
  #arrivedAt: Instant = 0;

  constructor(depacketizer: Depacketizer, maxBytes: number, maxPackets: number) {
    this.#depacketizer = depacketizer;
    this.#maxBytes = maxBytes;
    this.#maxPackets = maxPackets;
  }

  /** Whether a frame was begun. */
  get open(): boolean {
    return this.#open;
  }

  get timestamp(): number {
    return this.#timestamp;
  }

  get packets(): number {
    return this.#packets;
  }

  /** When its first packet arrived. */
  get arrivedAt(): Instant {
    return this.#arrivedAt;
  }

  /** Begins a frame with the packet that is to be added next. */
  begin({ timestamp, marker, sequenceNumber }: MediaPacket, now: Instant): void {
    this.#open = true;
    this.#timestamp = timestamp;
    this.#marker = marker;
    this.#first = sequenceNumber;
    this.#arrivedAt = now;
  }

  /** Adds a packet. Returns why the frame must be dropped, or `undefined`. */
  add({ payload, sequenceNumber }: MediaPacket): SampleLossReason | undefined {
    this.#packets++;
    this.#bytesIn += payload.length;
    this.#last = sequenceNumber;
    if (this.#packets > this.#maxPackets || this.#bytesIn > this.#maxBytes) return 'too-large';
    try {
      this.#depacketizer.depacketize(retained(payload), this.#pieces);
      return this.#pieces.length > MAX_FRAME_PIECES ? 'too-large' : undefined;
    } catch (error) {
      if (error instanceof DecodeError) return 'malformed';
      throw error;
    }
  }

  /** Ends the frame. A reason when it is not whole; `undefined` when it holds nothing. */
  end(discontinuity: boolean): Sample | SampleLossReason | undefined {
    try {
      this.#depacketizer.endFrame();
    } catch (error) {
      if (error instanceof DecodeError) return 'malformed';
      throw error;
    }
    let length = 0;
    for (const piece of this.#pieces) length += piece.length;
    if (length > this.#maxBytes) return 'too-large';
    if (length === 0) return undefined;
    const data = new Uint8Array(length);
    let at = 0;
    for (const piece of this.#pieces) {
      data.set(piece, at);
      at += piece.length;
    }
    return {
      data,
      timestamp: this.#timestamp,
      keyframe: this.#depacketizer.isKeyframe(data),
      marker: this.#marker,
      packets: this.#packets,
      firstSequenceNumber: this.#first,
      lastSequenceNumber: this.#last,
      arrivedAt: this.#arrivedAt,
      discontinuity,
    };
  }

  /** Forgets the frame, ended or not. */
  clear(): void {
    if (this.#open) this.#depacketizer.reset();
    this.#pieces.length = 0;
    this.#open = false;
    this.#bytesIn = 0;
    this.#packets = 0;
  }
}
