import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { HASH_BYTES } from '../../../src/core/crypto.ts';
import { concat, toHex } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import type { shortHmac as Sign, WasmHash } from '../../../src/crypto/wasm-hmac.ts';
import { LAYOUT } from '../../../tools/wasm/sha.ts';
import { bytesOf } from '../../support/aead.ts';

const OPEN_SSL: Readonly<Record<WasmHash, string>> = { 'sha-1': 'sha1', 'sha-256': 'sha256' };
const HASHES = Object.keys(OPEN_SSL) as WasmHash[];

const reference = (hash: WasmHash, key: Uint8Array, data: Uint8Array): string => createHmac(OPEN_SSL[hash], key).update(data).digest('hex');

/** What Node.js has of it; its types are not the browser's. */
interface Platform {
  Instance: new (module: object) => { readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } } };
}
const platform = (globalThis as unknown as { readonly WebAssembly: Platform }).WebAssembly;

// A module of its own, and its one instance, as it is made: other tests of this process may have made that of the other.
const fresh = `../../../src/crypto/wasm-hmac.ts?${import.meta.url}`;
const { SHORT_DATA_BYTES, shortHmac } = (await import(fresh)) as { readonly SHORT_DATA_BYTES: number; readonly shortHmac: typeof Sign };
let memory: Uint8Array = new Uint8Array(0);
const { Instance } = platform;
platform.Instance = class extends Instance {
  constructor(module: object) {
    super(module);
    memory = new Uint8Array(this.exports.memory.buffer);
  }
};
const sign = (hash: WasmHash, key: Uint8Array, ...pieces: readonly Uint8Array[]): string => {
  const data = concat(...pieces);
  const code = new Uint8Array(HASH_BYTES[hash]);
  assert.ok(shortHmac(code, hash, key, data, 0, data.length), 'no WebAssembly here');
  return toHex(code);
};
sign('sha-1', bytesOf(0, 20));
platform.Instance = Instance;

for (const hash of HASHES) {
  test(`${hash}: keys and data of every length are what node:crypto makes of them (RFC 2104 2)`, () => {
    for (let length = 0; length <= 64; length++) assert.equal(sign(hash, bytesOf(1, length), bytesOf(2, 40)), reference(hash, bytesOf(1, length), bytesOf(2, 40)));
    for (let length = 0; length <= SHORT_DATA_BYTES; length++) assert.equal(sign(hash, bytesOf(3, 32), bytesOf(length, length)), reference(hash, bytesOf(3, 32), bytesOf(length, length)), `${length} bytes`);
  });
}

test('keys that take turns, and data in pieces, are what node:crypto makes of them', () => {
  const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
  fc.assert(
    fc.property(fc.constantFrom(...HASHES), fc.constantFrom(...HASHES), bytes(64), bytes(64), fc.array(bytes(120), { maxLength: 4 }), (one, two, key, other, pieces) => {
      const whole = new Uint8Array(Buffer.concat(pieces));
      assert.equal(sign(one, key, ...pieces), reference(one, key, whole));
      assert.equal(sign(two, other, ...pieces), reference(two, other, whole));
    }),
    { numRuns: 300 },
  );
});

test('nothing of keys, data and codes is left in the memory that all keys share', () => {
  for (const hash of HASHES) {
    for (const length of [0, 31, 55, 56, 64, SHORT_DATA_BYTES]) {
      sign(hash, bytesOf(5, 64).fill(0xaa), new Uint8Array(length).fill(0xbb));
      assert.ok(memory.subarray(LAYOUT.state).every((byte) => byte === 0), `after a code of ${length} bytes`);
    }
  }
  assert.ok(memory.subarray(LAYOUT.constants, LAYOUT.state).some((byte) => byte !== 0), 'it is the memory that is in use');
});

test('there is none for other hashes, for keys that are longer than a block, for much data and for more bytes than a code has', () => {
  const mac = new Uint8Array(32);
  assert.equal(shortHmac(mac, 'sha-384', bytesOf(1, 48), mac, 0, 0), false);
  assert.equal(shortHmac(mac, 'md5', bytesOf(1, 16), mac, 0, 0), false);
  assert.equal(shortHmac(mac, 'sha-256', bytesOf(1, 65), mac, 0, 0), false);
  assert.equal(shortHmac(mac, 'sha-256', bytesOf(1, 64), bytesOf(2, SHORT_DATA_BYTES + 1), 0, SHORT_DATA_BYTES + 1), false);
  assert.equal(shortHmac(mac, 'sha-1', bytesOf(1, 64), mac, 0, 0), false);
  assert.ok(mac.every((byte) => byte === 0), 'and nothing is done');
});

test('the beginning of a code of a part of a buffer, which may lie in that part (RFC 2104 5)', () => {
  for (const hash of HASHES) {
    for (const macBytes of [0, 10, 12, HASH_BYTES[hash]]) {
      const buffer = bytesOf(9, 100);
      const wanted = reference(hash, bytesOf(1, 32), buffer.slice(7, 90)).slice(0, 2 * macBytes);
      assert.ok(shortHmac(buffer.subarray(20, 20 + macBytes), hash, bytesOf(1, 32), buffer, 7, 90));
      assert.equal(toHex(buffer.subarray(20, 20 + macBytes)), wanted);
      const around = bytesOf(9, 100);
      around.set(buffer.subarray(20, 20 + macBytes), 20);
      assert.deepEqual(buffer, around, 'nothing else is written');
    }
  }
});

test('node: codes are the same whether data is short or long, and the key too', () => {
  for (const keyBytes of [0, 20, 64, 65, 200]) {
    for (const length of [0, SHORT_DATA_BYTES, SHORT_DATA_BYTES + 1, 5000]) {
      const [key, data] = [bytesOf(7, keyBytes), bytesOf(8, length)];
      for (const hash of HASHES) assert.equal(toHex(nodeCrypto.createHmac(hash, key).sign(data.subarray(0, 7), data.subarray(7))), reference(hash, key, data));
    }
  }
});
