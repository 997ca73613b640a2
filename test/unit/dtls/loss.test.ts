import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8 } from '../../../src/core/index.ts';
import { DtlsPair, type PairOptions, type Side } from '../../support/dtls.ts';
import { seeded } from '../../support/fuzz.ts';

const FIRST_RTO_MS = 50;

/** Runs a handshake in which the datagrams with these numbers are lost. */
function without(lost: readonly number[], options: PairOptions, latencyMs = 1): DtlsPair {
  const pair = new DtlsPair(options, latencyMs);
  pair.wire = (_from, datagram, index) => (lost.includes(index) ? [] : [datagram]);
  return pair.handshake();
}

function assertComplete(pair: DtlsPair, what: string): void {
  assert.equal(pair.client.state, 'connected', `${what}: ${JSON.stringify(pair.events)}`);
  assert.equal(pair.server.state, 'connected', `${what}: ${JSON.stringify(pair.events)}`);
  assert.deepEqual(pair.client.exportKeyingMaterial('x', 16), pair.server.exportKeyingMaterial('x', 16));
}

/** Every handshake in which up to three of its datagrams are lost, repeated ones among them: whatever was sent may be the next to be lost. */
function* losing(options: PairOptions): Generator<readonly [pair: DtlsPair, lost: readonly number[]]> {
  const waiting: (readonly number[])[] = [[]];
  for (let lost = waiting.pop(); lost !== undefined; lost = waiting.pop()) {
    const pair = without(lost, options);
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

test('A-DTLS-20 the handshake is cut to every datagram size from 100 to 1500 (RFC 6347 4.2.3)', () => {
  for (let mtu = 100; mtu <= 1500; mtu += mtu < 200 ? 7 : 61) {
    const pair = without([], { client: { mtuBytes: mtu }, server: { mtuBytes: mtu } });
    assertComplete(pair, `${mtu} bytes`);
    for (const { bytes } of pair.sent) assert.ok(bytes.length <= mtu, `${bytes.length} bytes at ${mtu}`);
    assert.equal(pair.client.stats().retransmissions, 0);
  }
});

test('A-DTLS-20 the size may change between transmissions', () => {
  const pair = new DtlsPair();
  pair.wire = (_from, datagram, index) => (index < 2 ? [] : [datagram]);
  pair.start();
  pair.client.setMtu(100);
  pair.server.setMtu(150);
  pair.handshake();
  assertComplete(pair, 'smaller');
  assert.ok(pair.sent.slice(1).every(({ bytes }) => bytes.length <= 150));
  assert.throws(() => pair.client.setMtu(99), { code: 'ERR_INVALID_ARGUMENT' });
});

test('A-DTLS-20 a silent peer: the timer starts at 50 ms, doubles to 3 s and gives up at 30 s (RFC 6347 4.2.4.1)', () => {
  const pair = new DtlsPair();
  const sentAt: number[] = [];
  pair.wire = (from) => {
    if (from === 'client') sentAt.push(pair.now);
    return [];
  };
  pair.start();
  while (pair.step()) {
    const deadline = pair.client.pollTimeout();
    if (deadline !== undefined) assert.ok(deadline.at > pair.now, 'no timer in the past');
  }
  assert.deepEqual(sentAt.slice(0, 9), [0, 50, 150, 350, 750, 1550, 3150, 6150, 9150]);
  assert.equal(pair.now, 30_000);
  assert.deepEqual(
    pair.events.client.map((event) => (event.type === 'failed' ? event.reason : event.type)),
    ['timeout'],
  );
  assert.equal(pair.server.state, 'failed');
  assert.equal(pair.client.pollTimeout(), undefined);
});

test('A-DTLS-20 round trips from 0 to 6 s complete without a storm of repetitions', () => {
  for (const latency of [0.1, 10, 100, 500, 1_000, 3_000]) {
    const pair = without([], {}, latency);
    assertComplete(pair, `${latency} ms`);
    assert.ok(pair.now <= 4 * latency * 1.1 + 0.01, `${pair.now} ms at ${latency}`);
    assert.ok(pair.sent.length <= 60, `${pair.sent.length} datagrams at ${latency} ms`);
  }
});

test('A-DTLS-20 a round trip of 60 s fails at 30 s', () => {
  const pair = without([], {}, 30_000);
  for (const side of ['client', 'server'] as const) assert.deepEqual(pair.events[side].map((event) => event.type === 'failed' && event.reason), ['timeout']);
});

test('random loss, reordering and duplication by seed, in datagrams of every size', () => {
  for (let seed = 1; seed <= 120; seed++) {
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
