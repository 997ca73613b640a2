import assert from 'node:assert/strict';
import { test } from 'node:test';
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
