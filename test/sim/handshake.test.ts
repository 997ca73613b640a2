import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8 } from '../../src/core/index.ts';
import { assertComplete, DtlsPair, type PairOptions, type Side, withoutDatagrams } from '../support/dtls.ts';
import { seeded } from '../support/fuzz.ts';

const FIRST = Number(process.env['SIM_FIRST_SEED'] ?? 1);
/** A handshake costs a fraction of a session. */
const HANDSHAKES = 5 * Number(process.env['SIM_SEEDS'] ?? 24);
const FIRST_RTO_MS = 50;

/** Every handshake in which up to three of its datagrams are lost, repeated ones among them: whatever was sent may be the next to be lost. */
function* losing(options: PairOptions): Generator<readonly [pair: DtlsPair, lost: readonly number[]]> {
  const waiting: (readonly number[])[] = [[]];
  for (let lost = waiting.pop(); lost !== undefined; lost = waiting.pop()) {
    const pair = withoutDatagrams(lost, options);
    yield [pair, lost];
    if (lost.length < 3) for (let i = (lost.at(-1) ?? -1) + 1; i < pair.sent.length; i++) waiting.push([...lost, i]);
  }
}

/** With `k` losses the timers of RFC 6347 4.2.4.1 wait for 50, 100 … ms at most; the rest is travel. */
function assertInTime(pair: DtlsPair, lost: readonly number[]): void {
  const timers = (2 ** lost.length - 1) * FIRST_RTO_MS;
  assert.ok(pair.now <= 1.1 * timers + 8 * pair.latencyMs, `${lost.join()} lost: ${pair.now} ms`);
}

for (const [how, options, datagrams, subsets] of [
  ['at 1200 bytes', { seed: 1 }, 4, 50],
  ['at 250 bytes', { client: { mtuBytes: 250 }, server: { mtuBytes: 250 } }, 8, 500],
  ['with a cookie', { server: { cookie: 'required', addressToken: Uint8Array.of(1), cookieSecret: new Uint8Array(32) } }, 6, 100],
] as const) {
  test(`A-DTLS-20 every subset of up to 3 datagrams of a handshake may be lost, ${how} (RFC 6347 4.2.4)`, () => {
    let runs = 0;
    for (const [pair, lost] of losing(options)) {
      if (lost.length === 0) assert.ok(pair.sent.length >= datagrams, `${pair.sent.length} datagrams`);
      assertComplete(pair, lost.join());
      if (how !== 'with a cookie') assertInTime(pair, lost);
      runs++;
    }
    assert.ok(runs > subsets, `${runs} handshakes`);
  });
}

test(`${HANDSHAKES} seeds of handshakes over random loss, reordering and duplication, in datagrams of every size`, () => {
  for (let seed = FIRST; seed < FIRST + HANDSHAKES; seed++) {
    const next = seeded(seed);
    const mtuBytes = 100 + Math.floor(next() * 1_300);
    const loss = next() * 0.3;
    const pair = new DtlsPair({ seed, client: { mtuBytes }, server: { mtuBytes } }, 1 + Math.floor(next() * 30));
    const late: Record<Side, Uint8Array[]> = { client: [], server: [] };
    pair.wire = (from, datagram) => {
      const out: Uint8Array[] = [];
      const dice = next();
      if (dice < loss) return out;
      if (dice < loss + 0.1) late[from].push(datagram); // it comes behind a later one
      else out.push(datagram);
      if (dice > 0.9) out.push(datagram);
      if (next() < 0.5) out.push(...late[from].splice(0));
      return out;
    };
    pair.handshake();
    assertComplete(pair, `seed ${seed}`);
    pair.wire = (_from, datagram) => [datagram];
    pair.send('client', encodeUtf8('a'));
    pair.send('server', encodeUtf8('b'));
    pair.settle();
    assert.deepEqual(pair.data, { client: [encodeUtf8('b')], server: [encodeUtf8('a')] }, `seed ${seed}`);
  }
});
