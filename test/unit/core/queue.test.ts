import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Queue } from '../../../src/core/index.ts';

test('a queue hands entries out in the order they came, across growth and wrap-around', () => {
  const queue = new Queue<number>();
  const reference: number[] = [];
  let next = 0;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < (round * 7) % 23; i++) {
      queue.push(next);
      reference.push(next++);
    }
    for (let i = 0; i < (round * 5) % 17; i++) assert.equal(queue.shift(), reference.shift());
    assert.equal(queue.length, reference.length);
    assert.deepEqual([...queue], reference);
    assert.equal(queue.peek(), reference[0]);
  }
});

test('a queue behaves like an array under any calls, with entries put back in front too', () => {
  const call = fc.constantFrom('push', 'push', 'push', 'unshift', 'unshift', 'shift', 'shift', 'peek', 'clear');
  fc.assert(fc.property(fc.array(call, { maxLength: 120 }), (calls) => {
    const queue = new Queue<number>();
    const reference: number[] = [];
    calls.forEach((name, i) => {
      switch (name) {
        case 'push':
          queue.push(i);
          reference.push(i);
          break;
        case 'unshift':
          queue.unshift(i);
          reference.unshift(i);
          break;
        case 'shift':
          assert.equal(queue.shift(), reference.shift());
          break;
        case 'peek':
          assert.equal(queue.peek(), reference[0]);
          break;
        default:
          if (i % 5 === 0) {
            queue.clear();
            reference.length = 0;
          }
      }
      assert.equal(queue.length, reference.length);
    });
    assert.deepEqual([...queue], reference);
  }), { numRuns: 500 });
});

test('an entry that is undefined counts as one', () => {
  const queue = new Queue<undefined>();
  queue.push(undefined);
  assert.equal(queue.length, 1);
  assert.equal(queue.shift(), undefined);
  assert.equal(queue.length, 0);
});

test('a queue of 200,000 entries is filled and emptied from either end in linear time', () => {
  const queue = new Queue<number>();
  const started = performance.now();
  for (let i = 0; i < 100_000; i++) queue.push(i);
  for (let i = 1; i <= 100_000; i++) queue.unshift(-i);
  for (let i = -100_000; i < 100_000; i++) assert.ok(queue.shift() === i);
  assert.equal(queue.length, 0);
  assert.ok(performance.now() - started < 2000);
});
