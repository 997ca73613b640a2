import { ensure, fail, QUIET_MS, type ScopedCase } from './harness.ts';

/** Two readings of a clock with fractions may differ by what a double cannot hold. */
const ROUNDING_MS = 1e-6;

/** Clocks. */
export const clockCases: readonly ScopedCase[] = [
  {
    name: 'the clock never goes back, and moves while a timer runs',
    async run(scope) {
      const { runtime } = scope;
      const start = runtime.now();
      let last = start;
      for (let round = 0; round < 10; round++) {
        for (let i = 0; i < 1000; i++) {
          const now = runtime.now();
          ensure(now >= last, `the clock went from ${last} to ${now}`);
          last = now;
        }
        await scope.sleep(1);
      }
      ensure(last - start >= 8, `ten timers of 1 ms took ${last - start} ms`);
    },
  },
  {
    name: 'the clock has fractions of a millisecond',
    async run(scope) {
      await scope.sleep(0.25);
      for (let i = 0; i < 20; i++) {
        if (!Number.isInteger(scope.runtime.now())) return;
        await scope.sleep(0.3);
      }
      fail('twenty readings were whole milliseconds');
    },
  },
  {
    name: 'the wall clock counts milliseconds since the Unix epoch',
    async run({ runtime }) {
      const now = runtime.unixNow();
      ensure(now > Date.UTC(2020, 0) && now < Date.UTC(2200, 0), `unixNow() is ${now}`);
    },
  },
];

/** Timers. */
export const timerCases: readonly ScopedCase[] = [
  {
    name: 'a timer is never early and fires once',
    async run(scope) {
      const { runtime } = scope;
      const wanted = [0, 0.5, 1, 1.7, 3, 7.3, 20, ...Array.from({ length: 30 }, (_, i) => 1 + (i % 5) * 0.4)];
      let fired = 0;
      const early: string[] = [];
      for (const delay of wanted) {
        const start = runtime.now();
        runtime.setTimer(delay, () => {
          fired++;
          const took = runtime.now() - start;
          if (took < delay - ROUNDING_MS) early.push(`${delay} ms took ${took} ms`);
        });
        if (delay < 1.5) await scope.sleep(0.7);
      }
      await scope.until('all timers', () => fired >= wanted.length);
      await scope.sleep(QUIET_MS);
      ensure(early.length === 0, `early: ${early.join(', ')}`);
      ensure(fired === wanted.length, `${wanted.length} timers fired ${fired} times`);
    },
  },
  {
    name: 'a timer never calls back from inside setTimer, whatever its delay',
    async run(scope) {
      let fired = 0;
      let inside = true;
      let wasInside = false;
      for (const delay of [0, -1, -Infinity, Number.NaN]) {
        scope.runtime.setTimer(delay, () => {
          fired++;
          wasInside ||= inside;
        });
      }
      inside = false;
      ensure(!wasInside, 'a callback came from inside setTimer');
      await scope.until('timers without a delay', () => fired === 4);
    },
  },
  {
    name: 'a cancelled timer does not fire, and cancelling again or too late is harmless',
    async run(scope) {
      let fired = 0;
      const early = scope.runtime.setTimer(5, () => fired++);
      const late = scope.runtime.setTimer(1, () => {});
      early.cancel();
      early.cancel();
      await scope.sleep(QUIET_MS);
      late.cancel();
      late.cancel();
      ensure(fired === 0, 'it fired');
    },
  },
  {
    name: 'a timer can be cancelled by another one of the same instant',
    async run(scope) {
      let fired = 0;
      const handles = [1, 2].map((_, i, all) =>
        scope.runtime.setTimer(2, () => {
          fired++;
          for (const other of all.keys()) if (other !== i) handles[other]?.cancel();
        }),
      );
      await scope.sleep(QUIET_MS);
      ensure(fired === 1, `${fired} fired`);
    },
  },
  {
    name: 'a delay beyond 2^31-1 ms does not fire at once (A-JS-06)',
    async run(scope) {
      let fired = 0;
      const handles = [2 ** 31, 2 ** 32 + 5, 2 ** 53, Infinity].map((delay) => scope.runtime.setTimer(delay, () => fired++, false));
      await scope.sleep(QUIET_MS);
      for (const handle of handles) handle.cancel();
      ensure(fired === 0, `${fired} fired`);
    },
  },
  {
    name: 'timers fire in the order of their deadlines',
    async run(scope) {
      const order: number[] = [];
      for (const delay of [40, 5, 60, 20]) scope.runtime.setTimer(delay, () => order.push(delay));
      await scope.until('four timers', () => order.length === 4);
      ensure(order.join() === '5,20,40,60', order.join());
    },
  },
];
