import { writeU16 } from '../core/bytes.ts';
import { RtcError } from '../core/index.ts';
import {
  EXTENSION_HEADER_BYTES,
  MAX_EXTENSION_WORDS,
  MAX_ONE_BYTE_ID,
  MAX_ONE_BYTE_SIZE,
  MAX_TWO_BYTE_ID,
  MAX_TWO_BYTE_SIZE,
  ONE_BYTE_PROFILE,
  TWO_BYTE_PROFILE,
} from './constants.ts';
import type { RtpHeader } from './header.ts';

// Elements of an extension block (RFC 8285). An element is known by where its value begins: its size stands right before.

/** Which element headers may be written: `one-byte` unless both ends signalled `a=extmap-allow-mixed` (RFC 8285 6). */
export type ExtensionForm = 'auto' | 'one-byte' | 'two-byte';

/** One element to write. */
export interface ExtensionElement {
  readonly id: number;
  readonly value: Uint8Array;
}

/** How many bytes the header of an element has in a block of this profile; 0 when the block has no elements we can read. */
export function elementHeaderBytes(profile: number): 0 | 1 | 2 {
  if (profile === ONE_BYTE_PROFILE) return 1;
  return (profile & 0xfff0) === TWO_BYTE_PROFILE ? 2 : 0;
}

/**
 * Where the value of the first element begins at or behind `at`, or −1 behind the last. Start with `header.extensionStart`
 * and go on from the end of a value. Elements in front of a malformed one are seen, it and what follows are not.
 *
 * @example
 * for (let at = nextExtension(bytes, header, header.extensionStart); at >= 0; at = nextExtension(bytes, header, at + extensionSize(bytes, header, at)))
 *   seen.add(extensionId(bytes, header, at));
 */
export function nextExtension(bytes: Uint8Array, header: RtpHeader, at: number): number {
  const headerBytes = elementHeaderBytes(header.extensionProfile);
  if (headerBytes === 0) return -1;
  return headerBytes === 1 ? nextOneByte(bytes, at, header.extensionEnd) : nextTwoByte(bytes, at, header.extensionEnd);
}

function nextOneByte(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const first = bytes[at] as number;
    if (first === 0) continue;
    // Id 15, and id 0 with a length, end the block (RFC 8285 4.2).
    if (first >= 0xf0 || first < 0x10) return -1;
    return at + 1 + (first & 0x0f) < end ? at + 1 : -1;
  }
  return -1;
}

function nextTwoByte(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    if (bytes[at] === 0) continue;
    return at + 1 < end && at + 2 + (bytes[at + 1] as number) <= end ? at + 2 : -1;
  }
  return -1;
}

/** The size of the element whose value begins at `at`. */
export function extensionSize(bytes: Uint8Array, header: RtpHeader, at: number): number {
  const before = bytes[at - 1] as number;
  return header.extensionProfile === ONE_BYTE_PROFILE ? (before & 0x0f) + 1 : before;
}

/** The id of the element whose value begins at `at`. */
export function extensionId(bytes: Uint8Array, header: RtpHeader, at: number): number {
  return header.extensionProfile === ONE_BYTE_PROFILE ? (bytes[at - 1] as number) >> 4 : (bytes[at - 2] as number);
}

/** Where the value of the first element with this id begins, or −1. Allocates nothing. */
export function findExtension(bytes: Uint8Array, header: RtpHeader, id: number): number {
  let at = nextExtension(bytes, header, header.extensionStart);
  while (at >= 0 && extensionId(bytes, header, at) !== id) at = nextExtension(bytes, header, at + extensionSize(bytes, header, at));
  return at;
}

/** A view of the value of the first element with this id. */
export function extensionValue(bytes: Uint8Array, header: RtpHeader, id: number): Uint8Array | undefined {
  const at = findExtension(bytes, header, id);
  return at < 0 ? undefined : bytes.subarray(at, at + extensionSize(bytes, header, at));
}

/** Removes an element in place: it becomes padding (RFC 8285 4.1.2), so that nothing moves. False when it is not there. */
export function removeExtension(bytes: Uint8Array, header: RtpHeader, id: number): boolean {
  const at = findExtension(bytes, header, id);
  if (at < 0) return false;
  bytes.fill(0, at - elementHeaderBytes(header.extensionProfile), at + extensionSize(bytes, header, at));
  return true;
}

/**
 * Gives every element the id that `ids` has at its old one and removes those where it has 0, all in place: what a forwarder
 * does whose two sides negotiated different ids. An id above 14 cannot stand in a one-byte header, so that its element is
 * removed. What no reader sees, behind a malformed element or in a block of another profile, becomes padding as well.
 *
 * @param ids - 256 entries, by old id
 */
export function remapExtensions(bytes: Uint8Array, header: RtpHeader, ids: Uint8Array): void {
  const headerBytes = elementHeaderBytes(header.extensionProfile);
  let done = header.extensionStart;
  let at = nextExtension(bytes, header, done);
  while (at >= 0) {
    const end = at + extensionSize(bytes, header, at);
    const id = ids[extensionId(bytes, header, at)] ?? 0;
    if (id === 0 || (headerBytes === 1 && id > MAX_ONE_BYTE_ID)) bytes.fill(0, at - headerBytes, end);
    else if (headerBytes === 1) bytes[at - 1] = (id << 4) | ((bytes[at - 1] as number) & 0x0f);
    else bytes[at - 2] = id;
    done = end;
    at = nextExtension(bytes, header, end);
  }
  bytes.fill(0, done, header.extensionEnd);
}

/** The form of a block and its size with its header; 0 bytes when there are no elements. */
export interface ExtensionBlock {
  readonly sizeBytes: number;
  readonly headerBytes: 1 | 2;
}

/**
 * Chooses the form of a block (RFC 8285 4.1.2: one form for the whole of it). Throws {@link RtcError}
 * `ERR_INVALID_ARGUMENT` when an element fits none that is allowed.
 */
export function extensionBlock(elements: readonly ExtensionElement[], form: ExtensionForm): ExtensionBlock {
  if (elements.length === 0) return { sizeBytes: 0, headerBytes: 1 };
  let small = form !== 'two-byte';
  let values = 0;
  for (const { id, value } of elements) {
    if (!(id >= 1 && id <= MAX_TWO_BYTE_ID) || value.length > MAX_TWO_BYTE_SIZE) throw new RtcError('ERR_INVALID_ARGUMENT', `extension ${id} of ${value.length} bytes`);
    small &&= id <= MAX_ONE_BYTE_ID && value.length >= 1 && value.length <= MAX_ONE_BYTE_SIZE;
    values += value.length;
  }
  if (!small && form === 'one-byte') throw new RtcError('ERR_INVALID_ARGUMENT', 'an extension does not fit a one-byte header');
  const headerBytes = small ? 1 : 2;
  const words = (headerBytes * elements.length + values + 3) >> 2;
  if (words > MAX_EXTENSION_WORDS) throw new RtcError('ERR_INVALID_ARGUMENT', `extensions of ${words} words`);
  return { sizeBytes: EXTENSION_HEADER_BYTES + 4 * words, headerBytes };
}

/** Writes a block into zeroed bytes, as {@link extensionBlock} measured it. */
export function writeExtensionBlock(bytes: Uint8Array, start: number, elements: readonly ExtensionElement[], block: ExtensionBlock): void {
  const { headerBytes, sizeBytes } = block;
  writeU16(bytes, start, headerBytes === 1 ? ONE_BYTE_PROFILE : TWO_BYTE_PROFILE);
  writeU16(bytes, start + 2, (sizeBytes - EXTENSION_HEADER_BYTES) >> 2);
  let at = start + EXTENSION_HEADER_BYTES;
  for (const { id, value } of elements) {
    if (headerBytes === 1) bytes[at++] = (id << 4) | (value.length - 1);
    else {
      bytes[at++] = id;
      bytes[at++] = value.length;
    }
    bytes.set(value, at);
    at += value.length;
  }
}

/** The elements of a block, as views in the packet. */
export function extensionElements(bytes: Uint8Array, header: RtpHeader): ExtensionElement[] {
  const elements: ExtensionElement[] = [];
  let at = nextExtension(bytes, header, header.extensionStart);
  while (at >= 0) {
    const end = at + extensionSize(bytes, header, at);
    elements.push({ id: extensionId(bytes, header, at), value: bytes.subarray(at, end) });
    at = nextExtension(bytes, header, end);
  }
  return elements;
}
