import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chances, Link, type LinkOptions } from '../../../src/runtime/virtual/index.ts';

interface Copy {
  readonly at: number;
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Sends `count` units of `size` bytes, one each `everyMs`. */
function send(options: LinkOptions, count: number, { size = 100, everyMs = 1, seed = 1 } = {}) {
  const link = new Link(options, new Chances(seed, 'test'));
  const copies: Copy[] = [];
  const fates = Array.from({ length: count }, (_, index) =>
    link.transmit(new Uint8Array(size), 28, index * everyMs, (bytes, at) => copies.push({ at, index, bytes })),
  );
  return { link, copies, fates };
}

const near = (actual: number, expected: number, by: number): void => assert.ok(Math.abs(actual - expected) <= by, `${actual} is not near ${expected}`);

test('a plain link delivers everything at once, but not in the same instant', () => {
  const { copies, fates } = send({}, 10);
  assert.deepEqual(
    copies.map(({ at, index }) => [index, at]),
    Array.from({ length: 10 }, (_, i) => [i, i + 0.001]),
  );
  assert.ok(fates.every((fate) => fate === 'sent'));
});

test('a link loses, doubles, corrupts and holds back as often as it was told', () => {
  const { link, copies } = send({ delayMs: 10, loss: 0.25, duplicate: 0.1, corrupt: 0.05, reorder: 0.02 }, 20_000);
  const { sent, lost, duplicated, corrupted, reordered } = link.stats;
  assert.equal(sent + lost, 20_000);
  assert.equal(copies.length, sent + duplicated);
  near(lost / 20_000, 0.25, 0.01);
  near(duplicated / sent, 0.1, 0.01);
  near(corrupted / sent, 0.05, 0.01);
  near(reordered / copies.length, 0.02, 0.005);
});

test('a corrupted datagram differs in one bit, and no two copies share a buffer', () => {
  const { copies } = send({ corrupt: 1, duplicate: 1 }, 50);
  assert.equal(new Set(copies.map(({ bytes }) => bytes.buffer)).size, copies.length);
  const flipped = copies.filter(({ bytes }) => bytes.some((byte) => byte !== 0));
  assert.equal(flipped.length, 50);
  for (const { bytes } of flipped) {
    const bits = bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    assert.equal(bits, 1);
  }
  assert.deepEqual(send({ corrupt: 1 }, 1, { size: 0 }).copies[0]!.bytes.length, 0);
});

test('jitter spreads arrivals and lets none overtake; reordering does', () => {
  const arrivals = send({ delayMs: 20, jitterMs: 30 }, 1000).copies;
  assert.ok(arrivals.every(({ at, index }, i) => i === 0 || at >= arrivals[i - 1]!.at || index < arrivals[i - 1]!.index));
  assert.ok(arrivals.every(({ at, index }) => at >= index + 20 && at <= index + 50 + 1e-9));
  const { copies } = send({ delayMs: 20, reorder: 0.1, reorderMs: 30 }, 1000);
  const order = copies.toSorted((x, y) => x.at - y.at).map(({ index }) => index);
  assert.ok(order.some((index, i) => i > 0 && index < order[i - 1]!));
});

test('a link with a rate makes datagrams wait and loses what its queue cannot hold', () => {
  // 972 + 28 bytes take 8 ms at 1 Mbit/s.
  const { copies } = send({ rateBps: 1_000_000 }, 5, { size: 972, everyMs: 0 });
  assert.deepEqual(
    copies.map(({ at }) => Math.round(at)),
    [8, 16, 24, 32, 40],
  );
  const { link } = send({ rateBps: 1_000_000, queueBytes: 10_000 }, 100, { size: 972, everyMs: 0 });
  assert.equal(link.stats.overflowed, 90);
  assert.equal(link.stats.sent, 10);
});

test('a link with an MTU loses what is larger, or says so', () => {
  for (const [tooLarge, fate] of [
    ['drop', 'lost'],
    ['report', 'too-large'],
  ] as const) {
    const options = { mtuBytes: 1280, tooLarge };
    assert.equal(send(options, 1, { size: 1252 }).fates[0], 'sent');
    assert.equal(send(options, 1, { size: 1253 }).fates[0], fate);
  }
});

test('options that are off use up no chances, so the others happen as before', () => {
  const lost = (options: LinkOptions): number[] => send({ loss: 0.3, ...options }, 200).copies.map(({ index }) => index);
  assert.deepEqual(lost({ delayMs: 50, mtuBytes: 1500 }), lost({}));
});

test('streams of one seed with different names are independent, and equal for equal names', () => {
  const draw = (seed: number, name: string): number[] => {
    const chances = new Chances(seed, name);
    return Array.from({ length: 8 }, () => chances.u32());
  };
  assert.deepEqual(draw(1, 'a'), draw(1, 'a'));
  const streams = [draw(1, 'a'), draw(1, 'b'), draw(2, 'a'), draw(1 + 2 ** 32, 'a')];
  assert.equal(new Set(streams.flat()).size, 32);
  const chances = new Chances(5);
  const mean = Array.from({ length: 20_000 }, () => chances.next()).reduce((sum, value) => sum + value) / 20_000;
  near(mean, 0.5, 0.01);
});
