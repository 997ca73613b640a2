import { writeU16 } from '../core/bytes.ts';
import { DecodeError, Reader } from '../core/index.ts';

/** One picture of a picture group (RFC 9628 4.2.1). */
export interface Vp9GroupPicture {
  readonly temporalId: number;
  /** U. */
  readonly switchingPoint: boolean;
  /** P_DIFF: how many pictures back the references are; at most three. */
  readonly references: readonly number[];
}

/** The scalability structure (RFC 9628 4.2.1). */
export interface Vp9ScalabilityStructure {
  /** N_S + 1: how many spatial layers there are, 1–8. */
  readonly spatialLayers: number;
  /** Width and height of each spatial layer in pixels, where sent (Y). */
  readonly sizes?: readonly { readonly width: number; readonly height: number }[];
  /** The picture group, where sent (G). */
  readonly group?: readonly Vp9GroupPicture[];
}

/** A VP9 payload descriptor (RFC 9628 4.2). */
export interface Vp9Descriptor {
  /** P: the layer frame is predicted from other pictures. */
  readonly interPicturePredicted: boolean;
  /** F. */
  readonly flexible: boolean;
  /** B: the payload begins a layer frame. */
  readonly startsFrame: boolean;
  /** E: the payload ends a layer frame. */
  readonly endsFrame: boolean;
  /** Z: no frame of a higher spatial layer refers to this one. */
  readonly notReferenceForUpperLayers: boolean;
  readonly pictureId?: number;
  /** Whether the picture id has 15 bits. Present with `pictureId`. */
  readonly longPictureId?: boolean;
  readonly temporalId?: number;
  readonly spatialId?: number;
  /** U. Present with `spatialId`. */
  readonly switchingPoint?: boolean;
  /** D. Present with `spatialId`. */
  readonly interLayerPredicted?: boolean;
  /** Present with `spatialId` unless the mode is flexible. */
  readonly tl0PicIdx?: number;
  /** P_DIFF of each reference; flexible mode. */
  readonly references?: readonly number[];
  readonly scalability?: Vp9ScalabilityStructure;
  /** Size of the descriptor in bytes. */
  readonly length: number;
}

export const Vp9Bit = { I: 0x80, P: 0x40, L: 0x20, F: 0x10, B: 0x08, E: 0x04, V: 0x02, Z: 0x01 } as const;

/** Most references of a picture (RFC 9628 4.2). */
export const MAX_VP9_REFERENCES = 3;

/** Reads the descriptor at the start of a payload (RFC 9628 4.2). Throws {@link DecodeError}. */
export function decodeVp9Descriptor(payload: Uint8Array): Vp9Descriptor {
  const reader = new Reader(payload, 'codec.vp9');
  const first = reader.u8();
  // Without a picture id F means nothing and is to be taken as 0.
  const flexible = (first & Vp9Bit.F) !== 0 && (first & Vp9Bit.I) !== 0;
  const pictureId = (first & Vp9Bit.I) === 0 ? {} : readPictureId(reader);
  const layers = (first & Vp9Bit.L) === 0 ? {} : readLayers(reader, flexible);
  const references = flexible && (first & Vp9Bit.P) !== 0 ? { references: readReferences(reader) } : {};
  const scalability = (first & Vp9Bit.V) === 0 ? {} : { scalability: readScalability(reader) };
  return {
    interPicturePredicted: (first & Vp9Bit.P) !== 0,
    flexible,
    startsFrame: (first & Vp9Bit.B) !== 0,
    endsFrame: (first & Vp9Bit.E) !== 0,
    notReferenceForUpperLayers: (first & Vp9Bit.Z) !== 0,
    ...pictureId,
    ...layers,
    ...references,
    ...scalability,
    length: reader.at,
  };
}

function readPictureId(reader: Reader): Pick<Vp9Descriptor, 'pictureId' | 'longPictureId'> {
  const high = reader.u8();
  return high < 0x80 ? { pictureId: high, longPictureId: false } : { pictureId: ((high & 0x7f) << 8) | reader.u8(), longPictureId: true };
}

function readLayers(reader: Reader, flexible: boolean): Partial<Vp9Descriptor> {
  const layers = reader.u8();
  const all = {
    temporalId: layers >> 5,
    switchingPoint: (layers & 0x10) !== 0,
    spatialId: (layers >> 1) & 7,
    interLayerPredicted: (layers & 1) !== 0,
  };
  return flexible ? all : { ...all, tl0PicIdx: reader.u8() };
}

function readReferences(reader: Reader): number[] {
  const references: number[] = [];
  for (let more = true; more; ) {
    if (references.length === MAX_VP9_REFERENCES) throw new DecodeError('codec.vp9', 'more than three references');
    const byte = reader.u8();
    if (byte >> 1 === 0) throw new DecodeError('codec.vp9', 'a picture that refers to itself');
    references.push(byte >> 1);
    more = (byte & 1) !== 0;
  }
  return references;
}

function readScalability(reader: Reader): Vp9ScalabilityStructure {
  const header = reader.u8();
  const spatialLayers = (header >> 5) + 1;
  const sizes: { width: number; height: number }[] = [];
  if ((header & 0x10) !== 0) for (let i = 0; i < spatialLayers; i++) sizes.push({ width: reader.u16(), height: reader.u16() });
  const group: Vp9GroupPicture[] = [];
  if ((header & 0x08) !== 0) {
    const pictures = reader.u8();
    if (reader.left < pictures) throw new DecodeError('codec.vp9', `group of ${pictures} pictures in ${reader.left} bytes`);
    for (let i = 0; i < pictures; i++) group.push(readGroupPicture(reader));
  }
  return {
    spatialLayers,
    ...(sizes.length === 0 ? {} : { sizes }),
    ...((header & 0x08) === 0 ? {} : { group }),
  };
}

function readGroupPicture(reader: Reader): Vp9GroupPicture {
  const header = reader.u8();
  const references: number[] = [];
  for (let count = (header >> 2) & 3; count > 0; count--) references.push(reader.u8());
  return { temporalId: header >> 5, switchingPoint: (header & 0x10) !== 0, references };
}

/**
 * Where the VP9 bitstream begins in a payload; -1 when the descriptor is cut short or malformed. What
 * {@link decodeVp9Descriptor} finds, but without making objects.
 */
export function vp9PayloadOffset(payload: Uint8Array): number {
  const end = payload.length;
  const first = payload[0] ?? 0;
  const flexible = (first & Vp9Bit.F) !== 0 && (first & Vp9Bit.I) !== 0;
  let at = 1;
  if ((first & Vp9Bit.I) !== 0) at += (payload[at] ?? 0) < 0x80 ? 1 : 2;
  if ((first & Vp9Bit.L) !== 0) at += flexible ? 1 : 2;
  if (flexible && (first & Vp9Bit.P) !== 0) {
    for (let count = 1, more = true; more; count++) {
      const byte = payload[at++] ?? 0;
      if (count > MAX_VP9_REFERENCES || byte >> 1 === 0) return -1;
      more = (byte & 1) !== 0;
    }
  }
  if ((first & Vp9Bit.V) !== 0) {
    const header = payload[at++] ?? 0;
    if ((header & 0x10) !== 0) at += 4 * ((header >> 5) + 1);
    if ((header & 0x08) !== 0) {
      for (let pictures = payload[at++] ?? 0; pictures > 0 && at < end; pictures--) at += 1 + (((payload[at] as number) >> 2) & 3);
      // A group that goes on past the end leaves nothing for the bitstream.
    }
  }
  return at <= end && end > 0 ? at : -1;
}

/** Where the byte with the layer ids is, given that L is set. */
export function vp9LayerOffset(payload: Uint8Array): number {
  if (((payload[0] ?? 0) & Vp9Bit.I) === 0) return 1;
  return (payload[1] ?? 0) < 0x80 ? 2 : 3;
}

/** Writes a descriptor into a new byte string; `length` is not used. */
export function encodeVp9Descriptor(descriptor: Omit<Vp9Descriptor, 'length'>): Uint8Array {
  const d = descriptor;
  const out = new Uint8Array(64 + 4 * (d.scalability?.spatialLayers ?? 0) + 4 * (d.scalability?.group?.length ?? 0));
  const { I, P, L, F, B, E, V, Z } = Vp9Bit;
  out[0] =
    (d.pictureId === undefined ? 0 : I) |
    (d.interPicturePredicted ? P : 0) |
    (d.spatialId === undefined ? 0 : L) |
    (d.flexible ? F : 0) |
    (d.startsFrame ? B : 0) |
    (d.endsFrame ? E : 0) |
    (d.scalability === undefined ? 0 : V) |
    (d.notReferenceForUpperLayers ? Z : 0);
  let at = 1;
  if (d.pictureId !== undefined) {
    if (d.longPictureId === true) writeU16(out, at, 0x8000 | d.pictureId);
    else out[at] = d.pictureId & 0x7f;
    at += d.longPictureId === true ? 2 : 1;
  }
  if (d.spatialId !== undefined) {
    out[at++] = ((d.temporalId ?? 0) << 5) | (d.switchingPoint === true ? 0x10 : 0) | (d.spatialId << 1) | (d.interLayerPredicted === true ? 1 : 0);
    if (!d.flexible) out[at++] = d.tl0PicIdx ?? 0;
  }
  const references = d.flexible && d.interPicturePredicted ? (d.references ?? []) : [];
  for (let i = 0; i < references.length; i++) out[at++] = ((references[i] as number) << 1) | (i + 1 < references.length ? 1 : 0);
  if (d.scalability !== undefined) at = writeScalability(out, at, d.scalability);
  return out.subarray(0, at);
}

function writeScalability(out: Uint8Array, from: number, { spatialLayers, sizes, group }: Vp9ScalabilityStructure): number {
  let at = from;
  out[at++] = ((spatialLayers - 1) << 5) | (sizes === undefined ? 0 : 0x10) | (group === undefined ? 0 : 0x08);
  for (const { width, height } of sizes ?? []) {
    writeU16(out, at, width);
    writeU16(out, at + 2, height);
    at += 4;
  }
  if (group === undefined) return at;
  out[at++] = group.length;
  for (const { temporalId, switchingPoint, references } of group) {
    out[at++] = (temporalId << 5) | (switchingPoint ? 0x10 : 0) | (references.length << 2);
    for (const reference of references) out[at++] = reference;
  }
  return at;
}
