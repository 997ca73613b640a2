import { readU16, writeU16 } from '../core/bytes.ts';
import { DecodeError, RtcError } from '../core/index.ts';
import { MAX_AGGREGATED_UNITS, MAX_GROWTH_BYTES } from './constants.ts';
import { LONG_START_CODE, type NalFormat, nalUnitsOf, parameterSetPieces, SHORT_START_CODE, visitNalUnits } from './nal.ts';
import {
  type Depacketizer,
  type FrameStart,
  type PacketizedPayload,
  type Packetizer,
  PayloadRoom,
  type PayloadRoomConfig,
  partsOf,
  refuseFrame,
} from './payload-format.ts';

/** NAL unit types of H.264 (table 7-1) and of its payload format (RFC 6184 table 1). */
export const H264NalType = {
  slice: 1,
  partitionA: 2,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  prefix: 14,
  subsetSps: 15,
  stapA: 24,
  fuA: 28,
} as const;

const TYPE_MASK = 0x1f;
const NRI_MASK = 0x60;
const FORBIDDEN = 0x80;
const FU_START = 0x80;
const FU_END = 0x40;

/** The last type of a NAL unit that is not a structure of the payload format. */
const MAX_UNIT_TYPE = 23;

/** How access units are cut into payloads. */
export interface H264PacketizerConfig extends PayloadRoomConfig {
  /** `packetization-mode` (RFC 6184 6): 0 sends whole NAL units only, 1 also STAP-A and FU-A. Default 1. */
  readonly packetizationMode?: 0 | 1;
  /** How NAL units stand in frames. Default `annexb`. */
  readonly format?: NalFormat;
}

/** H.264 access units to payloads (RFC 6184): single NAL units, STAP-A for small ones, FU-A for large ones. */
export class H264Packetizer implements Packetizer {
  readonly room: PayloadRoom;
  readonly #mode: 0 | 1;
  readonly #format: NalFormat;

  constructor(config: H264PacketizerConfig = {}) {
    this.room = new PayloadRoom(config);
    this.#mode = config.packetizationMode ?? 1;
    this.#format = config.format ?? 'annexb';
  }

  packetize(frame: Uint8Array): PacketizedPayload[] {
    const units = nalUnitsOf(frame, this.#format);
    const payloads: Uint8Array[] = [];
    for (let from = 0; from < units.length; ) from = this.#next(units, from, payloads);
    return payloads.map((payload, i) => ({ payload, marker: i === payloads.length - 1, timestampOffset: 0 }));
  }

  /** Makes the payloads of the next unit, or of the next few; returns the index after them. */
  #next(units: readonly Uint8Array[], from: number, into: Uint8Array[]): number {
    const limit = this.room.maxPayloadBytes;
    const unit = units[from] as Uint8Array;
    const type = (unit[0] as number) & TYPE_MASK;
    if (type === 0 || type > MAX_UNIT_TYPE) refuseFrame(`NAL unit of type ${type}`);
    if (unit.length > limit) {
      if (this.#mode === 0) throw new RtcError('ERR_MESSAGE_TOO_LARGE', `NAL unit of ${unit.length} bytes in packetization-mode 0`);
      this.#fragment(unit, into);
      return from + 1;
    }
    let bytes = 3 + unit.length;
    let to = from + 1;
    for (; this.#mode === 1 && to < units.length && to - from < MAX_AGGREGATED_UNITS; to++) {
      bytes += 2 + (units[to] as Uint8Array).length;
      if (bytes > limit) break;
    }
    if (to === from + 1) {
      const payload = this.room.allocate(unit.length);
      payload.set(unit);
      into.push(payload);
    } else into.push(this.#aggregate(units, from, to));
    return to;
  }

  /** STAP-A (RFC 6184 5.7.1): F is the OR and NRI the greatest of what it holds (5.7). */
  #aggregate(units: readonly Uint8Array[], from: number, to: number): Uint8Array {
    let length = 1;
    for (let i = from; i < to; i++) length += 2 + (units[i] as Uint8Array).length;
    const payload = this.room.allocate(length);
    let nri = 0;
    let at = 1;
    for (let i = from; i < to; i++) {
      const unit = units[i] as Uint8Array;
      const type = (unit[0] as number) & TYPE_MASK;
      if (type === 0 || type > MAX_UNIT_TYPE) refuseFrame(`NAL unit of type ${type}`);
      nri = Math.max(nri, (unit[0] as number) & NRI_MASK);
      writeU16(payload, at, unit.length);
      payload.set(unit, at + 2);
      at += 2 + unit.length;
    }
    payload[0] = nri | H264NalType.stapA;
    return payload;
  }

  /** FU-A (RFC 6184 5.8): fragments of nearly the same size, never start and end in one. */
  #fragment(unit: Uint8Array, into: Uint8Array[]): void {
    const header = unit[0] as number;
    const count = partsOf(unit.length - 1, this.room.maxPayloadBytes - 2);
    const size = Math.ceil((unit.length - 1) / count);
    for (let at = 1; at < unit.length; at += size) {
      const end = Math.min(at + size, unit.length);
      const payload = this.room.allocate(2 + end - at);
      payload[0] = (header & ~TYPE_MASK) | H264NalType.fuA;
      payload[1] = (at === 1 ? FU_START : 0) | (end === unit.length ? FU_END : 0) | (header & TYPE_MASK);
      payload.set(unit.subarray(at, end), 2);
      into.push(payload);
    }
  }
}

/** How payloads are put together. */
export interface H264DepacketizerConfig {
  /**
   * SPS and PPS from signalling. They are put before each IDR picture that comes without an SPS, until the stream
   * itself has brought one. Default none.
   */
  readonly parameterSets?: readonly Uint8Array[];
}

/** Payloads to H.264 access units in Annex B form. The interleaved modes (STAP-B, MTAP, FU-B) are refused. */
export class H264Depacketizer implements Depacketizer {
  readonly #parameterSets: readonly Uint8Array[];
  #hasOwnSets = false;
  #empty = true;
  /** Whether a slice of this frame has come. */
  #hasPicture = false;
  /** The type of the NAL unit that is being put together from fragments; 0 when none is. */
  #fragmented = 0;

  constructor(config: H264DepacketizerConfig = {}) {
    this.#parameterSets = parameterSetPieces(config.parameterSets ?? []);
  }

  frameStart(payload: Uint8Array): FrameStart {
    const type = (payload[0] ?? 0) & TYPE_MASK;
    if (type === H264NalType.stapA) return startOfUnit((payload[3] ?? 0) & TYPE_MASK, payload[4] ?? 0);
    if (type !== H264NalType.fuA) return startOfUnit(type, payload[1] ?? 0);
    const header = payload[1] ?? 0;
    return (header & FU_START) === 0 ? 'never' : startOfUnit(header & TYPE_MASK, payload[2] ?? 0);
  }

  isFrameEnd(_payload: Uint8Array, marker: boolean): boolean {
    return marker;
  }

  isKeyframePayload(payload: Uint8Array): boolean {
    const type = (payload[0] ?? 0) & TYPE_MASK;
    if (type === H264NalType.fuA) return isKeyUnit((payload[1] ?? 0) & TYPE_MASK);
    if (type !== H264NalType.stapA) return isKeyUnit(type);
    for (let at = 1; at + 2 < payload.length; at += 2 + readU16(payload, at)) if (isKeyUnit((payload[at + 2] as number) & TYPE_MASK)) return true;
    return false;
  }

  isKeyframe(frame: Uint8Array): boolean {
    return isH264Keyframe(frame);
  }

  depacketize(payload: Uint8Array, into: Uint8Array[]): void {
    const header = payload[0];
    if (header === undefined) throw new DecodeError('codec.h264', 'empty payload');
    if ((header & FORBIDDEN) !== 0) throw new DecodeError('codec.h264', 'forbidden_zero_bit is set');
    const type = header & TYPE_MASK;
    if (type === H264NalType.fuA) this.#takeFragment(payload, into);
    else if (this.#fragmented !== 0) throw new DecodeError('codec.h264', 'a fragmented NAL unit does not end');
    else if (type === H264NalType.stapA) this.#takeAggregate(payload, into);
    else if (type >= 1 && type <= MAX_UNIT_TYPE) {
      this.#startUnit(type, into);
      into.push(payload);
    } else throw new DecodeError('codec.h264', `payload of type ${type}`);
  }

  endFrame(): void {
    const open = this.#fragmented !== 0;
    this.reset();
    if (open) throw new DecodeError('codec.h264', 'the last NAL unit does not end');
  }

  reset(): void {
    this.#fragmented = 0;
    this.#empty = true;
    this.#hasPicture = false;
  }

  #takeAggregate(payload: Uint8Array, into: Uint8Array[]): void {
    let growth = -1;
    let at = 1;
    do {
      if (payload.length - at < 2) throw new DecodeError('codec.h264.stap', 'no size');
      const size = readU16(payload, at);
      at += 2;
      if (size === 0 || size > payload.length - at) throw new DecodeError('codec.h264.stap', `unit of ${size} bytes`);
      const header = payload[at] as number;
      const type = header & TYPE_MASK;
      if ((header & FORBIDDEN) !== 0 || type === 0 || type > MAX_UNIT_TYPE) throw new DecodeError('codec.h264.stap', `unit with header ${header}`);
      growth += this.#startUnit(type, into) - 2;
      if (growth > MAX_GROWTH_BYTES) throw new DecodeError('codec.h264.stap', 'too many small units');
      into.push(payload.subarray(at, at + size));
      at += size;
    } while (at < payload.length);
  }

  #takeFragment(payload: Uint8Array, into: Uint8Array[]): void {
    const header = payload[1];
    if (header === undefined) throw new DecodeError('codec.h264.fu', 'no header');
    const type = header & TYPE_MASK;
    if (type === 0 || type > MAX_UNIT_TYPE) throw new DecodeError('codec.h264.fu', `fragment of type ${type}`);
    if ((header & FU_START) !== 0) {
      if ((header & FU_END) !== 0) throw new DecodeError('codec.h264.fu', 'start and end in one');
      if (this.#fragmented !== 0) throw new DecodeError('codec.h264.fu', 'start before the end of the one before');
      this.#startUnit(type, into);
      into.push(Uint8Array.of(((payload[0] as number) & ~TYPE_MASK) | type));
      this.#fragmented = type;
    } else if (this.#fragmented !== type) throw new DecodeError('codec.h264.fu', `fragment of type ${type} amid type ${this.#fragmented}`);
    if (payload.length > 2) into.push(payload.subarray(2));
    if ((header & FU_END) !== 0) this.#fragmented = 0;
  }

  /** Appends the start code of a unit, behind parameter sets where they are due; returns the length of the start code. */
  #startUnit(type: number, into: Uint8Array[]): number {
    if (type === H264NalType.sps) this.#hasOwnSets = true;
    if (type === H264NalType.idr && !this.#hasOwnSets && !this.#hasPicture) {
      for (const piece of this.#parameterSets) into.push(piece);
    }
    if (type <= H264NalType.idr) this.#hasPicture = true;
    const code = this.#empty || type === H264NalType.sps || type === H264NalType.pps ? LONG_START_CODE : SHORT_START_CODE;
    this.#empty = false;
    into.push(code);
    return code.length;
  }
}

/**
 * A delimiter or an SPS comes before everything else of its access unit (H.264 7.4.1.2.3). Of slices the first has
 * first_mb_in_slice 0, whose ue(v) is a single 1 bit.
 */
function startOfUnit(type: number, firstByte: number): FrameStart {
  switch (type) {
    case H264NalType.accessUnitDelimiter:
    case H264NalType.sps:
      return 'certain';
    case H264NalType.slice:
    case H264NalType.partitionA:
    case H264NalType.idr:
      return (firstByte & 0x80) === 0 ? 'never' : 'possible';
    case H264NalType.sei:
    case H264NalType.pps:
    case H264NalType.prefix:
    case H264NalType.subsetSps:
      return 'possible';
    default:
      return 'never';
  }
}

function isKeyUnit(type: number): boolean {
  return type === H264NalType.idr || type === H264NalType.sps;
}

/** Whether an access unit in Annex B form is an IDR picture. Looks no further than its first slice. */
export function isH264Keyframe(frame: Uint8Array): boolean {
  let key = false;
  visitNalUnits(frame, (unit) => {
    const type = (unit[0] as number) & TYPE_MASK;
    key = type === H264NalType.idr;
    return !key && type !== H264NalType.slice && type !== H264NalType.partitionA;
  });
  return key;
}
