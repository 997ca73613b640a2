import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Aead, concat, toHex } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { type BlockCipher, createWasmGcm } from '../../../src/crypto/wasm-gcm.ts';
import { gcmModule, LAYOUT } from '../../../tools/wasm/gcm.ts';
import { assertForgeriesRefused, assertLikeReference, assertWycheproof, bytesOf, sealed } from '../../support/aead.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

const none = new Uint8Array(0);

function aes(key: Uint8Array): BlockCipher {
  const cipher = createCipheriv(`aes-${8 * key.length}-ecb`, key, null).setAutoPadding(false);
  return (blocks, target, at) => target.set(cipher.update(blocks), at);
}

/** Long packets are another's: here they must not come there. */
const refusing: Aead = {
  seal: () => assert.fail('a short packet went to the cipher for long ones'),
  open: () => assert.fail('a short packet went to the cipher for long ones'),
};

function create(key: Uint8Array, native: Aead = refusing, cipher: BlockCipher = aes(key), rare = 0): Aead {
  const aead = createWasmGcm(() => cipher, native, rare);
  assert.ok(aead !== undefined, 'no WebAssembly here');
  return aead;
}

/** What `node:crypto` makes of it: the reference. */
function reference(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Uint8Array {
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key, nonce);
  cipher.setAAD(aad);
  return new Uint8Array(Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]));
}

const check = assertLikeReference.bind(undefined, reference);

test('every length that fits is what node:crypto makes, with keys of 128 and 256 bits (SP 800-38D 7)', () => {
  for (const keyBytes of [16, 32]) {
    const key = bytesOf(keyBytes, keyBytes);
    const aead = create(key);
    for (let length = 0; length <= 1400; length += length < 200 ? 1 : 7) check(aead, key, length, length, length % 40, length % 17);
  }
});

test('long packets and long associated data go to the cipher for them, at the limit and not before', () => {
  const key = bytesOf(3, 16);
  let long = 0;
  const aead = create(key, { seal: () => void long++, open: () => (long++, false) });
  for (const [textBytes, aadBytes, isLong] of [[1504, 16, false], [1505, 16, true], [1520, 0, false], [1521, 0, true], [0, 1520, false], [0, 1521, true], [16_384, 13, true]] as const) {
    long = 0;
    if (isLong) aead.seal(bytesOf(1, 12), bytesOf(2, aadBytes), new Uint8Array(textBytes + 16), 0, textBytes);
    else check(aead, key, textBytes, textBytes, aadBytes, 0);
    assert.equal(long, isLong ? 1 : 0, `${textBytes} and ${aadBytes} bytes`);
  }
});

test('the first packets of a key go to the native cipher, and those that do not hold count too', () => {
  const key = bytesOf(3, 16);
  const native = nodeCrypto.createAead('aes-128-gcm', key);
  let made = 0;
  const counted: BlockCipher = (...call) => (made++, aes(key)(...call));
  const aead = create(key, native, counted, 3);
  const packet = new Uint8Array(40);
  for (let i = 0; i < 3; i++) {
    assert.equal(aead.open(bytesOf(i, 12), none, packet.slice(), 0, 40), false);
    assert.equal(made, 0);
  }
  check(aead, key, 9, 40, 12, 0);
  assert.ok(made > 0);
});

test('random keys, nonces, lengths, offsets and associated data are what node:crypto makes', () => {
  const bytes = (minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength, maxLength });
  fc.assert(
    fc.property(fc.oneof(bytes(16), bytes(32)), bytes(12), bytes(0, 80), bytes(0, 1400), fc.nat(40), (key, nonce, aad, text, at) => {
      const aead = create(key);
      const expected = reference(key, nonce, aad, text);
      assert.equal(Buffer.compare(sealed(aead, nonce, aad, text, at), expected), 0);
      const buffer = concat(new Uint8Array(at), expected, new Uint8Array(2));
      assert.ok(aead.open(nonce, aad, buffer, at, at + expected.length));
      assert.equal(Buffer.compare(buffer.subarray(at, at + text.length), text), 0);
    }),
    { numRuns: 300, seed: 7 },
  );
});

test('the field of GHASH at its ends: hash keys of one bit, of all bits and of none, with texts of the same', () => {
  // With a block cipher of our choice the hash key H = E(0) is what we like. The reference multiplies bit by bit (SP 800-38D 6.3).
  const toNumber = (block: Uint8Array): bigint => BigInt(`0x${toHex(block)}`);
  const product = (x: bigint, y: bigint): bigint => {
    let [z, v] = [0n, y];
    for (let i = 127n; i >= 0n; i--) {
      if ((x >> i) & 1n) z ^= v;
      v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
    }
    return z;
  };
  const ends = [...Array.from({ length: 128 }, (_, i) => 1n << BigInt(i)), 0n, (1n << 128n) - 1n];
  for (const [i, h] of ends.entries()) {
    const hashKey = hex(h.toString(16).padStart(32, '0'));
    // All other blocks are zeros, so that ciphertext is text, and the tag is the hash itself.
    const encrypted = (block: Uint8Array): Uint8Array => (block.some(Boolean) ? new Uint8Array(16) : hashKey);
    const aead = create(none, refusing, (blocks, target, at) => {
      for (let i = 0; i < blocks.length; i += 16) target.set(encrypted(blocks.subarray(i, i + 16)), at + i);
    });
    for (const text of [new Uint8Array(48).fill(0xff), new Uint8Array(48), hex((ends[(i + 7) % ends.length] as bigint).toString(16).padStart(32, '0'))]) {
      const packet = sealed(aead, bytesOf(1, 12), none, text);
      let expected = 0n;
      for (const block of [...Array.from({ length: text.length / 16 }, (_, b) => text.subarray(16 * b, 16 * b + 16)), hex((8 * text.length).toString(16).padStart(32, '0'))]) {
        expected = product(expected ^ toNumber(block), h);
      }
      assert.equal(toNumber(packet.subarray(-16)), expected, `H = ${h.toString(16)}`);
    }
  }
});

for (const group of loadVectors('wycheproof/aes_gcm_test.json').testGroups) {
  if (group.keySize === 192 || group.tagSize !== 128) continue;
  test(`Wycheproof: AES-GCM with nonces of ${group.ivSize} bits, keys of ${group.keySize}`, () => assertWycheproof(group, create));
}

test('a packet that was changed anywhere is refused and stays as it was', () => {
  assertForgeriesRefused(create(bytesOf(5, 16)));
});

test('more keys than have room for their tables do not disturb each other', () => {
  const keys = Array.from({ length: 150 }, (_, seed) => bytesOf(seed, 16));
  const aeads = keys.map((key) => create(key));
  for (let round = 0; round < 450; round++) {
    const at = (round * 7) % keys.length;
    check(aeads[at]!, keys[at]!, round, (round * 37) % 1300, (round * 7) % 30, round % 5);
  }
});

test('a sequence is the cipher with its counter in the nonce, whatever is lost, late, doubled, forged or of another length', () => {
  for (let seed = 0; seed < 30; seed++) {
    const key = bytesOf(seed, 16);
    const base = bytesOf(seed + 1, 12);
    const [sealing, opening] = [create(key, nodeCrypto.createAead('aes-128-gcm', key)), create(key)].map((aead) => aead.sequence!(base));
    const dice = bytesOf(seed + 2, 3 * 400);
    let next = seed % 3 === 0 ? 2 ** 32 - 100 : seed;
    for (let i = 0; i < 400; i++) {
      const [a, b, c] = dice.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
      const counter = a < 30 ? Math.max(0, next - (b % 20)) : next;
      next = a < 30 ? next : next + (a > 240 ? 1 + (b % 40) : 1);
      const text = bytesOf(i, c < 128 ? 5 * c : 640);
      const aad = bytesOf(i + 1, c % 30);
      const nonce = base.map((byte, k) => (k < 6 ? byte : byte ^ (Math.floor(counter / 2 ** (8 * (11 - k))) & 0xff)));
      const expected = reference(key, nonce, aad, text);
      const packet = concat(text, new Uint8Array(16));
      sealing!.seal(counter, aad, packet, 0, text.length);
      assert.equal(Buffer.compare(packet, expected), 0, `seed ${seed}, packet ${i}, counter ${counter}`);
      if (a % 8 === 0) {
        const forged = packet.map((byte, k) => (k === packet.length - 1 ? byte ^ 1 : byte));
        assert.equal(opening!.open(counter + (b % 3), aad, forged, 0, forged.length), false);
      }
      if (a % 16 === 1) continue; // lost
      assert.ok(opening!.open(counter, aad, packet, 0, packet.length), `seed ${seed}, packet ${i}, counter ${counter} refused`);
      assert.equal(Buffer.compare(packet.subarray(0, text.length), text), 0);
    }
  }
});

test('packets in a row ask the block cipher for many blocks at once; forged ones cannot make it ask for more than one packet each', () => {
  const key = bytesOf(1, 16);
  const cipher = aes(key);
  let [calls, blocks] = [0, 0];
  const counted: BlockCipher = (input, target, at) => {
    calls++;
    blocks += input.length / 16;
    cipher(input, target, at);
  };
  const sequence = create(key, refusing, counted).sequence!(bytesOf(2, 12));
  for (let i = 0; i < 200; i++) sequence.seal(i, none, new Uint8Array(1216), 0, 1200);
  assert.ok(calls < 30, `${calls} calls for 200 packets`);
  assert.ok(blocks < 220 * 76, `${blocks} blocks for 200 packets of 76`);
  [calls, blocks] = [0, 0];
  for (let i = 0; i < 100; i++) assert.equal(sequence.open(5000 + 1000 * i, none, new Uint8Array(1216), 0, 1216), false);
  assert.deepEqual([calls, blocks], [100, 100 * 76]);
  [calls, blocks] = [0, 0];
  for (let i = 200; i < 205; i++) sequence.seal(i, none, new Uint8Array(1216), 0, 1200);
  assert.ok(calls <= 1, 'forged packets ended the row');
});

test('a destroyed cipher has forgotten its key, and so have its sequences', () => {
  const [key, nonce] = [bytesOf(1, 16), bytesOf(2, 12)];
  const aead = create(key, nodeCrypto.createAead('aes-128-gcm', key));
  const sequence = aead.sequence!(nonce);
  const packets = Array.from({ length: 20 }, (_, i) => {
    const packet = new Uint8Array(56);
    sequence.seal(i, none, packet, 0, 40);
    return packet;
  });
  const again = aead.sequence!(nonce);
  for (let i = 0; i < 12; i++) assert.ok(again.open(i, none, (packets[i] as Uint8Array).slice(), 0, 56));
  aead.destroy?.();
  for (let i = 12; i < 20; i++) assert.equal(again.open(i, none, (packets[i] as Uint8Array).slice(), 0, 56), false, `packet ${i}`);
  assert.equal(aead.open(nonce, none, (packets[0] as Uint8Array).slice(), 0, 56), false);
});

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  powers(from: number, to: number): void;
  tables(from: number, to: number, end: number): void;
  seal(length: number, headerBlocks: number, tablesEnd: number): void;
  open(length: number, headerBlocks: number, tablesEnd: number): number;
  wipe(from: number, to: number): void;
}

declare const WebAssembly: { Module: new (bytes: Uint8Array) => object; Instance: new (module: object) => { exports: unknown } };

test('no keystream is left in the memory that all keys share, and no plaintext of a packet that is refused', () => {
  const { memory, powers, tables, seal, open } = new WebAssembly.Instance(new WebAssembly.Module(gcmModule())).exports as Exports;
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(0xff, LAYOUT.masks, LAYOUT.masks + 16);
  bytes.set(bytesOf(1, 16), LAYOUT.powers + 16 * (LAYOUT.maxBlocks - 1));
  const tablesEnd = LAYOUT.tables + 16 * 256;
  powers(1, 16);
  tables(0, 16, tablesEnd);
  for (const length of [1, 15, 16, 17, 100, 128]) {
    const padded = 16 * Math.ceil(length / 16);
    const keystream = bytesOf(2, 16 + padded);
    const enter = (text: Uint8Array): void => {
      bytes.set(keystream, LAYOUT.keystream);
      bytes.fill(0, LAYOUT.text, LAYOUT.text + 160);
      bytes.set(text, LAYOUT.text);
    };
    const clean = (): boolean => !bytes.subarray(LAYOUT.keystream, LAYOUT.keystream + 16 + padded).some(Boolean);
    enter(new Uint8Array(length));
    seal(length, 0, tablesEnd);
    assert.ok(clean(), `keystream after ${length} bytes were sealed`);
    const packet = bytes.slice(LAYOUT.text, LAYOUT.text + length + 16);
    assert.equal(toHex(packet.subarray(0, length)), toHex(keystream.subarray(16, 16 + length)));
    enter(packet);
    assert.equal(open(length, 0, tablesEnd), 1);
    assert.ok(clean(), `keystream after ${length} bytes were opened`);
    assert.ok(!bytes.subarray(LAYOUT.text, LAYOUT.text + length).some(Boolean), 'the text is not the zeros that were sealed');
    enter(packet.map((byte, i) => (i === length + 3 ? byte ^ 0x10 : byte)));
    assert.equal(open(length, 0, tablesEnd), 0);
    assert.ok(clean(), `keystream after ${length} bytes were refused`);
    assert.equal(toHex(bytes.subarray(LAYOUT.text, LAYOUT.text + length)), toHex(packet.subarray(0, length)), 'a refused packet was decrypted');
  }
});
