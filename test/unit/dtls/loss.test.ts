import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertComplete, DtlsPair, withoutDatagrams } from '../../support/dtls.ts';

test('A-DTLS-20 the handshake is cut to every datagram size from 100 to 1500 (RFC 6347 4.2.3)', () => {
  for (let mtu = 100; mtu <= 1500; mtu += mtu < 200 ? 7 : 61) {
    const pair = withoutDatagrams([], { client: { mtuBytes: mtu }, server: { mtuBytes: mtu } });
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
    const pair = withoutDatagrams([], {}, latency);
    assertComplete(pair, `${latency} ms`);
    assert.ok(pair.now <= 4 * latency * 1.1 + 0.01, `${pair.now} ms at ${latency}`);
    assert.ok(pair.sent.length <= 60, `${pair.sent.length} datagrams at ${latency} ms`);
  }
});

test('A-DTLS-20 a round trip of 60 s fails at 30 s', () => {
  const pair = withoutDatagrams([], {}, 30_000);
  for (const side of ['client', 'server'] as const) assert.deepEqual(pair.events[side].map((event) => event.type === 'failed' && event.reason), ['timeout']);
});
