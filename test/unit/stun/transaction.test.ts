import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeStun, StunBuilder, StunClass, StunTransactions } from '../../../src/stun/index.ts';
import { seededRandom } from '../../support/fuzz.ts';

function setup(limit?: number): StunTransactions<string> {
  return new StunTransactions(seededRandom(1), limit);
}

test('a request is sent 7 times at doubling intervals and given up after 39.5 s (RFC 8489 6.2.1)', () => {
  const transactions = setup();
  assert.ok(transactions.begin(transactions.newId(), new Uint8Array(20), 'x', {}, 0));
  const sent = [0];
  let end = 0;
  for (let at = transactions.nextAt(); at !== undefined; at = transactions.nextAt()) {
    const due = transactions.due(at);
    assert.ok(due);
    if (transactions.advance(due, at) === 'retransmit') sent.push(at);
    else end = at;
  }
  assert.deepEqual(sent, [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
  assert.equal(end, 39_500);
  assert.equal(transactions.size, 0);
});

test('a response is matched by all 96 bits of its id, and only while its request waits', () => {
  const transactions = setup();
  const id = transactions.newId();
  const transaction = transactions.begin(id, new Uint8Array(20), 'x', {}, 0);
  assert.ok(transaction);
  const response = (bytes: Uint8Array) => decodeStun(new StunBuilder(StunClass.success, 1, bytes).finish());
  for (let i = 0; i < 12; i++) {
    const other = id.slice();
    other[i] = (other[i] as number) ^ 1;
    assert.equal(transactions.match(response(other)), undefined, `byte ${i}`);
  }
  assert.equal(transactions.match(response(id)), transaction);
  transactions.end(transaction);
  assert.equal(transactions.match(response(id)), undefined);
});

test('no more than 256 requests wait at once', () => {
  const transactions = setup();
  for (let i = 0; i < 256; i++) assert.ok(transactions.begin(transactions.newId(), new Uint8Array(20), 'x', {}, 0));
  assert.equal(transactions.begin(transactions.newId(), new Uint8Array(20), 'x', {}, 0), undefined);
  transactions.end(transactions.all[0] as never);
  assert.ok(transactions.begin(transactions.newId(), new Uint8Array(20), 'x', {}, 0));
});

test('a quiet transaction is not repeated but still waits for its answer (RFC 8445 7.3.1.4)', () => {
  const transactions = setup();
  const transaction = transactions.begin(transactions.newId(), new Uint8Array(20), 'x', { rtoMs: 100 }, 0);
  assert.ok(transaction);
  transactions.quiet(transaction);
  assert.equal(transactions.nextAt(), 1600);
  assert.equal(transactions.due(1599), undefined);
  assert.equal(transactions.advance(transactions.due(1600) as never, 1600), 'timeout');
});

test('the round-trip time is known only when one request was sent', () => {
  const transactions = setup();
  const transaction = transactions.begin(transactions.newId(), new Uint8Array(20), 'x', {}, 10);
  assert.equal(transaction?.roundTripMs(35), 25);
  transactions.advance(transactions.due(510) as never, 510);
  assert.equal(transaction?.roundTripMs(600), undefined);
});
