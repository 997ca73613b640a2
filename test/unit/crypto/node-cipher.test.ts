import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moveResult, NativeKey } from '../../../src/crypto/node-cipher.ts';

test('a large result is copied and gives its memory back at once, where the engine has no way of its own from the second turn on', async () => {
  moveResult(new Uint8Array(4096), new Uint8Array(4096), 0);
  await new Promise((done) => setTimeout(done, 10));
  const result = new Uint8Array(4096).fill(7);
  const target = new Uint8Array(5000);
  moveResult(result, target, 100);
  assert.ok(target.subarray(100, 4196).every((byte) => byte === 7));
  assert.deepEqual([target[99], target[4196]], [0, 0]);
  assert.equal(result.buffer.byteLength, 0);
});

test('a result that is a part of a pool leaves the rest of the pool alone', () => {
  const pool = new Uint8Array(16_384).fill(9);
  const target = new Uint8Array(8192);
  moveResult(pool.subarray(0, 8192), target, 0);
  assert.ok(target.every((byte) => byte === 9));
  assert.equal(pool.length, 16_384);
});

test('a key is copied, and after its end nothing is done with it any more', () => {
  const bytes = new Uint8Array(32).fill(1);
  const key = new NativeKey(bytes);
  bytes.fill(2);
  const handle = key.handle;
  assert.ok(handle.export().every((byte) => byte === 1));
  assert.equal(key.handle, handle);
  key.destroy();
  assert.ok(key.handle.export().every((byte) => byte === 0));
});
