import { DecodeError } from '../../core/index.ts';
import { type ExtensionElement, extensionSize, findExtension } from '../elements.ts';
import type { RtpHeader } from '../header.ts';

/** How the value of one kind of extension is read and written. */
export interface ExtensionCodec<T> {
  readonly uri: string;
  /** Reads `bytes[start, end)`. Throws {@link DecodeError}. */
  decode(bytes: Uint8Array, start: number, end: number): T;
  /** How many bytes {@link ExtensionCodec.write} writes. Throws `RtcError` `ERR_INVALID_ARGUMENT` for a value that has no form. */
  sizeOf(value: T): number;
  /** Writes all of the value's bytes at `at`, in place. */
  write(value: T, bytes: Uint8Array, at: number): void;
}

/**
 * The value of an extension in a packet, or `undefined` when it is not there (or `id` is 0, which is the id of what was not
 * negotiated). Throws {@link DecodeError} when it is malformed: count it, and take it for absent.
 */
export function readExtension<T>(codec: ExtensionCodec<T>, bytes: Uint8Array, header: RtpHeader, id: number): T | undefined {
  if (id === 0) return undefined;
  const at = findExtension(bytes, header, id);
  return at < 0 ? undefined : codec.decode(bytes, at, at + extensionSize(bytes, header, at));
}

/** Overwrites a value of the same size in place; false when there is none. */
export function rewriteExtension<T>(codec: ExtensionCodec<T>, value: T, bytes: Uint8Array, header: RtpHeader, id: number): boolean {
  const at = id === 0 ? -1 : findExtension(bytes, header, id);
  if (at < 0 || extensionSize(bytes, header, at) !== codec.sizeOf(value)) return false;
  codec.write(value, bytes, at);
  return true;
}

/** A value in bytes of its own. */
export function encodeExtension<T>(codec: ExtensionCodec<T>, value: T): Uint8Array {
  const bytes = new Uint8Array(codec.sizeOf(value));
  codec.write(value, bytes, 0);
  return bytes;
}

/** An element to write into a packet. */
export function extensionElement<T>(codec: ExtensionCodec<T>, id: number, value: T): ExtensionElement {
  return { id, value: encodeExtension(codec, value) };
}

/** A codec that leaves bytes as they are, for extensions of one's own. Decoded values are views. */
export function rawExtension(uri: string): ExtensionCodec<Uint8Array> {
  return {
    uri,
    decode: (bytes, start, end) => bytes.subarray(start, end),
    sizeOf: (value) => value.length,
    write: (value, bytes, at) => bytes.set(value, at),
  };
}

/** Throws {@link DecodeError} unless `[start, end)` has one of the sizes that the extension may have. */
export function checkSize(name: string, start: number, end: number, size: number, other: number = size): void {
  if (end - start !== size && end - start !== other) throw new DecodeError('rtp.extension', `${name} of ${end - start} bytes`);
}
