import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SparseMap, SparseQueue, SparseSet } from '../../../src/core/index.ts';

test('a sparse map does what a map does, whatever is done to it', () => {
  const step = fc.record({ what: fc.constantFrom('set', 'delete', 'get', 'clear'), key: fc.integer({ min: 0, max: 4 }), value: fc.integer() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const map = new Map<number, number>();
      const sparse = new SparseMap<number, number>();
      for (const { what, key, value } of steps) {
        if (what === 'set') {
          map.set(key, value);
          sparse.set(key, value);
        } else if (what === 'delete') assert.equal(sparse.delete(key), map.delete(key));
        else if (what === 'clear') {
          map.clear();
          sparse.clear();
        }
        assert.deepEqual([sparse.size, sparse.has(key), sparse.get(key)], [map.size, map.has(key), map.get(key)]);
        assert.deepEqual([...sparse.values()], [...map.values()]);
        assert.deepEqual(sparse.list(), [...map.values()]);
        assert.deepEqual([...sparse.keys()], [...map.keys()]);
      }
    }),
    { numRuns: 200 },
  );
});

test('entries of a sparse map may be deleted while it is walked through', () => {
  const sparse = new SparseMap<number, number>().set(1, 1).set(2, 2).set(3, 3);
  const seen: number[] = [];
  for (const value of sparse.values()) {
    seen.push(value);
    sparse.delete(value);
  }
  assert.deepEqual([seen, sparse.size], [[1, 2, 3], 0]);
});

test('a sparse set holds each value once and is empty after clear', () => {
  const set = new SparseSet<number>();
  assert.deepEqual([...set], []);
  set.add(1).add(1).add(2);
  assert.deepEqual([[...set], set.size], [[1, 2], 2]);
  set.clear();
  assert.deepEqual([[...set], set.size], [[], 0]);
});

test('a sparse queue does what a list does, whatever is done to it, and hands out what it was given in its order', () => {
  const step = fc.record({ what: fc.constantFrom('push', 'push', 'shift', 'peek', 'clear'), times: fc.integer({ min: 1, max: 50 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const list: number[] = [];
      const queue = new SparseQueue<number>();
      let next = 0;
      for (const { what, times } of steps) {
        for (let i = 0; i < times; i++) {
          if (what === 'push') {
            list.push(next);
            queue.push(next++);
          } else if (what === 'shift') assert.equal(queue.shift(), list.shift());
          else if (what === 'peek') assert.equal(queue.peek(), list[0]);
          else {
            list.length = 0;
            queue.clear();
          }
          assert.equal(queue.length, list.length);
        }
      }
    }),
    { numRuns: 200 },
  );
});
