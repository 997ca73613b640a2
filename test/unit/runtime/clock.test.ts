import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../../../src/runtime/virtual/index.ts';
import { seeded } from '../../support/fuzz.ts';

test('the virtual clock calls in the order of time, and of scheduling within one instant', () => {
  const action = fc.record({ at: fc.integer({ min: 0, max: 20 }), cancel: fc.option(fc.nat(40), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const clock = new VirtualClock();
      const called: number[] = [];
      const scheduled = actions.map(({ at }, i) => clock.at(at, () => called.push(i)));
      const gone = new Set<number>();
      for (const { cancel } of actions) {
        if (cancel === undefined || cancel >= scheduled.length) continue;
        scheduled[cancel]!.cancel();
        gone.add(cancel);
      }
      const expected = actions.map(({ at }, i) => ({ at, i })).filter(({ i }) => !gone.has(i));
      expected.sort((x, y) => x.at - y.at || x.i - y.i);
      assert.equal(clock.pending, expected.length);
      while (clock.step());
      assert.deepEqual(
        called,
        expected.map(({ i }) => i),
      );
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('the virtual clock keeps its order while calls schedule and cancel others', () => {
  const clock = new VirtualClock();
  const next = seeded(3);
  const waiting = new Map<number, { at: number; cancel(): void }>();
  let id = 0;
  let calls = 0;
  let last = 0;
  const add = (): void => {
    const mine = id++;
    const at = clock.now + Math.floor(next() * 50);
    waiting.set(
      mine,
      clock.at(at, () => {
        assert.equal(clock.now, at);
        assert.ok(clock.now >= last);
        for (const other of waiting.values()) assert.ok(other.at >= at);
        last = clock.now;
        calls++;
        waiting.delete(mine);
        if (calls < 3000) for (let n = Math.floor(next() * 3); n >= 0; n--) add();
        if (waiting.size > 40) {
          const [victim] = waiting.keys();
          waiting.get(victim as number)!.cancel();
          waiting.delete(victim as number);
        }
      }),
    );
  };
  add();
  while (clock.step());
  assert.ok(calls >= 3000);
  assert.equal(waiting.size, 0);
});

test('advanceTo calls what is due, also what was scheduled meanwhile, and stops there', () => {
  const clock = new VirtualClock();
  const called: number[] = [];
  const every = (): void => {
    called.push(clock.now);
    clock.at(clock.now + 10, every);
  };
  clock.at(5, every);
  clock.advanceTo(30);
  assert.deepEqual(called, [5, 15, 25]);
  assert.equal(clock.now, 30);
  clock.advanceTo(20);
  assert.equal(clock.now, 30);
  clock.at(1, () => called.push(-1));
  assert.equal(clock.nextAt, 30);
});

test('within one instant arrivals come before timers and afterReads behind both', () => {
  const clock = new VirtualClock();
  const called: string[] = [];
  clock.at(1, () => called.push('after'), 2);
  clock.at(1, () => called.push('timer'), 1);
  clock.at(1, () => called.push('arrival'), 0);
  clock.advanceTo(1);
  assert.deepEqual(called, ['arrival', 'timer', 'after']);
});
