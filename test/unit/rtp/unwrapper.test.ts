import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RtcError } from '../../../src/core/index.ts';
import { Unwrapper } from '../../../src/rtp/index.ts';

test('A-JS-07 numbers that wrap are unwrapped, whatever their width, as long as steps stay below half the space', () => {
  for (const bits of [7, 8, 15, 16, 24, 32]) {
    const space = 2 ** bits;
    const start = fc.constantFrom(0, 1, space / 2 - 1, space / 2, space - 1);
    const steps = fc.array(fc.integer({ min: -(space / 2) + 1, max: space / 2 - 1 }), { maxLength: 50 });
    fc.assert(
      fc.property(start, steps, (first, ahead) => {
        const unwrapper = new Unwrapper(bits);
        assert.equal(unwrapper.unwrap(first), first);
        let highest = first;
        for (const step of ahead) {
          const value = highest + step;
          const wrapped = ((value % space) + space) % space;
          assert.equal(unwrapper.peek(wrapped), value);
          assert.equal(unwrapper.highest, highest);
          assert.equal(unwrapper.unwrap(wrapped), value);
          highest = Math.max(highest, value);
          assert.equal(unwrapper.highest, highest);
        }
      }),
      { numRuns: 200, seed: bits },
    );
  }
});

test('a packet from before the first wrap is negative, one exactly half the space away lies behind', () => {
  const unwrapper = new Unwrapper(16);
  assert.equal(unwrapper.highest, undefined);
  assert.equal(unwrapper.unwrap(2), 2);
  assert.equal(unwrapper.unwrap(0xffff), -1);
  assert.equal(unwrapper.highest, 2);
  assert.equal(unwrapper.unwrap(0x8002), 2 - 0x8000);
  assert.equal(unwrapper.unwrap(0x8001), 0x8001);
  unwrapper.reset();
  assert.equal(unwrapper.unwrap(9), 9);
});

test('a hundred wraps later the number is still exact', () => {
  const unwrapper = new Unwrapper(32);
  let value = 0;
  for (let i = 0; i < 300; i++) {
    assert.equal(unwrapper.unwrap(value % 2 ** 32), value);
    value += 2 ** 31 - 1;
  }
  for (const bits of [0, 33, 1.5, NaN]) assert.throws(() => new Unwrapper(bits), RtcError);
});
