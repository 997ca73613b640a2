import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { add16, add32, after16, after32, distance16, distance32 } from '../../../src/core/index.ts';

const spaces = [
  { bits: 32n, add: add32, after: after32, distance: distance32 },
  { bits: 16n, add: add16, after: after16, distance: distance16 },
] as const;

/** RFC 1982 with whole numbers of any size. */
function reference(bits: bigint, a: number, b: number): { after: boolean; distance: number } {
  const size = 1n << bits;
  const ahead = (((BigInt(a) - BigInt(b)) % size) + size) % size;
  const distance = ahead >= size / 2n ? ahead - size : ahead;
  return { after: distance > 0n, distance: Number(distance) };
}

for (const { bits, add, after, distance } of spaces) {
  const size = 2 ** Number(bits);
  const critical = [0, 1, 2, size / 2 - 2, size / 2 - 1, size / 2, size / 2 + 1, size - 2, size - 1];
  const any = fc.oneof(fc.constantFrom(...critical), fc.integer({ min: 0, max: size - 1 }));

  test(`A-JS-07 ${bits}-bit serial numbers agree with the arithmetic of RFC 1982, at and around every wrap`, () => {
    const check = (a: number, b: number): void => {
      const expected = reference(bits, a, b);
      assert.equal(after(a, b), expected.after, `after(${a}, ${b})`);
      assert.equal(distance(a, b), expected.distance, `distance(${a}, ${b})`);
    };
    for (const a of critical) for (const b of critical) check(a, b);
    fc.assert(fc.property(any, any, check), { numRuns: 2000 });
  });

  test(`A-JS-07 ${bits}-bit addition wraps, and its result is after the start for less than half the space`, () => {
    fc.assert(fc.property(any, fc.integer({ min: 1, max: size / 2 - 1 }), (a, n) => {
      const sum = add(a, n);
      assert.equal(sum, Number((BigInt(a) + BigInt(n)) % BigInt(size)));
      assert.ok(after(sum, a) && !after(a, sum));
      assert.equal(distance(sum, a), n);
      assert.equal(add(sum, -n), a);
    }), { numRuns: 2000 });
  });

  test(`${bits}-bit numbers: nothing is after itself, and of two at half the space neither is after the other (RFC 1982 3.2)`, () => {
    fc.assert(fc.property(any, (a) => {
      assert.equal(after(a, a), false);
      const opposite = add(a, size / 2);
      assert.equal(after(a, opposite), false);
      assert.equal(after(opposite, a), false);
      assert.equal(distance(a, opposite), -size / 2);
    }));
  });
}
