import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Congestion } from '../../../src/sctp/congestion.ts';
import { INITIAL_WINDOW_PACKETS } from '../../../src/sctp/constants.ts';

const MTU = 1000;
const WINDOW: number = INITIAL_WINDOW_PACKETS * MTU;

/** Fills a share of the window with packets and has them acknowledged two by two before anything else leaves. Returns the window then. */
function windowAfterRound(share: number): number {
  const congestion = new Congestion(MTU);
  const packets = (share * WINDOW) / MTU;
  for (let i = 1; i <= packets; i++) congestion.sent(MTU, i * MTU);
  for (let tsn = 2; tsn <= packets; tsn += 2) congestion.acknowledged(tsn, 2 * MTU, 1, true, 1);
  return congestion.windowBytes;
}

test('in slow start a window that was full doubles, also when all SACKs of a round trip are read in a row (RFC 9260 7.2.1)', () => {
  assert.equal(windowAfterRound(1), 2 * WINDOW);
});

test('a window that was not full does not grow (RFC 9260 7.2.1)', () => {
  assert.equal(windowAfterRound(0.6), WINDOW);
});
