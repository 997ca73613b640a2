import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { earlier, TimerTable } from '../../../src/core/index.ts';

type Name = 'a' | 'b' | 'c' | 'd' | 'e';
const names: readonly Name[] = ['a', 'b', 'c', 'd', 'e'];

/** The same, as plainly as can be: a map, searched for the earliest; among equal ones the one that was started first. */
class NaiveTimers {
  readonly timers: Map<Name, number> = new Map();

  earliest(): [Name, number] | undefined {
    let best: [Name, number] | undefined;
    for (const timer of this.timers) if (best === undefined || timer[1] < best[1]) best = timer;
    return best;
  }

  expire(now: number): Name | undefined {
    const best = this.earliest();
    if (best === undefined || best[1] > now) return undefined;
    this.timers.delete(best[0]);
    return best[0];
  }
}

const command = fc.oneof(
  fc.record({ do: fc.constant('set' as const), name: fc.constantFrom(...names), at: fc.nat(20) }),
  fc.record({ do: fc.constant('stop' as const), name: fc.constantFrom(...names) }),
  fc.record({ do: fc.constant('expire' as const), now: fc.nat(20) }),
  fc.record({ do: fc.constant('clear' as const) }),
);

test('a timer table behaves like a map that is searched for the earliest entry', () => {
  fc.assert(fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
    const table = new TimerTable<Name>();
    const naive = new NaiveTimers();
    for (const c of commands) {
      switch (c.do) {
        case 'set':
          table.set(c.name, c.at);
          naive.timers.set(c.name, c.at);
          break;
        case 'stop':
          table.stop(c.name);
          naive.timers.delete(c.name);
          break;
        case 'expire':
          assert.equal(table.expire(c.now), naive.expire(c.now));
          break;
        default:
          table.clear();
          naive.timers.clear();
      }
      const next = naive.earliest();
      assert.deepEqual(table.next(), next && { at: next[1], reason: next[0] });
      for (const name of names) assert.equal(table.at(name), naive.timers.get(name));
    }
  }), { numRuns: 500 });
});

test('a timer is due at its instant and not a moment before', () => {
  const timers = new TimerTable<'x'>();
  timers.set('x', 10.5);
  assert.equal(timers.expire(10.499), undefined);
  assert.equal(timers.expire(10.5), 'x');
  assert.equal(timers.expire(1e9), undefined);
});

test('setting a running timer moves it', () => {
  const timers = new TimerTable<'x' | 'y'>();
  timers.set('x', 1);
  timers.set('y', 2);
  timers.set('x', 3);
  assert.deepEqual(timers.next(), { at: 2, reason: 'y' });
  assert.equal(timers.at('x'), 3);
});

test('timers that are due together come in the order they were started', () => {
  const timers = new TimerTable<Name>();
  for (const name of names) timers.set(name, 5);
  const order: string[] = [];
  for (let due = timers.expire(5); due !== undefined; due = timers.expire(5)) order.push(due);
  assert.deepEqual(order, names);
});

test('of two deadlines the earlier one counts, and either may be absent', () => {
  const [a, b] = [{ at: 1, reason: 'a' }, { at: 2, reason: 'b' }];
  assert.equal(earlier(a, b), a);
  assert.equal(earlier(b, a), a);
  assert.equal(earlier(undefined, b), b);
  assert.equal(earlier(b, undefined), b);
  assert.equal(earlier(undefined, undefined), undefined);
  assert.equal(earlier(a, { at: 1, reason: 'c' }), a);
});
