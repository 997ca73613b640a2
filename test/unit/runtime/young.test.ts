import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ELEMENT_BYTES, LARGEST_PIECE, pieceElements, STEP_BYTES } from '../../../src/runtime/node/young.ts';

const MIB = 1024 * 1024;

test('the young generation is full before buffers make V8 collect the old one', () => {
  for (const [young, heap] of [[1, 5], [4, 8], [8, 11], [16, 11], [16, 45]] as const) {
    const piece = pieceElements(young * MIB, heap * MIB) * ELEMENT_BYTES;
    const buffersUntilFull = (young * MIB * STEP_BYTES) / piece;
    assert.ok(buffersUntilFull < (Math.max(8, 0.2 * heap) + young) * MIB, `${young} MiB are full after ${buffersUntilFull / MIB} MiB of buffers, beside a heap of ${heap} MiB`);
    assert.ok(buffersUntilFull > young * MIB, 'less is filled in than the buffers have');
  }
});

test('nothing is filled in where the heap is large, and no piece is larger than what the young generation takes', () => {
  assert.equal(pieceElements(16 * MIB, 90 * MIB), 0);
  assert.equal(pieceElements(0, 10 * MIB), 0);
  for (let young = 1; young <= 31; young++) assert.ok(pieceElements(young * MIB, MIB) <= LARGEST_PIECE);
});
