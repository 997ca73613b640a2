import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { fillingBytes } from '../../../src/runtime/node/young.ts';

const MIB = 1024 * 1024;
/** Of V8's young generation, in bytes. */
const PAGE = 256 * 1024;

/** How much V8 lets buffers and the old generation grow before it collects all of the heap. */
const roomOf = (young: number, heap: number): number => (Math.max(8, 0.2 * heap) + young) * MIB;

test('the young generation is full before buffers make V8 collect the old one, though what it frees counts until it is collected again', () => {
  for (const [young, heap] of [[1, 5], [4, 8], [8, 11], [16, 11], [16, 45]] as const) {
    const free = { usedBytes: 0, freeBytes: young * MIB, heapBytes: heap * MIB };
    assert.ok(fillingBytes({ ...free, grownBytes: roomOf(young, heap) / 2 }) > young * MIB, 'filled to the brim, it is not collected');
    assert.ok(fillingBytes({ ...free, grownBytes: roomOf(young, heap) / 8 }) < (young / 2) * MIB, 'collected more often than the buffers want it');
  }
});

test('objects that are there need no filling, and none is larger than what is free until the generation is to be collected', () => {
  const bytes = fc.integer({ min: 0, max: 64 * MIB });
  fc.assert(
    fc.property(bytes, bytes, bytes, bytes, (usedBytes, freeBytes, heapBytes, grownBytes) => {
      const filling = fillingBytes({ usedBytes, freeBytes, heapBytes, grownBytes });
      assert.ok(filling >= 0 && filling <= freeBytes + PAGE);
      if (filling > 0 && filling < freeBytes) assert.ok(fillingBytes({ usedBytes: usedBytes + filling, freeBytes: freeBytes - filling, heapBytes, grownBytes }) < 1);
    }),
  );
});

test('nothing is filled in where the heap is large, or before buffers grew', () => {
  assert.equal(fillingBytes({ usedBytes: 0, freeBytes: 16 * MIB, heapBytes: 90 * MIB, grownBytes: 100 * MIB }), 0);
  assert.equal(fillingBytes({ usedBytes: 0, freeBytes: 16 * MIB, heapBytes: 10 * MIB, grownBytes: 0 }), 0);
});

test('where datagrams pass, young collections come earlier than V8 begins them for the buffers by itself', async () => {
  // In a process of its own: the heap of this one has what other tests left.
  const child = fileURLToPath(new URL('../../support/young-collections.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, child]);
  const { byItself, told, grownBytes } = JSON.parse(stdout) as { readonly byItself: number; readonly told: number; readonly grownBytes: number };
  assert.ok(told > 0 && told > 1.1 * byItself, `${told} young collections, ${byItself} without a word of datagrams`);
  assert.ok(grownBytes <= 8 * MIB, `the young generation grew by ${grownBytes} bytes: what was filled in outlived collections`);
});
