import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random } from '../../../src/runtime/node/random.ts';

test('A-DTLS-12 random bytes of any length are filled whole and never come twice', () => {
  const seen = new Set<string>();
  for (const length of [16, 32, 255, 256, 257, 5000, 16]) {
    for (let i = 0; i < 300; i++) {
      const bytes = new Uint8Array(length);
      random(bytes);
      const text = Buffer.from(bytes.subarray(length - 16)).toString('hex');
      assert.equal(seen.has(text), false, 'the last 16 bytes came before');
      assert.notEqual(text, '0'.repeat(32));
      seen.add(text);
    }
  }
  assert.equal(seen.size, 2100);
});

test('random bytes are evenly spread', () => {
  const counts = new Uint32Array(256);
  const bytes = new Uint8Array(64);
  for (let i = 0; i < 4000; i++) {
    random(bytes);
    for (const byte of bytes) counts[byte]! += 1;
  }
  // 1,000 expected of each; six standard deviations are 190.
  for (const count of counts) assert.ok(count > 800 && count < 1200, String(count));
});
