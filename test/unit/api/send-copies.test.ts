import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bufferBytes, CopyMemory } from '../../../src/api/copy-memory.ts';
import { SendCopies } from '../../../src/api/send-copies.ts';
import { seeded } from '../../support/fuzz.ts';

test('copies of any sizes in any turns keep what was copied', () => {
  const copies = new SendCopies();
  const next = seeded(9);
  const kept: { readonly copy: Uint8Array; readonly expected: Uint8Array }[] = [];
  const source = new Uint8Array(5000);
  for (let i = 0; i < 3000; i++) {
    const length = Math.floor(next() ** 3 * 5000);
    source.fill(i & 0xff);
    kept.push({ copy: copies.copy(source.subarray(0, length)), expected: source.slice(0, length) });
    if (next() < 0.05) copies.rest();
  }
  source.fill(0);
  for (const [i, { copy, expected }] of kept.entries()) assert.equal(Buffer.compare(copy, expected), 0, `copy ${i}`);
});

test('A-JS-04 a single small message of a turn keeps nothing but itself alive, and an idle connection keeps no slab', () => {
  const copies = new SendCopies();
  for (let turn = 0; turn < 10; turn++) {
    assert.equal(copies.copy(new Uint8Array(100)).buffer.byteLength, 100);
    copies.rest();
  }
});

test('many small messages of a turn share buffers of at most 32 KiB', () => {
  const copies = new SendCopies();
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 10_000; i++) buffers.add(copies.copy(new Uint8Array(100)).buffer);
  assert.ok(buffers.size < 50, `${buffers.size} buffers`);
  for (const buffer of buffers) assert.ok(buffer.byteLength <= 32 * 1024);
});

test('a buffer that was given back is used for the next message of about its size, and only by one at a time', () => {
  const memory = new CopyMemory();
  const next = seeded(4);
  const lent: { readonly copy: Uint8Array; readonly expected: Uint8Array }[] = [];
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 2000; i++) {
    const bytes = new Uint8Array(2049 + Math.floor(next() * 60_000)).fill(i & 0xff);
    const copy = memory.copy(bytes);
    assert.ok(copy.buffer.byteLength < 1.25 * bytes.length + 1, `${copy.buffer.byteLength} bytes for ${bytes.length}`);
    buffers.add(copy.buffer);
    lent.push({ copy, expected: bytes });
    if (lent.length < 10) continue;
    const [{ copy: old, expected }] = lent.splice(Math.floor(next() * 10), 1) as [(typeof lent)[number]];
    assert.equal(Buffer.compare(old, expected), 0, `copy ${i}`);
    memory.giveBack(old);
  }
  assert.ok(buffers.size < 500, `${buffers.size} buffers for 2000 messages`);
});

test('a buffer that nobody needed between two full collections goes with the second, and one that was needed stays', () => {
  const memory = new CopyMemory();
  const lend = (count: number): Uint8Array[] => Array.from({ length: count }, () => memory.copy(new Uint8Array(4096)));
  for (const copy of lend(10)) memory.giveBack(copy);
  assert.equal(memory.freeBytes, 10 * 4096);
  memory.shrink(); // what came since the last one may be needed yet
  assert.equal(memory.freeBytes, 10 * 4096);
  for (const copy of lend(4)) memory.giveBack(copy);
  memory.shrink();
  assert.equal(memory.freeBytes, 4 * 4096);
  const before = lend(4).map(({ buffer }) => buffer);
  assert.equal(new Set(before).size, 4);
  assert.equal(memory.freeBytes, 0);
});

test('what a thousand busy connections have in flight is kept, and more is not', () => {
  const memory = new CopyMemory();
  const mebibyte = 1024 * 1024;
  for (let i = 0; i < 20; i++) memory.giveBack(new Uint8Array(16 * mebibyte));
  assert.equal(memory.freeBytes, 256 * mebibyte);
});

test('A-JS-04 after a transfer the collector takes back what lies in the memory for copies', async () => {
  const memory = new CopyMemory();
  for (const copy of Array.from({ length: 20 }, () => memory.copy(new Uint8Array(16_384)))) memory.giveBack(copy);
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(isNow: boolean): void } };
  for (let i = 0; i < 50 && memory.freeBytes > 0; i++) {
    gc?.();
    Bun?.gc(true);
    await new Promise((done) => setTimeout(done, 1));
  }
  assert.equal(memory.freeBytes, 0);
});

test('sizes of buffers hold what they are for', () => {
  for (let length = 2049; length < 300_000; length += 61) assert.ok(bufferBytes(length) >= length && bufferBytes(length) < 1.25 * length + 1, `${length}`);
  for (const exact of [4096, 16_384, 65_536, 262_144]) assert.equal(bufferBytes(exact), exact);
});
