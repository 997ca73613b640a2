import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_RTP_INDEX } from '../../../src/srtp/constants.ts';
import { ReplayWindow } from '../../../src/srtp/replay.ts';
import { estimateIndex } from '../../../src/srtp/rollover.ts';

/** RFC 3711 appendix A as it is written there, with whole numbers of any size; the round before the first does not exist. */
function reference(rollover: bigint, last: bigint, sequence: bigint): bigint {
  let v: bigint;
  if (last < 32_768n) v = sequence - last > 32_768n ? rollover - 1n : rollover;
  else v = last - 32_768n > sequence ? rollover + 1n : rollover;
  return (v < 0n ? 0n : v) * 65_536n + sequence;
}

const sequenceNumber = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 1, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff));
const rolloverCounter = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.constantFrom(0, 1, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe));

test('the estimated index is that of RFC 3711 3.3.1 and appendix A for every rollover counter of 32 bits', () => {
  fc.assert(
    fc.property(rolloverCounter, sequenceNumber, sequenceNumber, (rollover, last, sequence) => {
      const expected = reference(BigInt(rollover), BigInt(last), BigInt(sequence));
      assert.equal(BigInt(estimateIndex(rollover * 65_536 + last, sequence)), expected);
    }),
    { numRuns: 20_000, seed: 1 },
  );
});

test('an index within 2^15 of the highest one is always found again (RFC 3711 3.3.1)', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: -32_767, max: 32_767 }), (highest, distance) => {
      const index = highest + distance;
      if (index >= 0) assert.equal(estimateIndex(highest, index % 65_536), index);
    }),
    { numRuns: 20_000, seed: 2 },
  );
});

test('behind the last index of a key comes one that is out of range (RFC 3711 9.2)', () => {
  assert.equal(estimateIndex(MAX_RTP_INDEX - 1, 0xffff), MAX_RTP_INDEX);
  assert.ok(estimateIndex(MAX_RTP_INDEX, 0) > MAX_RTP_INDEX);
});

test('the first packet is in the first round', () => {
  for (const sequence of [0, 1, 0x7fff, 0x8000, 0xffff]) assert.equal(estimateIndex(-1, sequence), sequence);
});

/** A window that remembers everything. */
class SlowWindow {
  readonly #seen: Set<number> = new Set();
  readonly #width: number;
  highest = -1;

  constructor(width: number) {
    this.#width = width;
  }

  isNew(index: number): boolean {
    return index > this.highest - this.#width && !this.#seen.has(index);
  }

  accept(index: number): void {
    this.#seen.add(index);
    this.highest = Math.max(this.highest, index);
  }
}

for (const width of [64, 128, 1024]) {
  test(`a replay window of ${width} judges as one that remembers all (RFC 3711 3.3.2)`, () => {
    const step = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -12, max: 12 }) }, { weight: 2, arbitrary: fc.integer({ min: -width - 3, max: width + 3 }) }, fc.integer({ min: 0, max: 70_000 }));
    fc.assert(
      fc.property(fc.constantFrom(0, 65_500, 2 ** 31 - 40, 2 ** 32 - 40, 2 ** 48 - 500_000), fc.array(step, { minLength: 1, maxLength: 200 }), (start, steps) => {
        const fast = new ReplayWindow(width);
        const slow = new SlowWindow(width);
        let at = start;
        for (const by of steps) {
          const index = Math.max(0, at + by);
          assert.equal(fast.isNew(index), slow.isNew(index), `${index} after ${slow.highest}`);
          assert.equal(fast.isOld(index), slow.highest - index >= width);
          if (!fast.isNew(index)) continue;
          fast.accept(index);
          slow.accept(index);
          assert.equal(fast.highest, slow.highest);
          at = slow.highest;
        }
      }),
      { numRuns: 300, seed: width },
    );
  });
}
