import assert from 'node:assert/strict';
import { type Aead, concat, toHex } from '../../src/core/index.ts';
import { seededRandom } from './fuzz.ts';
import { hex } from './vectors.ts';

/** A text and its tag as another implementation makes them. */
export type ReferenceAead = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array) => Uint8Array;

/** The same bytes every time, and different ones for each seed. */
export function bytesOf(seed: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  seededRandom(seed)(out);
  return out;
}

/** Text and tag, sealed in the middle of a buffer whose rest must stay as it is. */
export function sealed(aead: Aead, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, at = 0): Uint8Array {
  const buffer = concat(new Uint8Array(at).fill(0xa5), text, new Uint8Array(16), new Uint8Array(3).fill(0xa5));
  aead.seal(nonce, aad, buffer, at, at + text.length);
  assert.ok(buffer.subarray(0, at).every((byte) => byte === 0xa5) && buffer.subarray(-3).every((byte) => byte === 0xa5), 'the surroundings changed');
  return buffer.slice(at, -3);
}

/** A packet is what the reference makes, and opens again. */
export function assertLikeReference(reference: ReferenceAead, aead: Aead, key: Uint8Array, seed: number, textBytes: number, aadBytes: number, at: number): void {
  const nonce = bytesOf(seed + 1, 12);
  const aad = bytesOf(seed + 2, aadBytes);
  const text = bytesOf(seed + 3, textBytes);
  const packet = sealed(aead, nonce, aad, text, at);
  const what = `${textBytes} bytes, ${aadBytes} bytes of associated data, at ${at}`;
  assert.equal(Buffer.compare(packet, reference(key, nonce, aad, text)), 0, `sealed: ${what}`);
  const buffer = concat(new Uint8Array(at), packet);
  assert.ok(aead.open(nonce, aad, buffer, at, buffer.length), `refused: ${what}`);
  assert.equal(Buffer.compare(buffer.subarray(at, at + textBytes), text), 0, `opened: ${what}`);
}

/** What a group of Wycheproof's vectors for AEADs is. */
export interface WycheproofGroup {
  readonly tests: readonly Readonly<Record<'iv' | 'ct' | 'tag' | 'key' | 'aad' | 'msg' | 'result' | 'comment', string> & { tcId: number }>[];
}

export function assertWycheproof(group: WycheproofGroup, create: (key: Uint8Array) => Aead): void {
  for (const v of group.tests) {
    const nonce = hex(v.iv);
    const packet = concat(hex(v.ct), hex(v.tag));
    const aead = create(hex(v.key));
    if (nonce.length !== 12) {
      assert.throws(() => aead.open(nonce, hex(v.aad), packet, 0, packet.length), { code: 'ERR_INVALID_ARGUMENT' }, `test ${v.tcId}`);
      continue;
    }
    const opened = packet.slice();
    assert.equal(aead.open(nonce, hex(v.aad), opened, 0, packet.length), v.result === 'valid', `test ${v.tcId}: ${v.comment}`);
    if (v.result !== 'valid') assert.equal(toHex(opened), toHex(packet), `test ${v.tcId} left something behind`);
    else {
      assert.equal(toHex(opened.subarray(0, -16)), v.msg, `test ${v.tcId}`);
      assert.equal(toHex(sealed(aead, nonce, hex(v.aad), hex(v.msg))), toHex(packet), `test ${v.tcId}`);
    }
  }
}

/** Every bit of the tag, and bits of the text, are looked at. */
export function assertForgeriesRefused(aead: Aead): void {
  const [nonce, aad] = [bytesOf(6, 12), bytesOf(7, 13)];
  for (const length of [0, 1, 16, 100, 192, 193, 700]) {
    const good = sealed(aead, nonce, aad, bytesOf(8, length));
    for (let bit = 0; bit < 8 * good.length; bit += bit < 8 * length ? 29 : 1) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      const before = toHex(bad);
      assert.equal(aead.open(nonce, aad, bad, 0, bad.length), false, `bit ${bit} of ${length} bytes`);
      assert.equal(toHex(bad), before);
    }
    assert.ok(aead.open(nonce, aad, good, 0, good.length));
  }
}
