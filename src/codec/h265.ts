import { readU16, writeU16 } from '../core/bytes.ts';
import { DecodeError } from '../core/index.ts';
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

/** NAL unit types of H.265 (table 7-1) and of its payload format (RFC 7798 4.4). */
export const H265NalType = {
  /** The first and last type of pictures at which decoding can begin (BLA, IDR, CRA). */
  firstIrap: 16,
  lastIrap: 21,
  lastSlice: 31,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  prefixSei: 39,
  aggregation: 48,
  fragmentation: 49,
  paci: 50,
} as const;

const FU_START = 0x80;
const FU_END = 0x40;
const FORBIDDEN = 0x80;

/** The last type of a NAL unit that is not a structure of the payload format. */
const MAX_UNIT_TYPE = 47;

/** The type in the first byte of the two-byte header (RFC 7798 1.1.4). */
function typeOf(firstByte: number): number {
  return (firstByte >> 1) & 0x3f;
}

/** A first header byte with another type. */
function withType(firstByte: number, type: number): number {
  return (firstByte & 0x81) | (type << 1);
}

/** How access units are cut into payloads. */
export interface H265PacketizerConfig extends PayloadRoomConfig {
  /** How NAL units stand in frames. Default `annexb`. */
  readonly format?: NalFormat;
  /** Whether decoding order numbers are sent: `sprop-max-don-diff` above 0 (RFC 7798 7.1). Default false. */
  readonly donl?: boolean;
}

/** H.265 access units to payloads (RFC 7798): single NAL units, AP for small ones, FU for large ones. */
export class H265Packetizer implements Packetizer {
  readonly room: PayloadRoom;
  readonly #format: NalFormat;
  /** Bytes of DONL: 0 or 2. */
  readonly #donlBytes: number;
  #don = 0;

  constructor(config: H265PacketizerConfig = {}) {
    this.room = new PayloadRoom(config);
    this.#format = config.format ?? 'annexb';
    this.#donlBytes = config.donl === true ? 2 : 0;
  }

  packetize(frame: Uint8Array): PacketizedPayload[] {
    const units = nalUnitsOf(frame, this.#format);
    for (const unit of units) if (unit.length < 2 || typeOf(unit[0] as number) > MAX_UNIT_TYPE) refuseFrame(`NAL unit of type ${typeOf(unit[0] as number)}, ${unit.length} bytes`);
    const payloads: Uint8Array[] = [];
    for (let from = 0; from < units.length; ) from = this.#next(units, from, payloads);
    return payloads.map((payload, i) => ({ payload, marker: i === payloads.length - 1, timestampOffset: 0 }));
  }

  #next(units: readonly Uint8Array[], from: number, into: Uint8Array[]): number {
    const limit = this.room.maxPayloadBytes;
    const donl = this.#donlBytes;
    const unit = units[from] as Uint8Array;
    if (unit.length + donl > limit) {
      this.#fragment(unit, into);
      return from + 1;
    }
    let bytes = 4 + donl + unit.length;
    let to = from + 1;
    for (; to < units.length && to - from < MAX_AGGREGATED_UNITS; to++) {
      bytes += 2 + (donl >> 1) + (units[to] as Uint8Array).length;
      if (bytes > limit) break;
    }
    if (to > from + 1) into.push(this.#aggregate(units, from, to));
    else {
      const payload = this.room.allocate(unit.length + donl);
      payload.set(unit.subarray(0, 2));
      this.#writeDonl(payload, 2);
      payload.set(unit.subarray(2), 2 + donl);
      into.push(payload);
    }
    return to;
  }

  /** Writes the number of the next NAL unit in decoding order, where such numbers are sent. */
  #writeDonl(payload: Uint8Array, at: number): void {
    if (this.#donlBytes === 0) return;
    writeU16(payload, at, this.#don);
    this.#don = (this.#don + 1) & 0xffff;
  }

  /** AP (RFC 7798 4.4.2): the lowest layer and temporal ids of what it holds, and F when any of it has F. */
  #aggregate(units: readonly Uint8Array[], from: number, to: number): Uint8Array {
    const donl = this.#donlBytes;
    let length = 2 + donl - (donl >> 1);
    for (let i = from; i < to; i++) length += 2 + (donl >> 1) + (units[i] as Uint8Array).length;
    const payload = this.room.allocate(length);
    let layer = 63;
    let temporal = 7;
    let forbidden = 0;
    let at = 2;
    for (let i = from; i < to; i++) {
      const unit = units[i] as Uint8Array;
      const header = readU16(unit, 0);
      forbidden |= header & 0x8000;
      layer = Math.min(layer, (header >> 3) & 0x3f);
      temporal = Math.min(temporal, header & 7);
      if (i === from) {
        this.#writeDonl(payload, at);
        at += donl;
      } else if (donl !== 0) {
        payload[at++] = 0; // DOND: one less than the difference to the number before
        this.#don = (this.#don + 1) & 0xffff;
      }
      writeU16(payload, at, unit.length);
      payload.set(unit, at + 2);
      at += 2 + unit.length;
    }
    writeU16(payload, 0, forbidden | (H265NalType.aggregation << 9) | (layer << 3) | temporal);
    return payload;
  }

  /** FU (RFC 7798 4.4.3): fragments of nearly the same size, never start and end in one; DONL in the first only. */
  #fragment(unit: Uint8Array, into: Uint8Array[]): void {
    const first = unit[0] as number;
    const count = partsOf(unit.length - 2, this.room.maxPayloadBytes - 3 - this.#donlBytes);
    const size = Math.ceil((unit.length - 2) / count);
    for (let at = 2; at < unit.length; at += size) {
      const end = Math.min(at + size, unit.length);
      const before = 3 + (at === 2 ? this.#donlBytes : 0);
      const payload = this.room.allocate(before + end - at);
      payload[0] = withType(first, H265NalType.fragmentation);
      payload[1] = unit[1] as number;
      payload[2] = (at === 2 ? FU_START : 0) | (end === unit.length ? FU_END : 0) | typeOf(first);
      if (at === 2) this.#writeDonl(payload, 3);
      payload.set(unit.subarray(at, end), before);
      into.push(payload);
    }
  }
}

/** How payloads are put together. */
export interface H265DepacketizerConfig {
  /** VPS, SPS and PPS from signalling, put before each IRAP picture that comes without an SPS until the stream brings one. */
  readonly parameterSets?: readonly Uint8Array[];
  /** Whether decoding order numbers are sent: `sprop-max-don-diff` above 0 (RFC 7798 7.1). Default false. */
  readonly donl?: boolean;
}

/** Payloads to H.265 access units in Annex B form. Decoding order numbers are passed over: units come in decoding order. */
export class H265Depacketizer implements Depacketizer {
  readonly #parameterSets: readonly Uint8Array[];
  readonly #donlBytes: number;
  #hasOwnSets = false;
  #empty = true;
  /** Whether a slice of this frame has come. */
  #hasPicture = false;
  /** The type of the NAL unit that is being put together from fragments; -1 when none is (0 is a type). */
  #fragmented = -1;

  constructor(config: H265DepacketizerConfig = {}) {
    this.#parameterSets = parameterSetPieces(config.parameterSets ?? []);
    this.#donlBytes = config.donl === true ? 2 : 0;
  }

  frameStart(payload: Uint8Array): FrameStart {
    const content = contentOf(payload);
    if (content === undefined) return 'never';
    const { type, at } = content;
    const donl = this.#donlBytes;
    if (type === H265NalType.aggregation) return startOfUnit(typeOf(payload[at + donl + 2] ?? 0), payload[at + donl + 4] ?? 0);
    if (type !== H265NalType.fragmentation) return startOfUnit(type, payload[at + donl] ?? 0);
    const header = payload[at] ?? 0;
    return (header & FU_START) === 0 ? 'never' : startOfUnit(header & 0x3f, payload[at + 1 + donl] ?? 0);
  }

  isFrameEnd(_payload: Uint8Array, marker: boolean): boolean {
    return marker;
  }

  isKeyframePayload(payload: Uint8Array): boolean {
    const content = contentOf(payload);
    if (content === undefined) return false;
    if (content.type === H265NalType.fragmentation) return isKeyUnit((payload[content.at] ?? 0) & 0x3f);
    if (content.type !== H265NalType.aggregation) return isKeyUnit(content.type);
    let at = content.at + this.#donlBytes;
    for (; at + 3 < payload.length; at += 2 + readU16(payload, at) + (this.#donlBytes >> 1)) if (isKeyUnit(typeOf(payload[at + 2] as number))) return true;
    return false;
  }

  isKeyframe(frame: Uint8Array): boolean {
    return isH265Keyframe(frame);
  }

  depacketize(payload: Uint8Array, into: Uint8Array[]): void {
    const content = contentOf(payload);
    if (content === undefined) throw new DecodeError('codec.h265', `${payload.length} bytes are not a payload`);
    const { type, first, at } = content;
    if ((first & FORBIDDEN) !== 0) throw new DecodeError('codec.h265', 'forbidden_zero_bit is set');
    if (type === H265NalType.fragmentation) this.#takeFragment(payload, at, first, into);
    else if (this.#fragmented >= 0) throw new DecodeError('codec.h265', 'a fragmented NAL unit does not end');
    else if (type === H265NalType.aggregation) this.#takeAggregate(payload, at, into);
    else if (type <= MAX_UNIT_TYPE) this.#takeUnit(payload, at, first, into);
    else throw new DecodeError('codec.h265', `payload of type ${type}`);
  }

  endFrame(): void {
    const open = this.#fragmented >= 0;
    this.reset();
    if (open) throw new DecodeError('codec.h265', 'the last NAL unit does not end');
  }

  reset(): void {
    this.#fragmented = -1;
    this.#empty = true;
    this.#hasPicture = false;
  }

  #takeUnit(payload: Uint8Array, at: number, first: number, into: Uint8Array[]): void {
    const start = at + this.#donlBytes;
    if (start > payload.length) throw new DecodeError('codec.h265', 'no DONL');
    this.#startUnit(typeOf(first), into);
    if (start === 2) into.push(payload);
    else {
      into.push(Uint8Array.of(first, payload[1] as number));
      if (start < payload.length) into.push(payload.subarray(start));
    }
  }

  #takeAggregate(payload: Uint8Array, from: number, into: Uint8Array[]): void {
    let growth = -from;
    let at = from + this.#donlBytes;
    for (;;) {
      if (payload.length - at < 2) throw new DecodeError('codec.h265.ap', 'no size');
      const size = readU16(payload, at);
      at += 2;
      if (size < 2 || size > payload.length - at) throw new DecodeError('codec.h265.ap', `unit of ${size} bytes`);
      const header = payload[at] as number;
      const type = typeOf(header);
      if ((header & FORBIDDEN) !== 0 || type > MAX_UNIT_TYPE) throw new DecodeError('codec.h265.ap', `unit with header ${header}`);
      growth += this.#startUnit(type, into) - 2;
      if (growth > MAX_GROWTH_BYTES) throw new DecodeError('codec.h265.ap', 'too many small units');
      into.push(payload.subarray(at, at + size));
      at += size;
      if (at === payload.length) return;
      at += this.#donlBytes >> 1; // DOND
    }
  }

  #takeFragment(payload: Uint8Array, at: number, first: number, into: Uint8Array[]): void {
    const header = payload[at];
    if (header === undefined) throw new DecodeError('codec.h265.fu', 'no header');
    const type = header & 0x3f;
    if (type > MAX_UNIT_TYPE) throw new DecodeError('codec.h265.fu', `fragment of type ${type}`);
    let start = at + 1;
    if ((header & FU_START) !== 0) {
      if ((header & FU_END) !== 0) throw new DecodeError('codec.h265.fu', 'start and end in one');
      if (this.#fragmented >= 0) throw new DecodeError('codec.h265.fu', 'start before the end of the one before');
      start += this.#donlBytes;
      if (start > payload.length) throw new DecodeError('codec.h265.fu', 'no DONL');
      this.#startUnit(type, into);
      into.push(Uint8Array.of(withType(first, type), payload[1] as number));
      this.#fragmented = type;
    } else if (this.#fragmented !== type) throw new DecodeError('codec.h265.fu', `fragment of type ${type} amid type ${this.#fragmented}`);
    if (start < payload.length) into.push(payload.subarray(start));
    if ((header & FU_END) !== 0) this.#fragmented = -1;
  }

  /** Appends the start code of a unit, behind parameter sets where they are due; returns the length of the start code. */
  #startUnit(type: number, into: Uint8Array[]): number {
    if (type === H265NalType.sps) this.#hasOwnSets = true;
    if (isIrap(type) && !this.#hasOwnSets && !this.#hasPicture) {
      for (const piece of this.#parameterSets) into.push(piece);
    }
    if (type <= H265NalType.lastSlice) this.#hasPicture = true;
    const code = this.#empty || (type >= H265NalType.vps && type <= H265NalType.pps) ? LONG_START_CODE : SHORT_START_CODE;
    this.#empty = false;
    into.push(code);
    return code.length;
  }
}

interface Content {
  readonly type: number;
  /** The first byte of the NAL unit header that holds for the content. */
  readonly first: number;
  /** Where the content begins, behind the header and, for a PACI packet, its extension. */
  readonly at: number;
}

/** What a payload holds, a PACI packet opened and its extension skipped (RFC 7798 4.4.4). `undefined`: nothing sound. */
function contentOf(payload: Uint8Array): Content | undefined {
  if (payload.length < 2) return undefined;
  const first = payload[0] as number;
  const type = typeOf(first);
  if (type !== H265NalType.paci) return { type, first, at: 2 };
  if (payload.length < 4 || (first & FORBIDDEN) !== 0) return undefined;
  const fields = readU16(payload, 2); // A(1) cType(6) PHSsize(5) F0..2(3) Y(1)
  const inner = (fields >> 9) & 0x3f;
  const at = 4 + ((fields >> 4) & 0x1f);
  if (inner === H265NalType.paci || at >= payload.length) return undefined;
  return { type: inner, first: withType((first & 0x01) | ((fields >> 8) & FORBIDDEN), inner), at };
}

/** A delimiter or VPS comes before all else of its access unit; the first slice segment says so in its first bit. */
function startOfUnit(type: number, firstByte: number): FrameStart {
  if (type <= H265NalType.lastSlice) return (firstByte & 0x80) === 0 ? 'never' : 'possible';
  if (type === H265NalType.vps || type === H265NalType.accessUnitDelimiter) return 'certain';
  return type === H265NalType.sps || type === H265NalType.pps || type === H265NalType.prefixSei ? 'possible' : 'never';
}

function isIrap(type: number): boolean {
  return type >= H265NalType.firstIrap && type <= H265NalType.lastIrap;
}

function isKeyUnit(type: number): boolean {
  return isIrap(type) || type === H265NalType.vps || type === H265NalType.sps;
}

/** Whether an access unit in Annex B form is a picture at which decoding can begin (IRAP). */
export function isH265Keyframe(frame: Uint8Array): boolean {
  let key = false;
  visitNalUnits(frame, (unit) => {
    const type = typeOf(unit[0] as number);
    key = isIrap(type);
    return type > H265NalType.lastSlice;
  });
  return key;
}
