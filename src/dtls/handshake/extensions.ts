import { writeU16 } from '../../core/bytes.ts';
import { concat, DecodeError, Reader, type Writer } from '../../core/index.ts';

/** Extensions by type, as they came (RFC 5246 7.4.1.4). */
export type Extensions = ReadonlyMap<number, Uint8Array>;

/** More than any stack sends, and few enough to look through. */
const MAX_EXTENSIONS = 128;

/** Reads the extensions block that may end a hello. No type may come twice (RFC 5246 7.4.1.4). */
export function decodeExtensions(reader: Reader): Extensions {
  const extensions = new Map<number, Uint8Array>();
  if (reader.left === 0) return extensions;
  const block = new Reader(reader.vector16(), 'dtls.extensions');
  while (block.left > 0) {
    const type = block.u16();
    if (extensions.has(type) || extensions.size === MAX_EXTENSIONS) throw new DecodeError('dtls.extensions', 'one twice, or too many');
    extensions.set(type, block.vector16());
  }
  return extensions;
}

export function encodeExtensions(writer: Writer, extensions: Extensions): void {
  if (extensions.size === 0) return;
  writer.vector(2, () => extensions.forEach((body, type) => writer.u16(type).vector16(body)));
}

/** A list of 16-bit values behind a two-byte length: groups, signature schemes. */
export function decodeU16List(body: Uint8Array, what: string): number[] {
  const outer = new Reader(body, what);
  const list = decodeU16s(outer.vector16(), what);
  outer.done();
  return list;
}

export function encodeU16List(values: readonly number[]): Uint8Array {
  const list = new Uint8Array(2 + 2 * values.length);
  writeU16(list, 0, 2 * values.length);
  for (let i = 0, at = 2; i < values.length; i++) {
    const value = values[i] as number;
    list[at++] = value >>> 8;
    list[at++] = value;
  }
  return list;
}

/** Bare 16-bit values. */
export function decodeU16s(body: Uint8Array, what: string): number[] {
  if (body.length % 2 !== 0) throw new DecodeError(what, 'half a value');
  const list = new Array<number>(body.length / 2);
  for (let i = 0; i < list.length; i++) list[i] = ((body[2 * i] as number) << 8) | (body[2 * i + 1] as number);
  return list;
}

/** supported_versions of a ClientHello (RFC 8446 4.2.1). */
export function decodeSupportedVersions(body: Uint8Array): number[] {
  const reader = new Reader(body, 'dtls.supported-versions');
  const versions = decodeU16s(reader.vector8(), 'dtls.supported-versions');
  reader.done();
  return versions;
}

/** ec_point_formats (RFC 8422 5.1.2). */
export function decodePointFormats(body: Uint8Array): Uint8Array {
  const reader = new Reader(body, 'dtls.point-formats');
  const formats = reader.vector8();
  reader.done();
  return formats;
}

/** use_srtp (RFC 5764 4.1.1). */
export interface UseSrtp {
  readonly profiles: readonly number[];
  /** Master key identifier; empty when none is used. */
  readonly mki: Uint8Array;
}

export function decodeUseSrtp(body: Uint8Array): UseSrtp {
  const reader = new Reader(body, 'dtls.use-srtp');
  const profiles = decodeU16s(reader.vector16(), 'dtls.use-srtp');
  const mki = reader.vector8();
  reader.done();
  return { profiles, mki };
}

export function encodeUseSrtp({ profiles, mki }: UseSrtp): Uint8Array {
  return concat(encodeU16List(profiles), Uint8Array.of(mki.length), mki);
}
