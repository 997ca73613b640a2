import { Scope } from './conformance/harness.ts';
import { afterReadsCases, systemCases } from './conformance/system.ts';
import { clockCases, timerCases } from './conformance/time.ts';
import { udpCases } from './conformance/udp.ts';
import type { Runtime } from './runtime.ts';

/** One thing that every runtime must do. `run` rejects, or throws, with an explanation when it does not. */
export interface RuntimeConformanceCase {
  readonly name: string;
  run(runtime: Runtime): Promise<void>;
}

/**
 * What every runtime must do, as cases for any test runner. They use loopback addresses only and take about two seconds
 * of the runtime's time.
 *
 * @example
 * for (const { name, run } of runtimeConformance()) test(name, () => run(myRuntime()));
 */
export function runtimeConformance(): readonly RuntimeConformanceCase[] {
  return [...clockCases, ...timerCases, ...udpCases, ...afterReadsCases, ...systemCases].map(({ name, run }) => ({
    name,
    async run(runtime) {
      const scope = new Scope(runtime);
      try {
        await run(scope);
      } finally {
        await scope.end();
      }
    },
  }));
}
