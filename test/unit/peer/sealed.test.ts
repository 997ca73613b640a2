import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counters, RtcError } from '../../../src/core/index.ts';
import { SEALED_AT_ONCE } from '../../../src/peer/media/constants.ts';
import { Sealed } from '../../../src/peer/media/sealed.ts';

type Chain = Parameters<Sealed['fill']>[0];
type Srtp = Parameters<Sealed['fill']>[1];

/** A chain that has `count` RTCP packets for the wire, and an SRTP session that refuses those with a number of `refused`. */
function ends(count: number, refused: readonly number[] = []): { chain: Chain; srtp: Srtp; left: () => number } {
  let next = 0;
  const chain = { pollWrite: () => (next < count ? { rtcp: Uint8Array.of(next++) } : undefined) };
  const protectRtcp = (bytes: Uint8Array): Uint8Array => {
    if (refused.includes(bytes[0] as number)) throw new RtcError('ERR_INVALID_STATE', 'this number was sealed before');
    return bytes;
  };
  return { chain: chain as unknown as Chain, srtp: { protectRtcp } as unknown as Srtp, left: () => count - next };
}

const take = (sealed: Sealed): number[] => {
  const taken: number[] = [];
  for (let packet = sealed.shift(); packet !== undefined; packet = sealed.shift()) taken.push(packet[0] as number);
  return taken;
};

test('packets are sealed in a row up to a bound, in order, and the rest stays in the chain until those have left', () => {
  const { chain, srtp, left } = ends(2 * SEALED_AT_ONCE + 3);
  const sealed = new Sealed(new Counters());
  const taken: number[][] = [];
  for (const rest of [SEALED_AT_ONCE + 3, 3, 0]) {
    sealed.fill(chain, srtp, undefined);
    assert.equal(left(), rest);
    taken.push(take(sealed));
  }
  assert.deepEqual(taken.map(({ length }) => length), [SEALED_AT_ONCE, SEALED_AT_ONCE, 3]);
  assert.deepEqual(taken.flat(), Array.from({ length: 2 * SEALED_AT_ONCE + 3 }, (_, i) => i));
});

test('a packet that SRTP refuses is counted and takes no place in the row (A-SRTP-05)', () => {
  const { chain, srtp } = ends(SEALED_AT_ONCE + 1, [0]);
  const counters = new Counters();
  const sealed = new Sealed(counters);
  sealed.fill(chain, srtp, undefined);
  assert.deepEqual(take(sealed), Array.from({ length: SEALED_AT_ONCE }, (_, i) => i + 1));
  assert.deepEqual([...counters.snapshot()], [['srtp.refused', 1]]);
});
