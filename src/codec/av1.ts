import { DecodeError } from '../core/index.ts';
import { decodeLeb128, leb128Length, writeLeb128 } from './leb128.ts';
import {
  isAv1Keyframe,
  MAX_OBU_HEADER_BYTES,
  OBU_EXTENSION,
  OBU_FORBIDDEN,
  OBU_HAS_SIZE,
  ObuType,
  obuTypeOf,
  sizedObuHeader,
  splitObus,
} from './obu.ts';
import {
  type Depacketizer,
  type FrameStart,
  type PacketizedPayload,
  type Packetizer,
  PayloadRoom,
  type PayloadRoomConfig,
  refuseFrame,
} from './payload-format.ts';

// RTP Payload Format For AV1, version 1.0. The aggregation header (4.4): Z Y W(2) N, three reserved bits.

/** Z: the first element continues an OBU of the payload before. */
const CONTINUES = 0x80;
/** Y: the last element goes on in the next payload. */
const GOES_ON = 0x40;
/** N: the payload is the first of a coded video sequence. */
const NEW_SEQUENCE = 0x08;

/** Most elements that W can count; then the last needs no length. */
const MAX_ELEMENTS = 3;

/** What RTP does not carry (4.4, 5: temporal delimiters, tile lists). */
function isDropped(type: number): boolean {
  return type === ObuType.temporalDelimiter || type === ObuType.tileList;
}

/** AV1 temporal units to payloads. Elements have no size fields; no more than three share a payload. */
export class Av1Packetizer implements Packetizer {
  readonly room: PayloadRoom;

  constructor(config: PayloadRoomConfig = {}) {
    this.room = new PayloadRoom(config);
  }

  packetize(unit: Uint8Array): PacketizedPayload[] {
    const elements = elementsOf(unit);
    if (elements.length === 0) refuseFrame('no OBU that RTP carries');
    const payloads: Uint8Array[] = [];
    const parts: Uint8Array[] = [];
    let used = 1; // the length fields of all elements but the last included
    let layer = -1;
    let header = isNewSequence(elements) ? NEW_SEQUENCE : 0;
    const flush = (goesOn: boolean): void => {
      payloads.push(this.#build(parts, header | (goesOn ? GOES_ON : 0)));
      header = goesOn ? CONTINUES : 0;
      parts.length = 0;
      used = 1;
      layer = -1;
    };
    for (const element of elements) {
      const extension = extensionOf(element);
      for (let at = 0; at < element.length; ) {
        const last = parts.at(-1);
        const before = last === undefined ? 0 : leb128Length(last.length);
        const left = this.room.maxPayloadBytes - used - before;
        // OBUs of different layers must not share a payload.
        if (last !== undefined && (left < 1 || parts.length === MAX_ELEMENTS || (layer >= 0 && extension >= 0 && layer !== extension))) {
          flush(false);
          continue;
        }
        if (extension >= 0) layer = extension;
        const part = element.subarray(at, at + left);
        parts.push(part);
        used += before + part.length;
        at += part.length;
        if (at < element.length) flush(true);
      }
    }
    flush(false);
    return payloads.map((payload, i) => ({ payload, marker: i === payloads.length - 1, timestampOffset: 0 }));
  }

  #build(parts: readonly Uint8Array[], header: number): Uint8Array {
    let length = 1;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] as Uint8Array;
      length += part.length + (i + 1 < parts.length ? leb128Length(part.length) : 0);
    }
    const payload = this.room.allocate(length);
    payload[0] = header | (parts.length << 4);
    let at = 1;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] as Uint8Array;
      if (i + 1 < parts.length) at = writeLeb128(payload, at, part.length);
      payload.set(part, at);
      at += part.length;
    }
    return payload;
  }
}

/** The OBUs that RTP carries, without size fields. Throws `ERR_INVALID_ARGUMENT` when the unit does not parse. */
function elementsOf(unit: Uint8Array): Uint8Array[] {
  try {
    return splitObus(unit)
      .filter(({ type }) => !isDropped(type))
      .map(({ header, extension, payload }) => {
        const before = extension === undefined ? 1 : 2;
        const element = new Uint8Array(before + payload.length);
        element[0] = header & ~OBU_HAS_SIZE;
        if (extension !== undefined) element[1] = extension;
        element.set(payload, before);
        return element;
      });
  } catch (error) {
    if (error instanceof DecodeError) refuseFrame(error.message);
    throw error;
  }
}

function extensionOf(element: Uint8Array): number {
  return ((element[0] as number) & OBU_EXTENSION) === 0 ? -1 : (element[1] as number);
}

/** Whether a coded video sequence begins: there is a sequence header. */
function isNewSequence(elements: readonly Uint8Array[]): boolean {
  return elements.some((element) => obuTypeOf(element[0] as number) === ObuType.sequenceHeader);
}

/** Payloads to AV1 temporal units in the low-overhead format: each OBU with a size field, no temporal delimiter. */
export class Av1Depacketizer implements Depacketizer {
  /** The fragments of an OBU that goes on. */
  readonly #open: Uint8Array[] = [];
  #begun = false;

  frameStart(payload: Uint8Array): FrameStart {
    const header = payload[0] ?? CONTINUES;
    if ((header & CONTINUES) !== 0) return 'never';
    if ((header & NEW_SEQUENCE) !== 0) return 'certain';
    switch (firstType(payload)) {
      case ObuType.temporalDelimiter:
      case ObuType.sequenceHeader:
        return 'certain';
      case ObuType.frame:
      case ObuType.frameHeader:
      case ObuType.metadata:
      case ObuType.padding:
        return 'possible';
      default:
        return 'never';
    }
  }

  isFrameEnd(_payload: Uint8Array, marker: boolean): boolean {
    return marker;
  }

  isKeyframePayload(payload: Uint8Array): boolean {
    const header = payload[0] ?? CONTINUES;
    if ((header & CONTINUES) !== 0) return false;
    return (header & NEW_SEQUENCE) !== 0 || firstType(payload) === ObuType.sequenceHeader;
  }

  isKeyframe(frame: Uint8Array): boolean {
    return isAv1Keyframe(frame);
  }

  depacketize(payload: Uint8Array, into: Uint8Array[]): void {
    const header = payload[0];
    if (header === undefined || payload.length < 2) throw new DecodeError('codec.av1', 'no element');
    const continues = (header & CONTINUES) !== 0;
    if ((header & NEW_SEQUENCE) !== 0 && (continues || this.#begun)) throw new DecodeError('codec.av1', 'a coded video sequence begins within a frame');
    if (continues !== this.#open.length > 0) throw new DecodeError('codec.av1', continues ? 'the beginning of an OBU is missing' : 'an OBU does not end');
    this.#begun = true;
    const count = (header >> 4) & 3;
    const goesOn = (header & GOES_ON) !== 0;
    let at = 1;
    for (let element = 1; at < payload.length; element++) {
      let size = payload.length - at;
      if (element !== count) {
        const field = decodeLeb128(payload, at);
        at += field.length;
        size = field.value;
      }
      if (size === 0 || size > payload.length - at) throw new DecodeError('codec.av1', `element of ${size} bytes in ${payload.length - at}`);
      this.#open.push(payload.subarray(at, at + size));
      at += size;
      if (count !== 0 && element < count === (at === payload.length)) throw new DecodeError('codec.av1', `not ${count} elements`);
      if (at < payload.length || !goesOn) this.#endObu(into);
    }
  }

  endFrame(): void {
    const open = this.#open.length > 0;
    this.reset();
    if (open) throw new DecodeError('codec.av1', 'the last OBU does not end');
  }

  reset(): void {
    this.#open.length = 0;
    this.#begun = false;
  }

  /** Appends the OBU whose fragments are there, with a size field; what RTP should not carry is passed over. */
  #endObu(into: Uint8Array[]): void {
    const parts = this.#open;
    let length = 0;
    for (const part of parts) length += part.length;
    const head = headOf(parts);
    const header = head[0] as number;
    if ((header & OBU_FORBIDDEN) !== 0) throw new DecodeError('codec.av1', 'obu_forbidden_bit is set');
    let before = (header & OBU_EXTENSION) === 0 ? 1 : 2;
    const extension = before === 1 ? undefined : head[1];
    if (before > length) throw new DecodeError('codec.av1', 'no extension');
    if ((header & OBU_HAS_SIZE) !== 0) {
      const field = decodeLeb128(head, before);
      before += field.length;
      if (field.value !== length - before) throw new DecodeError('codec.av1', `obu_size ${field.value} of ${length - before} bytes`);
    }
    if (!isDropped(obuTypeOf(header))) {
      into.push(sizedObuHeader(header, extension, length - before));
      for (const part of parts) {
        if (before < part.length) into.push(before === 0 ? part : part.subarray(before));
        before = Math.max(0, before - part.length);
      }
    }
    parts.length = 0;
  }
}

/** The first bytes of an OBU in parts, as many as its header may take. */
function headOf(parts: readonly Uint8Array[]): Uint8Array {
  const first = parts[0] as Uint8Array;
  if (parts.length === 1 || first.length >= MAX_OBU_HEADER_BYTES) return first;
  const head = new Uint8Array(MAX_OBU_HEADER_BYTES);
  let at = 0;
  for (const part of parts) {
    if (at === MAX_OBU_HEADER_BYTES) break;
    const piece = part.subarray(0, MAX_OBU_HEADER_BYTES - at);
    head.set(piece, at);
    at += piece.length;
  }
  return head.subarray(0, at);
}

/** The type of the first OBU of a payload that begins with one; 0 (reserved) when there is none. */
function firstType(payload: Uint8Array): number {
  let at = 1;
  if ((((payload[0] ?? 0) >> 4) & 3) !== 1) while (at < 9 && ((payload[at] ?? 0) & 0x80) !== 0) at++;
  else at = 0;
  return obuTypeOf(payload[at + 1] ?? 0);
}
