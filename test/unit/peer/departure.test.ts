import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Departure } from '../../../src/peer/departure.ts';

const packet = (chunk: number): Uint8Array => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, chunk, 0, 0, 4);
const [DATA, INIT, ABORT] = [packet(0), packet(1), packet(6)] as const;

test('nothing is judged while the peer cannot move', () => {
  assert.equal(new Departure().isPossible, false);
});

test('an ABORT is held while the peer may move, and calls for a new association when it did', () => {
  const departure = new Departure();
  departure.setMayMove(true);
  assert.deepEqual([departure.judge(DATA), departure.judge(ABORT), departure.judge(INIT)], ['stays', 'leaves', 'stays']);
  assert.equal(departure.moved(), true);
  assert.equal(departure.setMayMove(false), undefined);
  assert.equal(departure.isPossible, false);
});

test('an ABORT that was held in vain is given back, once', () => {
  const departure = new Departure();
  departure.setMayMove(true);
  departure.judge(ABORT);
  assert.deepEqual(departure.setMayMove(false), ABORT);
  assert.equal(departure.setMayMove(false), undefined);
});

test('without an ABORT the first packet over the new DTLS association decides', () => {
  for (const [first, judgement] of [[INIT, 'begins'], [DATA, 'stays'], [ABORT, 'stays']] as const) {
    const departure = new Departure();
    departure.setMayMove(true);
    assert.equal(departure.moved(), false);
    assert.equal(departure.setMayMove(false), undefined);
    assert.equal(departure.isPossible, true);
    assert.equal(departure.judge(first), judgement);
    assert.equal(departure.isPossible, false, 'from here on everything is what it seems');
  }
});
