// The messages that go to a peer and come back: texts and bytes of mixed sizes that say who they are.

export type Message = string | Uint8Array<ArrayBuffer>;

/** No stack here takes less than this from its peer (RFC 8841 6.1: 64 KiB where nothing is said). */
const LARGEST_BYTES = 65_535;

/** Mostly small, at each edge of a packet, some that take many packets. */
const SIZES = [1, 5, 100, 1000, 1150, 1200, 1201, 2500, 17, 16_384, 333, 5000] as const;

function sizeOf(index: number): number {
  if (index % 250 === 249) return LARGEST_BYTES;
  return SIZES[index % SIZES.length] ?? 1;
}

const headOf = (index: number): string => `${index.toString().padStart(4, '0')}:`;

function text(index: number): string {
  const head = headOf(index);
  const letters = 'añ漢🙂z'; // of 1 to 4 bytes in UTF-8
  const bytes = Math.max(0, sizeOf(index) - head.length);
  return head + letters.repeat(Math.floor(bytes / 11)) + 'x'.repeat(bytes % 11);
}

function binary(index: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(sizeOf(index), 4));
  for (let i = 4; i < bytes.length; i++) bytes[i] = (i * 31 + index * 7) & 255;
  new DataView(bytes.buffer).setUint32(0, index);
  return bytes;
}

/** Texts and bytes in turn; the last two are the empty text and the empty bytes. */
export function makeMessages(count: number): readonly Message[] {
  const messages: Message[] = Array.from({ length: count }, (_, index) => (index % 2 === 0 ? text(index) : binary(index)));
  messages.splice(count - 2, 2, '', new Uint8Array(0));
  return messages;
}

export const sizeInBytes = (message: Message): number => (typeof message === 'string' ? Buffer.byteLength(message) : message.length);

/** Which message this is, or says to be. */
export function indexOf(message: string | Uint8Array, count: number): number {
  if (message.length === 0) return typeof message === 'string' ? count - 2 : count - 1;
  if (typeof message === 'string') return Number(message.slice(0, 4));
  return message.length < 4 ? -1 : new DataView(message.buffer, message.byteOffset).getUint32(0);
}

export function same(a: string | Uint8Array, b: string | Uint8Array): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return Buffer.compare(a, b) === 0;
}
