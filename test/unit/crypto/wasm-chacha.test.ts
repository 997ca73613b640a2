import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Aead, type CryptoProvider, concat, toHex } from '../../../src/core/index.ts';
import { cryptoConformance } from '../../../src/crypto/conformance.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { createPureCrypto, pureCrypto } from '../../../src/crypto/pure.ts';
import { reproducibleCrypto } from '../../../src/crypto/reproducible.ts';
import { createWasmChaCha20Poly1305 } from '../../../src/crypto/wasm-chacha.ts';
import { CHACHA20_POLY1305_MODULE } from '../../../src/crypto/wasm-chacha-module.ts';
import { hasWasmSimd } from '../../../src/crypto/web-assembly.ts';
import { MODULE_FILES } from '../../../tools/wasm/build.ts';
import { chacha20Poly1305Module, LAYOUT } from '../../../tools/wasm/chacha20poly1305.ts';
import { assertForgeriesRefused, assertLikeReference, assertWycheproof, bytesOf, sealed } from '../../support/aead.ts';
import { loadVectors } from '../../support/vectors.ts';

const none = new Uint8Array(0);

function create(key: Uint8Array): Aead {
  const aead = createWasmChaCha20Poly1305(key);
  assert.ok(aead !== undefined, 'no WebAssembly here');
  return aead;
}

/** What `node:crypto` makes of it: the reference. */
function reference(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: text.length });
  return new Uint8Array(Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]));
}

const check = assertLikeReference.bind(undefined, reference);

test('this runtime has what the fast path needs', () => {
  assert.equal(hasWasmSimd, true);
});

test('the modules in src are those that tools/wasm makes', () => {
  for (const { path, source } of MODULE_FILES) assert.equal(readFileSync(path, 'utf8'), source());
  assert.equal(Buffer.compare(Buffer.from(CHACHA20_POLY1305_MODULE, 'base64'), chacha20Poly1305Module()), 0);
});

test('every length from 0 to 1,100 bytes, in place, is what node:crypto makes (RFC 8439 2.8)', () => {
  const key = bytesOf(1, 32);
  const aead = create(key);
  for (let length = 0; length <= 1100; length++) check(aead, key, length, length, length % 40, length % 17);
});

test('texts and associated data that just fit into the memory, and just do not', () => {
  const key = bytesOf(9, 32);
  const aead = create(key);
  for (let room = 31_985; room <= 32_020; room++) {
    check(aead, key, room, room - 257, 257, 0);
    check(aead, key, room, room, 13, 0);
  }
});

test('lengths around every power of two up to 64 KiB, and beyond one page of memory', () => {
  const key = bytesOf(2, 32);
  const aead = create(key);
  for (let bits = 10; bits <= 16; bits++) {
    for (const length of [-65, -64, -17, -1, 0, 1, 16, 64]) check(aead, key, bits, 2 ** bits + length, 13, 21);
  }
  check(aead, key, 3, 300_000, 13, 1);
  check(aead, key, 4, 16_384, 13, 13); // and back to the usual after the memory grew
});

test('associated data of any length, with the text short or long', () => {
  const key = bytesOf(3, 32);
  const aead = create(key);
  for (const aadBytes of [0, 1, 12, 13, 15, 16, 17, 31, 32, 33, 255, 256, 257, 300, 1000, 70_000]) {
    for (const length of [0, 1, 64, 192, 1200, 20_000]) check(aead, key, aadBytes, length, aadBytes, 5);
  }
});

test('random keys, nonces, lengths, offsets and associated data are what node:crypto makes', () => {
  const bytes = (minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength, maxLength });
  fc.assert(
    fc.property(bytes(32), bytes(12), bytes(0, 300), bytes(0, 3000), fc.nat(40), (key, nonce, aad, text, at) => {
      const aead = create(key);
      const expected = reference(key, nonce, aad, text);
      assert.equal(Buffer.compare(sealed(aead, nonce, aad, text, at), expected), 0);
      const buffer = concat(new Uint8Array(at), expected, new Uint8Array(2));
      assert.ok(aead.open(nonce, aad, buffer, at, at + expected.length));
      assert.equal(Buffer.compare(buffer.subarray(at, at + text.length), text), 0);
    }),
    { numRuns: 500, seed: 7 },
  );
});

test('the arithmetic of Poly1305 carries where it must: keystreams that give extreme accumulators', () => {
  // Ciphertexts of ones and zeros drive the words of the accumulator to their ends, under many one-time keys.
  for (let seed = 0; seed < 300; seed++) {
    const key = bytesOf(seed, 32);
    const aead = create(key);
    const nonce = bytesOf(seed + 1000, 12);
    for (const fill of [0xff, 0x00]) {
      const zeros = new Uint8Array(96);
      const stream = reference(key, nonce, none, zeros).subarray(0, 96);
      const text = stream.map((byte) => byte ^ fill); // encrypts to `fill`
      const expected = reference(key, nonce, none, text);
      assert.equal(expected[0], fill);
      assert.equal(toHex(sealed(aead, nonce, none, text)), toHex(expected));
    }
  }
});

for (const group of loadVectors('wycheproof/chacha20_poly1305_test.json').testGroups) {
  test(`Wycheproof: nonces of ${group.ivSize} bits, keys of ${group.keySize}, tags of ${group.tagSize}`, () => assertWycheproof(group, create));
}

test('a packet that was changed anywhere is refused and stays as it was', () => {
  assertForgeriesRefused(create(bytesOf(5, 32)));
});

test('instances with other keys do not disturb each other, nor does one that fails', () => {
  const keys = [1, 2, 3].map((seed) => bytesOf(seed, 32));
  const aeads = keys.map((key) => create(key));
  for (let round = 0; round < 200; round++) {
    check(aeads[round % 3]!, keys[round % 3]!, round, (round * 37) % 2000, (round * 7) % 30, round % 5);
    assert.equal(aeads[(round + 1) % 3]!.open(bytesOf(round, 12), none, bytesOf(round, 900), 0, 900), false);
  }
});

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  run(length: number, aadAt: number, aadLength: number, output: number): number;
  wipe(output: number, length: number): void;
}

declare const WebAssembly: { Module: new (bytes: Uint8Array) => object; Instance: new (module: object) => { exports: unknown } };

test('nothing but ciphertext is left in the memory that all keys share', () => {
  const { memory, run, wipe } = new WebAssembly.Instance(new WebAssembly.Module(chacha20Poly1305Module())).exports as Exports;
  const bytes = new Uint8Array(memory.buffer);
  const output = 32_768;
  const [key, nonce, aad] = [bytesOf(1, 32), bytesOf(2, 12), bytesOf(3, 13)];
  for (const length of [0, 1, 191, 192, 193, 447, 448, 1200, 16_384]) {
    const packet = reference(key, nonce, aad, new Uint8Array(length));
    const enter = (content: Uint8Array): void => {
      bytes.set(key, 16);
      bytes.set(nonce, 52);
      bytes.set(aad, 64);
      bytes.set(content, LAYOUT.input);
    };
    const leftBehind = (): boolean => bytes.subarray(0, LAYOUT.input).some(Boolean) || bytes.subarray(LAYOUT.input + length + 16).some(Boolean);
    enter(new Uint8Array(length));
    assert.equal(run(length, 64, aad.length, LAYOUT.input), 1);
    assert.equal(Buffer.compare(bytes.subarray(LAYOUT.input, LAYOUT.input + length + 16), packet), 0);
    assert.equal(leftBehind(), false, `after ${length} bytes were sealed`);
    enter(packet);
    assert.equal(run(length, 64, aad.length, output), 1);
    wipe(output, length);
    assert.equal(leftBehind(), false, `after ${length} bytes were opened`);
    enter(packet);
    bytes[LAYOUT.input + length] = (bytes[LAYOUT.input + length] as number) ^ 1;
    assert.equal(run(length, 64, aad.length, output), 0);
    assert.equal(leftBehind(), false, `after ${length} bytes were refused`);
    bytes.fill(0, LAYOUT.input);
  }
});

const aeadCases = cryptoConformance().filter(({ name }) => /^(?:aes|chacha20|a cipher)/.test(name));

const onWasmAlone: CryptoProvider = {
  ...nodeCrypto,
  name: 'wasm',
  aeads: ['chacha20-poly1305'],
  createAead: (name, key) => (name === 'chacha20-poly1305' && key.length === 32 ? create(key) : nodeCrypto.createAead(name === 'chacha20-poly1305' ? name : ('none' as 'aes-128-gcm'), key)),
};

for (const provider of [onWasmAlone, reproducibleCrypto, pureCrypto, { ...createPureCrypto({ webAssembly: false }), name: 'pure without WebAssembly' }]) {
  test(`the conformance suite for ciphers holds for ${provider.name}`, () => {
    for (const { name, run } of aeadCases) assert.doesNotThrow(() => run(provider), name);
  });
}

test('every provider makes the same bytes, on both sides of the length where one way takes over from the other', () => {
  const [key, nonce, aad] = [bytesOf(1, 32), bytesOf(2, 12), bytesOf(3, 13)];
  const aeads = [nodeCrypto, reproducibleCrypto, pureCrypto, createPureCrypto({ webAssembly: false })].map((provider) => provider.createAead('chacha20-poly1305', key));
  for (const length of [0, 1, 1187, 7151, 7152, 7153, 7167, 7168, 7169, 16_384, 70_000]) {
    const text = bytesOf(length, length);
    const expected = reference(key, nonce, aad, text);
    for (const aead of aeads) {
      const packet = sealed(aead, nonce, aad, text, 7);
      assert.equal(Buffer.compare(packet, expected), 0, `${length} bytes`);
      assert.ok(aead.open(nonce, aad, packet, 0, packet.length), `${length} bytes`);
      assert.equal(Buffer.compare(packet.subarray(0, length), text), 0, `${length} bytes`);
    }
  }
});

test('a destroyed cipher has forgotten its key', () => {
  const [key, nonce] = [bytesOf(1, 32), bytesOf(2, 12)];
  for (const aead of [create(key), nodeCrypto.createAead('chacha20-poly1305', key), pureCrypto.createAead('chacha20-poly1305', key)]) {
    const packet = sealed(aead, nonce, none, new Uint8Array(40));
    aead.destroy?.();
    assert.equal(aead.open(nonce, none, packet, 0, packet.length), false);
  }
});

test('without vectors in WebAssembly the native and the JavaScript ciphers take its place, and AES comes first', () => {
  const script = `
    const { nodeCrypto } = await import(${JSON.stringify(new URL('../../../src/crypto/node.ts', import.meta.url).href)});
    const { pureCrypto } = await import(${JSON.stringify(new URL('../../../src/crypto/pure.ts', import.meta.url).href)});
    const { hasWasmSimd } = await import(${JSON.stringify(new URL('../../../src/crypto/web-assembly.ts', import.meta.url).href)});
    const { createWasmChaCha20Poly1305 } = await import(${JSON.stringify(new URL('../../../src/crypto/wasm-chacha.ts', import.meta.url).href)});
    const { cryptoConformance } = await import(${JSON.stringify(new URL('../../../src/crypto/conformance.ts', import.meta.url).href)});
    for (const { name, run } of cryptoConformance()) if (name.startsWith('chacha20')) { run(nodeCrypto); run(pureCrypto); }
    console.log(JSON.stringify([hasWasmSimd, createWasmChaCha20Poly1305(new Uint8Array(32)) === undefined, nodeCrypto.aeads[0]]));
  `;
  // What loads TypeScript here needs WebAssembly itself, so only the vectors go.
  const remove = 'data:text/javascript,WebAssembly.validate = () => false';
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--import', remove, '--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(stdout.trim(), '[false,true,"aes-128-gcm"]', stderr);
});

/** Whether a module makes what `node:crypto` makes, and opens it again. */
function moduleHolds(module: Uint8Array): boolean {
  const { memory, run } = new WebAssembly.Instance(new WebAssembly.Module(module)).exports as Exports;
  const bytes = new Uint8Array(memory.buffer);
  for (let length = 0; length < 600; length += 37) {
    const [key, nonce, aad, text] = [bytesOf(length, 32), bytesOf(length + 1, 12), bytesOf(length + 2, 13), bytesOf(length + 3, length)];
    const packet = reference(key, nonce, aad, text);
    const call = (content: Uint8Array, output: number): number => {
      bytes.fill(0);
      bytes.set(key, 16);
      bytes.set(nonce, 52);
      bytes.set(aad, 64);
      bytes.set(content, LAYOUT.input);
      return run(length, 64, aad.length, output);
    };
    if (call(text, LAYOUT.input) !== 1 || Buffer.compare(bytes.subarray(LAYOUT.input, LAYOUT.input + packet.length), packet) !== 0) return false;
    if (call(packet, 32_768) !== 1 || Buffer.compare(bytes.subarray(32_768, 32_768 + length), text) !== 0) return false;
    for (const at of [0, 7, 8, 15]) {
      const bad = packet.slice();
      bad[length + at] = (bad[length + at] as number) ^ 0x80;
      if (call(bad, 32_768) !== 0) return false;
    }
  }
  return true;
}

test('these checks catch a module with one instruction changed', () => {
  const good = Buffer.from(chacha20Poly1305Module());
  assert.ok(moduleHolds(good));
  const changes: Readonly<Record<string, readonly [from: string, to: string]>> = {
    'rotates by 11': ['410cfdab01', '410bfdab01'],
    'rotates right by 21': ['4114fdad01', '4115fdad01'],
    'rotates by 16 the wrong bytes': ['020300010607', '030200010607'],
    'rotates by 24': ['0300010207', '0102030007'],
    'does eleven double rounds': ['410a21', '410b21'],
    'has another constant': ['657870616e642033', '657870616f642033'],
    'counts all four lanes alike': ['00000000010000000200000003000000', '00000000000000000000000000000000'],
    'counts on by five': ['41046a360000', '41056a360000'],
    'leaves out the bit above each block': ['42017c', '42007c'],
    'takes 2¹³⁰ for 4': ['42057e', '42047e'],
    'keeps three bits above 2¹²⁸': ['420383', '420783'],
    'clamps one bit less': ['42fcffffff0083', '42feffffff0083'],
    'reads r and s from one place': ['350010', '350000'],
    'looks at half of the tag': ['858450', '851a50'],
  };
  for (const [what, change] of Object.entries(changes)) {
    const [from, to] = change.map((digits) => Buffer.from(digits, 'hex')) as [Buffer, Buffer];
    const bent = Buffer.from(good);
    for (let at = bent.indexOf(from); at >= 0; at = bent.indexOf(from, at + 1)) bent.set(to, at);
    assert.notEqual(Buffer.compare(bent, good), 0, `there is nothing to change for a module that ${what}`);
    assert.equal(moduleHolds(bent), false, `a module that ${what} is not caught`);
  }
});
