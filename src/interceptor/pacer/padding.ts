import { EMPTY, type Instant, type RandomSource, randomU32 } from '../../core/index.ts';
import { codecRole, decodeRtp, encodeRtp, type ExtensionElement, setSequenceNumber } from '../../rtp/index.ts';
import { streamElements } from '../elements.ts';
import { beltPacket, OUTGOING_TAILROOM_BYTES, type OutgoingPacket } from '../packet.ts';
import { type LocalStream, rtxPayloadType } from '../stream.ts';
import { PADDING_BYTES } from './constants.ts';

/**
 * How a stream can be padded. `rtx`: on the stream of its retransmissions, whose numbers nobody asks for. `own`: among its own
 * packets, which then get new numbers; only where no repair refers to them.
 */
export type PaddingKind = 'rtx' | 'own' | 'none';

export function paddingKind(stream: LocalStream): PaddingKind {
  if (stream.kind === 'audio') return 'none';
  let hasRtx = false;
  let hasRepair = stream.fecSsrc !== undefined;
  for (const codec of stream.codecs.values()) {
    const role = codecRole(codec);
    if (role === 'rtx') hasRtx = true;
    if (role === 'fec' || codec.feedback.includes('nack')) hasRepair = true;
  }
  if (hasRtx && stream.rtxSsrc !== undefined) return 'rtx';
  return hasRtx || hasRepair ? 'none' : 'own';
}

/**
 * Numbers what leaves of one stream, where padding takes numbers of its own, and makes that padding. Lives as long as the stream,
 * also while it pauses: under SRTP no number may come twice (RFC 3711 9.1).
 */
export class StreamPadding {
  readonly #stream: LocalStream;
  readonly #random: RandomSource;
  #kind: PaddingKind = 'none';
  #elements: readonly ExtensionElement[] = [];
  /** The SSRC of retransmissions and its next number; −1 while it has sent nothing. */
  #repairSsrc: number | undefined;
  #nextRepair = -1;
  /** How many of the stream's own numbers padding took. */
  #shift = 0;
  #lastSequence = -1;
  #lastTimestamp = 0;
  #lastPayloadType = -1;
  #isBetweenFrames = false;
  #sentAt: Instant = -Infinity;

  constructor(stream: LocalStream, random: RandomSource) {
    this.#stream = stream;
    this.#random = random;
    this.update();
  }

  /** What was agreed upon about the stream may have changed. */
  update(): void {
    const { rtxSsrc } = this.#stream;
    this.#kind = paddingKind(this.#stream);
    this.#elements = streamElements(this.#stream, this.#kind === 'rtx');
    if (rtxSsrc !== this.#repairSsrc) this.#nextRepair = -1;
    this.#repairSsrc = rtxSsrc;
  }

  /** When media last left; padding goes with the stream where that is latest. */
  get sentAt(): Instant {
    return this.#sentAt;
  }

  /** Whether there may be padding now. */
  get isPossible(): boolean {
    if (this.#lastPayloadType < 0 || this.#kind === 'none') return false;
    return this.#kind === 'own' ? this.#isBetweenFrames : rtxPayloadType(this.#stream, this.#lastPayloadType) >= 0;
  }

  /** A packet of the stream leaves: gives it its number, in place. */
  leaves(packet: OutgoingPacket, now: Instant): void {
    const { header, bytes } = packet;
    if (packet.role === 'rtx') {
      if (header.ssrc !== this.#repairSsrc) return;
      if (this.#nextRepair < 0) this.#nextRepair = header.sequenceNumber;
      header.sequenceNumber = this.#nextRepair;
      setSequenceNumber(bytes, this.#nextRepair);
      this.#nextRepair = (this.#nextRepair + 1) & 0xffff;
      return;
    }
    if (header.ssrc !== this.#stream.ssrc) return;
    if (this.#shift > 0) {
      header.sequenceNumber = (header.sequenceNumber + this.#shift) & 0xffff;
      setSequenceNumber(bytes, header.sequenceNumber);
    }
    this.#lastSequence = header.sequenceNumber;
    this.#lastTimestamp = header.timestamp;
    if (packet.role === 'media') this.#lastPayloadType = header.payloadType;
    this.#isBetweenFrames = header.marker;
    this.#sentAt = now;
  }

  /** A packet that is padding alone; to be called only while that is possible. */
  make(now: Instant): OutgoingPacket {
    const stream = this.#stream;
    const isRepair = this.#kind === 'rtx';
    if (isRepair && this.#nextRepair < 0) this.#nextRepair = randomU32(this.#random) & 0x7fff;
    const sequenceNumber = isRepair ? this.#nextRepair : (this.#lastSequence + 1) & 0xffff;
    if (isRepair) this.#nextRepair = (this.#nextRepair + 1) & 0xffff;
    else {
      this.#shift = (this.#shift + 1) & 0xffff;
      this.#lastSequence = sequenceNumber;
    }
    const init = {
      payloadType: isRepair ? rtxPayloadType(stream, this.#lastPayloadType) : this.#lastPayloadType,
      ssrc: isRepair ? (this.#repairSsrc as number) : stream.ssrc,
      sequenceNumber,
      timestamp: this.#lastTimestamp,
      extensions: this.#elements,
      payload: EMPTY,
      paddingBytes: PADDING_BYTES,
    };
    const bytes = encodeRtp(init, { tailroomBytes: OUTGOING_TAILROOM_BYTES, extensionForm: stream.extensions.allowMixed ? 'auto' : 'one-byte' });
    return beltPacket(bytes, decodeRtp(bytes), stream, 'padding', now);
  }
}
