import { readFileSync } from 'node:fs';

/** A file of `test/vectors`, parsed. */
export function loadVectors<T = any>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8')) as T;
}

/** The bytes of a `...Hex` field. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
